-- a message from a page's template that waits for a person: facts are missing, or it is to be read before it goes out
create table message_draft (
  id text primary key,
  incident_id text not null references incident (id),
  kind text not null,
  -- asked: it went out without what nobody knew, and what is missing is asked for; held: nothing went out yet
  state text not null check (state in ('asked','held','sent','discarded')),
  template jsonb not null,
  facts jsonb not null,
  missing jsonb not null,
  channel text not null,
  target text,
  fallbacks jsonb not null default '[]',
  -- of the message that it becomes a newer version of
  update_key text not null,
  dedup_key text not null unique,
  version integer not null default 1,
  created_at timestamptz not null,
  decided_at timestamptz,
  decided_by text,
  reason text
);
create index message_draft_by_incident on message_draft (incident_id, created_at);
create index message_draft_waiting on message_draft (kind) where state in ('asked','held');

-- what people said of an incident, for every message after it: its root cause, its impact
create table incident_fact (
  incident_id text not null references incident (id),
  name text not null,
  value text not null,
  by text not null,
  at timestamptz not null,
  primary key (incident_id, name)
);
