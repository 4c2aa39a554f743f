create table webhook_delivery (
  id text primary key,
  source text not null,
  received_at timestamptz not null,
  body_digest text not null,
  body jsonb not null,
  alerts integer not null,
  truncated_alerts integer not null default 0
);

create table incident (
  id text primary key,
  number bigint generated always as identity unique,
  source text not null,
  group_key text not null,
  service text,
  title text not null,
  severity text not null check (severity in ('P1','P2','P3','P4')),
  state text not null check (state in ('open','acknowledged','mitigating','monitoring','resolved','closed')),
  version integer not null default 1,
  alert_name text,
  labels jsonb not null default '{}',
  annotations jsonb not null default '{}',
  procedure_path text,
  procedure_id text,
  opened_at timestamptz not null,
  acknowledged_at timestamptz,
  acknowledged_by text,
  mitigated_at timestamptz,
  resolved_at timestamptz,
  closed_at timestamptz,
  closing_reason text
);
-- one open incident for one group: the second declaration of the same group loses on this index
create unique index incident_open_group on incident (source, group_key) where state not in ('resolved','closed');
create index incident_by_time on incident (opened_at desc, id);

-- an episode is (source, fingerprint, starts_at): a re-fire has a new starts_at
create table alert (
  source text not null,
  fingerprint text not null,
  starts_at timestamptz not null,
  status text not null check (status in ('firing','resolved')),
  ends_at timestamptz,
  name text not null,
  labels jsonb not null,
  annotations jsonb not null,
  generator_url text,
  group_key text not null,
  incident_id text references incident (id),
  first_seen_at timestamptz not null,
  last_seen_at timestamptz not null,
  seen_count integer not null default 1,
  primary key (source, fingerprint, starts_at)
);
create index alert_by_incident on alert (incident_id, status);

create table timeline_entry (
  id bigint generated always as identity primary key,
  incident_id text not null references incident (id),
  at timestamptz not null,
  kind text not null,
  actor text not null,
  message text not null,
  data jsonb not null default '{}',
  -- set where a retried writer has to be a no-op
  dedup_key text,
  unique (incident_id, dedup_key)
);
create index timeline_by_incident on timeline_entry (incident_id, id);

create table runbook_revision (
  content_hash text primary key,
  path text not null,
  commit_id text,
  content bytea not null,
  stored_at timestamptz not null
);

create table run (
  id text primary key,
  incident_id text not null references incident (id),
  page_path text not null,
  page_hash text not null references runbook_revision (content_hash),
  page_commit text,
  procedure_id text not null,
  plan jsonb not null,
  state text not null check (state in
    ('diagnosing','awaiting-decision','executing','verifying','awaiting-person','succeeded','failed','cancelled')),
  version integer not null default 1,
  inputs jsonb not null default '{}',
  shell_state text,
  started_at timestamptz not null,
  ended_at timestamptz,
  reason text
);
create index run_by_incident on run (incident_id, started_at);

-- one command of one run. The row is the intent; `ended_at` and `outcome` are the result.
create table execution (
  id text primary key,
  run_id text not null references run (id),
  step_id text not null,
  attempt integer not null,
  command_index integer not null,
  command text not null,
  command_hash text not null,
  risk text not null check (risk in ('read','change','destructive')),
  identity text not null check (identity in ('observer','operator')),
  state text not null check (state in ('running','done','failed','unknown','skipped')),
  approval_id text,
  host text,
  process_id integer,
  process_started text,
  started_at timestamptz not null,
  ended_at timestamptz,
  exit_code integer,
  signal text,
  reason text,
  output_bytes bigint not null default 0,
  output_truncated boolean not null default false,
  summary text,
  unique (run_id, step_id, attempt, command_index)
);
create index execution_by_run on execution (run_id, started_at);

create table output_chunk (
  execution_id text not null references execution (id),
  sequence integer not null,
  stream text not null check (stream in ('stdout','stderr')),
  at timestamptz not null,
  content bytea not null,
  primary key (execution_id, sequence)
);

create table approval (
  id text primary key,
  run_id text not null references run (id),
  alternative_id text not null,
  step_id text not null,
  command_index integer not null,
  command text not null,
  -- hash over command, inputs, identity, target
  command_hash text not null,
  risk text not null,
  state text not null check (state in ('approved','consumed','rejected','expired','revoked')),
  requested_by text not null,
  decided_by text not null,
  decided_at timestamptz not null,
  expires_at timestamptz not null,
  consumed_at timestamptz,
  execution_id text,
  reason text,
  attempt integer not null,
  unique (run_id, attempt, step_id, command_index)
);

-- what a person is asked; answering twice is a no-op
create table decision (
  id text primary key,
  run_id text not null references run (id),
  attempt integer not null,
  kind text not null check (kind in ('choose','unknown-outcome','manual')),
  question jsonb not null,
  state text not null check (state in ('pending','answered','expired','cancelled')),
  asked_at timestamptz not null,
  expires_at timestamptz not null,
  answer jsonb,
  answered_by text,
  answered_at timestamptz,
  unique (run_id, attempt, kind)
);

create table verification (
  id text primary key,
  run_id text not null references run (id),
  attempt integer not null,
  condition jsonb not null,
  verdict text check (verdict in ('passed','failed','unknown')),
  started_at timestamptz not null,
  ended_at timestamptz,
  samples jsonb not null default '[]',
  reason text,
  unique (run_id, attempt)
);

create table message (
  id text primary key,
  incident_id text not null references incident (id),
  kind text not null,
  channel text not null,
  target text,
  body text not null,
  state text not null check (state in ('pending','sent','failed')),
  attempts integer not null default 0,
  created_at timestamptz not null,
  next_attempt_at timestamptz not null,
  sent_at timestamptz,
  error text,
  dedup_key text not null unique
);
create index message_pending on message (next_attempt_at) where state = 'pending';

create table review (
  incident_id text primary key references incident (id),
  markdown text not null,
  facts jsonb not null,
  written_at timestamptz not null,
  path text
);

create table api_token (
  id text primary key,
  name text not null unique,
  role text not null,
  token_hash text not null unique,
  created_at timestamptz not null,
  expires_at timestamptz,
  revoked_at timestamptz
);

create table audit_entry (
  seq bigint primary key,
  at timestamptz not null,
  actor text not null,
  role text not null,
  operation text not null,
  subject text not null,
  outcome text not null check (outcome in ('done','refused','failed')),
  data jsonb not null,
  previous_hash text not null,
  hash text not null unique
);
-- append-only: also against a mistake of our own
create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'audit rows are append-only';
end $$;
create trigger audit_no_change before update or delete on audit_entry for each row execute function refuse_change();
create trigger audit_no_truncate before truncate on audit_entry for each statement execute function refuse_change();
