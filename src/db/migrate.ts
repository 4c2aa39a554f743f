import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { sql } from 'kysely'
import { Migrator } from 'kysely/migration'
import type { Migration, MigrationProvider } from 'kysely/migration'
import { Client } from 'pg'
import { delay } from '../base/clock.ts'
import { AppError, messageOf } from '../base/error.ts'
import { createDatabase } from './pool.ts'

const MIGRATION_LOCK = 4_711_002
const FOLDER = path.join(import.meta.dirname, 'migrations')

/**
 * Runs `body` while no other process migrates the same database. Polled: a blocking advisory lock would hold a snapshot
 * that the engine's CREATE INDEX CONCURRENTLY waits for, for ever.
 */
export async function withMigrationLock<T>(url: string, body: () => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
  client.on('error', () => undefined)
  await client.connect()
  try {
    for (;;) {
      const { rows } = await client.query<{ ok: boolean }>('select pg_try_advisory_lock($1) as ok', [
        MIGRATION_LOCK,
      ])
      if (rows[0]?.ok === true) break
      await delay(200)
    }
    return await body()
  } finally {
    await client.end().catch(() => undefined)
  }
}

/**
 * Brings the schema to this version, forward only.
 * @throws AppError `data_newer` when the database knows migrations that this version does not.
 */
export async function migrate(url: string): Promise<void> {
  const database = createDatabase({ url, name: 'migrate', poolSize: 2 })
  try {
    const provider = new SqlFiles()
    const known = Object.keys(await provider.getMigrations())
    const applied = await appliedMigrations(database.kysely)
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
    const { error } = await new Migrator({ db: database.kysely, provider }).migrateToLatest()
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
  async getMigrations(): Promise<Record<string, Migration>> {
    const files = (await readdir(FOLDER)).filter((file) => file.endsWith('.sql')).toSorted()
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
