import { Client } from 'pg'
import { withMigrationLock } from './migrate.ts'

export const APP_ROLE = 'erlmcp_app'

/** Insufficient privilege, and what managed services say instead. */
const MAY_NOT = /^(42501|0A000)$/

/**
 * A database role that may do everything that erlmcp does and cannot change, remove or truncate a row of the audit, nor
 * switch its triggers off: it owns nothing. The application's connections take it.
 * @returns its name, or `null` where the user of the database may not make roles; the triggers are then the only wall.
 */
export async function limitAppRole(url: string): Promise<string | null> {
  return withMigrationLock(url, async () => {
    const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
    client.on('error', () => undefined)
    await client.connect()
    try {
      await client.query('begin')
      for (const statement of STATEMENTS) await client.query(statement)
      await client.query('commit')
      return APP_ROLE
    } catch (error) {
      await client.query('rollback').catch(() => undefined)
      if (MAY_NOT.test(String((error as { code?: unknown }).code))) return null
      throw error
    } finally {
      await client.end().catch(() => undefined)
    }
  })
}

const SCHEMAS = ['public', 'dbos'] as const

const STATEMENTS = [
  // roles belong to the server, not to the database: another database's erlmcp may have made it, or be making it
  `do $$ begin
    if not exists (select from pg_roles where rolname = '${APP_ROLE}') then create role ${APP_ROLE} nologin; end if;
  exception when duplicate_object or unique_violation then null; end $$`,
  `do $$ begin
    if not pg_has_role(current_user, '${APP_ROLE}', 'member') then execute format('grant ${APP_ROLE} to %I', current_user); end if;
  exception when unique_violation then null; end $$`,
  ...SCHEMAS.flatMap((schema) => [
    `grant usage on schema ${schema} to ${APP_ROLE}`,
    `grant select, insert, update, delete on all tables in schema ${schema} to ${APP_ROLE}`,
    `grant usage, select, update on all sequences in schema ${schema} to ${APP_ROLE}`,
    `alter default privileges in schema ${schema} grant select, insert, update, delete on tables to ${APP_ROLE}`,
    `alter default privileges in schema ${schema} grant usage, select, update on sequences to ${APP_ROLE}`,
  ]),
  `revoke update, delete, truncate on public.audit_entry from ${APP_ROLE}`,
] as const
