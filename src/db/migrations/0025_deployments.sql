-- what was rolled out, as whoever rolled it out says: shown beside the signal of the service
create table deployment (
  id text primary key,
  service text not null,
  version text not null,
  note text,
  at timestamptz not null,
  told_at timestamptz not null,
  told_by text not null,
  unique (service, version, at)
);
create index deployment_by_service on deployment (service, at desc);
create function note_deployment() returns trigger language plpgsql as $$
begin
  perform note_change('signal', '', '', new.service, 0);
  return null;
end $$;
create trigger deployment_told after insert on deployment for each row execute function note_deployment();
