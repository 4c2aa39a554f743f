-- the public status page: only what a person released stands in these
create table status_entry (
  id text primary key,
  kind text not null check (kind in ('incident','maintenance')),
  title text not null,
  incident_id text references incident (id),
  -- of a maintenance: when it is
  from_at timestamptz,
  to_at timestamptz,
  opened_at timestamptz not null,
  closed_at timestamptz
);
-- one open entry for one incident, whoever is first
create unique index status_entry_of_incident on status_entry (incident_id) where closed_at is null;
create index status_entry_by_time on status_entry (opened_at);

create table status_post (
  id bigint generated always as identity primary key,
  entry_id text not null references status_entry (id),
  state text not null,
  text text not null,
  -- {"Checkout": "degraded"}
  components jsonb not null default '{}',
  at timestamptz not null,
  by text not null
);
create index status_post_by_entry on status_post (entry_id, id);
