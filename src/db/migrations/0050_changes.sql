-- What changed, for viewers that watch: one row for a thing and a transaction, kept some minutes. It says that something
-- changed, never what it is now. `xid` makes reading exact: whatever a snapshot did not see, the next one does.
create table change (
  id bigint generated always as identity primary key,
  xid xid8 not null default pg_current_xact_id(),
  at timestamptz not null default clock_timestamp(),
  topic text not null check (topic in ('incident','run','output','signal')),
  incident_id text not null default '',
  run_id text not null default '',
  -- the execution of output, the service of a signal
  subject text not null default '',
  -- sequence of the last chunk of output
  sequence integer not null default 0
);
create index change_by_xid on change (xid);
create index change_by_time on change (at);

create function note_change(new_topic text, new_incident text, new_run text, new_subject text, new_sequence integer)
returns void language plpgsql as $$
begin
  update change set sequence = greatest(sequence, new_sequence)
    where xid = pg_current_xact_id() and topic = new_topic and incident_id = new_incident
      and run_id = new_run and subject = new_subject;
  if found then return; end if;
  insert into change (topic, incident_id, run_id, subject, sequence)
    values (new_topic, new_incident, new_run, new_subject, new_sequence);
  -- the same text in one transaction is sent once
  perform pg_notify('erlmcp_change', '');
end $$;

create function note_incident() returns trigger language plpgsql as $$
begin
  perform note_change('incident', new.id, '', '', 0);
  return null;
end $$;
create trigger incident_changed after insert or update on incident for each row execute function note_incident();

create function note_of_incident() returns trigger language plpgsql as $$
begin
  perform note_change('incident', coalesce(new.incident_id, ''), '', '', 0);
  return null;
end $$;
create trigger timeline_changed after insert on timeline_entry for each row execute function note_of_incident();
create trigger message_changed after insert or update on message for each row execute function note_of_incident();
create trigger review_changed after insert or update on review for each row execute function note_of_incident();

create function note_run() returns trigger language plpgsql as $$
begin
  perform note_change('run', new.incident_id, new.id, '', 0);
  return null;
end $$;
create trigger run_changed after insert or update on run for each row execute function note_run();

create function note_of_run() returns trigger language plpgsql as $$
begin
  perform note_change('run', coalesce((select incident_id from run where id = new.run_id), ''), new.run_id, '', 0);
  return null;
end $$;
create trigger execution_changed after insert or update on execution for each row execute function note_of_run();
create trigger decision_changed after insert or update on decision for each row execute function note_of_run();
create trigger approval_changed after insert or update on approval for each row execute function note_of_run();
create trigger verification_changed after insert or update on verification for each row execute function note_of_run();

create function note_output() returns trigger language plpgsql as $$
declare chunk record;
begin
  for chunk in
    select added.execution_id, max(added.sequence) as sequence, execution.run_id, run.incident_id
    from added join execution on execution.id = added.execution_id join run on run.id = execution.run_id
    group by added.execution_id, execution.run_id, run.incident_id
  loop
    perform note_change('output', chunk.incident_id, chunk.run_id, chunk.execution_id, chunk.sequence);
  end loop;
  return null;
end $$;
create trigger output_added after insert on output_chunk
  referencing new table as added for each statement execute function note_output();
