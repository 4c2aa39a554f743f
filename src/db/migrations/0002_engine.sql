-- a claim is committed before an effect, its outcome after; a claim without outcome is an unknown outcome
create table step_attempt (
  workflow_id text not null,
  step_number integer not null,
  name text not null,
  executor text not null,
  nonce text not null,
  started_at timestamptz not null default clock_timestamp(),
  finished_at timestamptz,
  outcome jsonb,
  primary key (workflow_id, step_number)
);

-- result of a transactional step, in the commit of its business rows
create table step_result (
  workflow_id text not null,
  step_number integer not null,
  result jsonb,
  at timestamptz not null default clock_timestamp(),
  primary key (workflow_id, step_number)
);

create table executor (
  id text primary key,
  host text not null,
  started_at timestamptz not null default clock_timestamp(),
  heartbeat_at timestamptz not null
);
