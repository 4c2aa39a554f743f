-- What was backed up, where it lies, and whether it has been restored.
create table backup (
  id text primary key,
  target text not null,
  state text not null check (state in ('running', 'stored', 'failed', 'pruned')),
  -- why it was made: asked, schedule, safety
  cause text not null,
  requested_by text not null,
  store text not null,
  key text,
  manifest jsonb,
  started_at timestamptz not null,
  finished_at timestamptz,
  failure jsonb,
  -- the last restore into a scratch database
  verified_at timestamptz,
  verification jsonb,
  verify_failure jsonb,
  pruned_at timestamptz
);
create index backup_of_target on backup (target, started_at desc);

-- A time of a schedule that has come; the row is written once, whichever replica saw it first.
create table backup_due (
  target text not null,
  due_at timestamptz not null,
  backup_id text not null,
  primary key (target, due_at)
);

-- A restore: asked for, approved by leads, run as a durable workflow, its old database kept until released.
create table restore (
  id text primary key,
  target text not null,
  backup_id text not null references backup (id),
  safety_id text references backup (id),
  state text not null check (state in ('awaiting-approval', 'rejected', 'running', 'failed', 'unhealthy', 'done',
    'reverting', 'reverted', 'released')),
  -- what is approved: exactly this, by its hash
  plan jsonb not null,
  plan_hash text not null,
  requested_by text not null,
  reason text not null,
  requested_at timestamptz not null,
  ended_at timestamptz,
  -- replicas and identities of the databases before anything was changed
  facts jsonb,
  failure jsonb
);
-- one at a time for a target
create unique index restore_under_way on restore (target)
  where state in ('awaiting-approval', 'running', 'unhealthy', 'reverting');

create table restore_approval (
  restore_id text not null references restore (id),
  decided_by text not null,
  decided_at timestamptz not null,
  plan_hash text not null,
  primary key (restore_id, decided_by)
);

create table restore_step (
  restore_id text not null references restore (id),
  name text not null,
  began_at timestamptz not null,
  ended_at timestamptz,
  failure jsonb,
  primary key (restore_id, name)
);
