import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { sql } from 'kysely'
import { Migrator } from 'kysely/migration'
import type { Migration, MigrationProvider } from 'kysely/migration'
import { Client } from 'pg'
import { delay } from '../base/clock.ts'
import { AppError, messageOf } from '../base/error.ts'
import { createDatabase } from './pool.ts'
import { isConnectionError } from './transaction.ts'

const MIGRATION_LOCK = 4_711_002
const LOCK_LIMIT_MS = 300_000
const OLDEST_SERVER = 150_000
const FOLDER = path.join(import.meta.dirname, 'migrations')

/**
 * Runs `body` while no other process migrates the same database. Polled: a blocking advisory lock would hold a snapshot
 * that the engine's CREATE INDEX CONCURRENTLY waits for, for ever.
 * @throws AppError `input_invalid`, `database_missing`, `unsupported` for a server older than 15, `unavailable` after five minutes.
 */
export async function withMigrationLock<T>(url: string, body: () => Promise<T>): Promise<T> {
  // the engine wants a host in it, also where `?host=` names a socket folder
  if (!URL.canParse(url) || new URL(url).hostname === '') {
    throw new AppError('input_invalid', 'the address of the database is no URL that erlmcp can read', {
      action:
        'Write DATABASE_URL as postgres://user:password@host:5432/name; a socket folder as ?host=/folder.',
    })
  }
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
  } catch (error) {
    await client.end().catch(() => undefined)
    throw missingFault(url, error)
  }
  try {
    await checkServer(client)
    await acquire(client)
    return await body()
  } finally {
    // ends the session, and with it the lock
    await client.end().catch(() => undefined)
  }
}

async function acquire(client: Client): Promise<void> {
  const limit = performance.now() + LOCK_LIMIT_MS
  for (;;) {
    const { rows } = await client.query<{ ok: boolean }>('select pg_try_advisory_lock($1) as ok', [
      MIGRATION_LOCK,
    ])
    if (rows[0]?.ok === true) return
    if (performance.now() > limit) {
      throw new AppError('unavailable', 'another process has been migrating the database for five minutes', {
        action: 'See what it does (pg_stat_activity), end it if it hangs, and start again.',
        retryable: true,
      })
    }
    await delay(200)
  }
}

async function checkServer(client: Client): Promise<void> {
  const { rows } = await client.query<{ number: number; name: string }>(
    `select current_setting('server_version_num')::int as number, current_setting('server_version') as name`,
  )
  const [version] = rows
  if (version === undefined || version.number >= OLDEST_SERVER) return
  throw new AppError('unsupported', `the server is PostgreSQL ${version.name}; erlmcp needs 15 or newer`, {
    action: 'Upgrade it, or set DATABASE_URL to a newer one.',
    data: { version: version.name },
  })
}

function missingFault(url: string, cause: unknown): AppError {
  const { username, host, pathname } = new URL(url)
  const where = `${username === '' ? '' : `${username}@`}${host}${pathname}`
  return new AppError('database_missing', `PostgreSQL at ${where} cannot be reached: ${messageOf(cause)}`, {
    action: 'Check that it runs and that DATABASE_URL names it, its user and its database.',
    retryable: isConnectionError(cause),
    data: { where },
    cause,
  })
}

/**
 * Brings the schema to this version, forward only.
 * @param only just these migrations, for a database that a backup of an older version is loaded into
 * @throws AppError `data_newer` when the database knows migrations that this version does not.
 */
export async function migrate(url: string, only?: readonly string[]): Promise<void> {
  const database = createDatabase({ url, name: 'migrate', poolSize: 2 })
  try {
    const provider = new SqlFiles()
    const known = Object.keys(await provider.getMigrations())
    const applied = only ?? (await appliedMigrations(database.kysely))
    const unknown = applied.filter((name) => !known.includes(name))
    if (unknown.length > 0) {
      throw new AppError(
        'data_newer',
        `the database was migrated by a newer erlmcp (${unknown.join(', ')})`,
        {
          action: 'Start that version or a newer one, or restore a backup made by this version.',
          data: { unknown },
        },
      )
    }
    const { error } = await new Migrator({
      db: database.kysely,
      provider: only === undefined ? provider : { getMigrations: () => provider.getMigrations(only) },
      allowUnorderedMigrations: true,
    }).migrateToLatest()
    if (error !== undefined) {
      throw new AppError('internal', `the schema could not be migrated: ${messageOf(error)}`, {
        action: 'Look at the log; the database was left as it was.',
        cause: error,
      })
    }
  } finally {
    await database.close()
  }
}

async function appliedMigrations(kysely: ReturnType<typeof createDatabase>['kysely']): Promise<string[]> {
  const { rows } = await sql<{ present: boolean }>`
    select to_regclass('public.kysely_migration') is not null as present`.execute(kysely)
  if (rows[0]?.present !== true) return []
  const applied = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(kysely)
  return applied.rows.map((row) => row.name)
}

/** `migrations/NNNN_name.sql`, in order. */
class SqlFiles implements MigrationProvider {
  async getMigrations(only?: readonly string[]): Promise<Record<string, Migration>> {
    const files = (await readdir(FOLDER))
      .filter((file) => file.endsWith('.sql') && only?.includes(file.replace(/\.sql$/, '')) !== false)
      .toSorted()
    const entries = await Promise.all(
      files.map(async (file): Promise<[string, Migration]> => {
        const text = await readFile(path.join(FOLDER, file), 'utf8')
        return [
          file.replace(/\.sql$/, ''),
          { up: async (kysely) => void (await sql.raw(text).execute(kysely)) },
        ]
      }),
    )
    return Object.fromEntries(entries)
  }
}
