-- A rollout that the guard watches: one row for each revision of a Deployment that it has seen begin.
create table guarded_rollout (
  id text primary key,
  service text,
  context text,
  namespace text not null,
  workload text not null,
  uid text not null,
  revision integer not null,
  -- Revision to return to.
  previous integer,
  state text not null,
  seen_at timestamptz not null,
  failing_since timestamptz,
  ended_at timestamptz,
  reason text,
  change_id text,
  incident_id text,
  unique (uid, revision)
);
create index guarded_rollout_open on guarded_rollout (id) where ended_at is null;
