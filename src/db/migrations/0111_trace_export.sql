-- The traces of incidents that were sent to a collector, or are to be. An incident that opens again is sent again.
create table trace_export (
  incident_id text not null references incident (id),
  resolved_at timestamptz not null,
  attempts int not null default 0,
  next_attempt_at timestamptz not null,
  claimed_at timestamptz,
  sent_at timestamptz,
  error text,
  primary key (incident_id, resolved_at)
);
create index trace_export_open on trace_export (next_attempt_at) where sent_at is null;
create index incident_resolved_at on incident (resolved_at) where resolved_at is not null;
