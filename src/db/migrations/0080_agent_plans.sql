-- A plan that somebody was shown, and may start once: exactly what they saw, for a short time.
create table run_plan (
  hash text not null,
  actor text not null,
  page_path text not null,
  page_hash text not null,
  procedure_id text not null,
  service text,
  labels jsonb not null,
  annotations jsonb not null,
  title text not null,
  severity text not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  incident_id text,
  primary key (hash, actor)
);
create index run_plan_expires on run_plan (expires_at);
