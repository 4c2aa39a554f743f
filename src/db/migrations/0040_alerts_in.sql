-- the body as received, compressed; repeats that bring nothing new keep their digest alone
alter table webhook_delivery alter column body drop not null;
alter table webhook_delivery add column body_packed bytea;
create index webhook_delivery_by_time on webhook_delivery (received_at);

-- a source that says how long its word holds (Prometheus itself) and then falls silent: the episode ends there
alter table alert add column expires_at timestamptz;
-- why a firing episode has no incident: `maintenance: …`, `silenced: …`
alter table alert add column held_by text;
create index alert_held on alert (source, group_key) where status = 'firing' and incident_id is null;
create index alert_expiring on alert (expires_at) where status = 'firing' and expires_at is not null;

-- a resolved incident is watched until then: it can open again, because its response still listens
alter table incident add column watched_until timestamptz;
-- the open incident of the same service and severity whose page stands for this one as well
alter table incident add column page_leader_id text references incident (id);
create index incident_watched on incident (source, group_key) where watched_until is not null;
create index incident_open_service on incident (service, severity, opened_at)
  where state not in ('resolved', 'closed');

-- groups of which the source left alerts out: asked for over its API until it has none of them left
create table alert_truncation (
  source text not null,
  group_key text not null,
  group_labels jsonb not null,
  left_out integer not null,
  next_check_at timestamptz not null,
  primary key (source, group_key)
);

-- dead-man's switches: the alert that must never stop coming
create table watchdog (
  source text not null,
  name text not null,
  last_seen_at timestamptz not null,
  -- since when an incident says that it is missing
  missing_since timestamptz,
  primary key (source, name)
);
