-- what people add to an incident: pictures and text, as they were given
create table attachment (
  id text primary key,
  incident_id text not null references incident (id),
  name text not null,
  -- found from the content, never taken from whoever sent it
  type text not null check (type in ('image/png','image/jpeg','image/gif','image/webp','text/plain')),
  bytes integer not null,
  content bytea not null,
  content_hash text not null,
  added_at timestamptz not null,
  added_by text not null,
  unique (incident_id, content_hash)
);
create trigger attachment_added after insert on attachment for each row execute function note_of_incident();
