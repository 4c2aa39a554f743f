-- what rehearsals showed, each for one exact text of a page
create table rehearsal_proof (
  id text primary key,
  scenario text not null,
  target text not null,
  page_path text not null,
  procedure_id text not null,
  content_hash text not null,
  commit_id text,
  started_at timestamptz not null,
  speed double precision not null,
  passed boolean not null,
  reason text not null,
  incident text,
  severity text,
  response_time_seconds double precision,
  seconds_to_detect double precision,
  seconds_to_acknowledge double precision,
  seconds_to_mitigate double precision,
  seconds_to_resolve double precision,
  commands jsonb not null default '[]',
  recorded_at timestamptz not null,
  recorded_by text not null
);

create index rehearsal_proof_newest on rehearsal_proof (scenario, target, page_path, procedure_id, content_hash, started_at desc);
create index rehearsal_proof_started on rehearsal_proof (started_at desc);
