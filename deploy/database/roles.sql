-- The two ways into a database that pages look at: once, as its owner, with psql -v ON_ERROR_STOP=1.
-- Passwords are set apart from this (\password), or not at all where the cluster knows its clients by certificate.

-- Reads, in read-only transactions, with an end. The two settings are defaults that a session could change: what holds
-- is that the role was granted nothing but reading.
CREATE ROLE erlmcp_observer LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE CONNECTION LIMIT 10;
ALTER ROLE erlmcp_observer SET default_transaction_read_only = on;
ALTER ROLE erlmcp_observer SET statement_timeout = '15s';
ALTER ROLE erlmcp_observer SET lock_timeout = '2s';
ALTER ROLE erlmcp_observer SET idle_in_transaction_session_timeout = '30s';
-- every database lets everybody connect and make temporary tables unless it is told not to
DO $$ BEGIN
  EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO erlmcp_observer', current_database());
END $$;
-- No tables: erlmcp's own hold sessions and people. For a service whose pages read its tables, name them:
--   GRANT USAGE ON SCHEMA public TO erlmcp_observer;
--   GRANT SELECT ON orders, deliveries TO erlmcp_observer;
-- pg_stat_activity and its kind with the statements of others
GRANT pg_monitor TO erlmcp_observer;

-- What approved steps do: end sessions that hold connections or locks. No data.
CREATE ROLE erlmcp_operator LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE CONNECTION LIMIT 5;
ALTER ROLE erlmcp_operator SET statement_timeout = '60s';
ALTER ROLE erlmcp_operator SET lock_timeout = '5s';
DO $$ BEGIN
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO erlmcp_operator', current_database());
END $$;
GRANT pg_monitor TO erlmcp_operator;
GRANT pg_signal_backend TO erlmcp_operator;
