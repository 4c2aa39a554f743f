-- A service's signal over time, as erlmcp measures it: what the chart of an incident shows. Some days are kept.
create table signal_sample (
  service text not null,
  signal text not null,
  at timestamptz not null,
  -- null: measured, but there was no value; the reason stands beside it
  value double precision,
  error text,
  primary key (service, signal, at)
);

create function note_sample() returns trigger language plpgsql as $$
begin
  perform note_change('signal', '', '', new.service, 0);
  return null;
end $$;
create trigger sample_added after insert on signal_sample for each row execute function note_sample();

-- A person's tick on a manual step or a checklist item of a run; the newest row of an item counts.
create table run_tick (
  id bigint generated always as identity primary key,
  run_id text not null references run (id),
  step_id text not null,
  -- its place in the checklist; -1: the step itself
  item integer not null,
  done boolean not null,
  by text not null,
  at timestamptz not null
);
create index run_tick_by_run on run_tick (run_id, id);
create trigger tick_changed after insert on run_tick for each row execute function note_of_run();
