import { AppError, messageOf } from '../base/error.ts'
import { createPool } from '../db/index.ts'
import type { PoolClient } from '../db/index.ts'

/** One connection to a database that is backed up, or restored into. */
export type Session = PoolClient

/**
 * Runs `body` on a connection of its own.
 * @throws AppError `database_missing` where it cannot be reached, `forbidden` where the user lacks a right.
 */
export async function withSession<T>(url: string, body: (session: Session) => Promise<T>): Promise<T> {
  const pool = createPool({ url, name: 'backup', poolSize: 1 })
  try {
    const session = await pool.connect().catch((error: unknown) => {
      throw new AppError('database_missing', `${nameOf(url)} cannot be reached: ${messageOf(error)}`, {
        action: 'Check the address in the file that the target names, and that the server runs.',
        retryable: true,
        cause: error,
      })
    })
    try {
      return await body(session)
    } catch (error) {
      throw readable(error, url)
    } finally {
      session.release(true)
    }
  } finally {
    await pool.end()
  }
}

/** Without user and password: `db.example:5432/orders`. */
export function nameOf(url: string): string {
  if (!URL.canParse(url)) return 'the database'
  const { host, pathname } = new URL(url)
  return `${host}${pathname}`
}

export const databaseIn = (url: string): string => decodeURIComponent(new URL(url).pathname.slice(1))

export function withDatabase(url: string, name: string): string {
  const other = new URL(url)
  other.pathname = `/${encodeURIComponent(name)}`
  return other.toString()
}

/** What libpq's programs take instead of arguments: a password never stands in an argument list. */
export function libpqEnvironment(url: string): Record<string, string> {
  const parsed = new URL(url)
  const host = parsed.searchParams.get('host') ?? decodeURIComponent(parsed.hostname)
  const ssl = ['sslmode', 'sslrootcert', 'sslcert', 'sslkey'] as const
  const entries: [string, string | null][] = [
    ['PGHOST', host],
    ['PGPORT', parsed.port],
    ['PGUSER', decodeURIComponent(parsed.username)],
    ['PGPASSWORD', decodeURIComponent(parsed.password)],
    ['PGDATABASE', databaseIn(url)],
    ['PGCONNECT_TIMEOUT', '10'],
    ['PGAPPNAME', 'erlmcp backup'],
    ['LC_ALL', 'C'],
    ...ssl.map((name): [string, string | null] => [`PG${name.toUpperCase()}`, parsed.searchParams.get(name)]),
  ]
  return Object.fromEntries(
    entries.filter((each): each is [string, string] => each[1] !== null && each[1] !== ''),
  )
}

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

const INSUFFICIENT = '42501'
const IN_USE = '55006'
const FULL = '53100'

function readable(error: unknown, url: string): unknown {
  const code = (error as { code?: unknown } | null)?.code
  if (error instanceof AppError || typeof code !== 'string') return error
  const where = nameOf(url)
  if (code === INSUFFICIENT)
    return new AppError('forbidden', `the user of ${where} may not do this: ${messageOf(error)}`, {
      action: 'Give it the right that the message names (CREATEDB for a scratch database), or another user.',
      cause: error,
    })
  if (code === IN_USE)
    return new AppError('database_in_use', `${where}: ${messageOf(error)}`, {
      action: 'End the sessions that are left (pg_stat_activity names them), and try again.',
      cause: error,
    })
  if (code === FULL)
    return new AppError('data_unwritable', `the disk of ${where} is full: ${messageOf(error)}`, {
      action: 'Free space there, and try again.',
      cause: error,
    })
  return error
}
