-- How each process that serves this database is doing, as it says itself; a row is as old as its last word.
create table replica_vitals (
  executor_id text primary key,
  host text not null,
  version text not null,
  at timestamptz not null,
  vitals jsonb not null
);

-- The application's role sees nobody's statements; this shows those of this database, and no other.
create function database_connections() returns table (
  pid int, pool text, state text, seconds float8, in_transaction float8, waits_for text, blocked_by int[], query text
) language sql security definer set search_path = pg_catalog, pg_temp as $$
  select pid, application_name, state,
    extract(epoch from clock_timestamp() - coalesce(state_change, backend_start))::float8,
    extract(epoch from clock_timestamp() - xact_start)::float8,
    case when state = 'active' and wait_event is not null then wait_event_type || ':' || wait_event end,
    pg_blocking_pids(pid), coalesce(left(query, 2000), '')
  from pg_stat_activity
  where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
  order by xact_start nulls last, state_change
  limit 200
$$;
