import { delay } from '../base/clock.ts'
import { AppError } from '../base/error.ts'
import { isConnectionError } from '../db/index.ts'
import { databaseIn, literal, quoted, withDatabase, withSession } from './session.ts'
import type { Session } from './session.ts'

/** The object ids of databases do not change with their names: they tell what a crash left undone. */
export interface Identities {
  live: string
  beside: string
}

const POLL_MS = 500
/** Where one connects from to rename another database. */
const MAINTENANCE = ['postgres', 'template1'] as const

const onServer = async <T>(url: string, body: (session: Session) => Promise<T>): Promise<T> => {
  const live = databaseIn(url)
  const name = MAINTENANCE.find((each) => each !== live) ?? 'postgres'
  return withSession(withDatabase(url, name), body)
}

export const identify = (url: string, beside: string): Promise<Identities> =>
  onServer(url, async (session) => ({
    live: await oidOf(session, databaseIn(url)),
    beside: await oidOf(session, beside),
  }))

/** Waits until nobody is connected. @throws AppError `database_in_use` naming who is. */
export async function awaitNoSessions(url: string, limitMs: number, signal: AbortSignal): Promise<void> {
  const limit = performance.now() + limitMs
  await onServer(url, async (session) => {
    for (;;) {
      const { rows } = await session.query<{ name: string; count: string }>(
        `select coalesce(nullif(application_name, ''), usename, backend_type) as name, count(*)::text as count
         from pg_stat_activity where datname = $1 and backend_type = 'client backend' group by 1 order by 1`,
        [databaseIn(url)],
      )
      if (rows.length === 0) return
      if (performance.now() > limit) {
        const who = rows.map(({ name, count }) => `${name} (${count})`).join(', ')
        throw new AppError('database_in_use', `sessions are still connected to ${databaseIn(url)}: ${who}`, {
          action:
            'Stop what they belong to, and ask for the restore again; the old database was not touched.',
        })
      }
      await delay(POLL_MS, signal)
    }
  })
}

/**
 * The two databases change names in one transaction: the live one becomes `old`, the one beside takes its place. Done
 * already, it does nothing; anything else than what was identified before is refused.
 */
export async function swapNames(
  url: string,
  names: { beside: string; old: string },
  identities: Identities,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await trySwap(url, names, identities)
    } catch (error) {
      // a connection that broke says nothing about the commit; the next look does
      if (attempt >= SWAP_TRIES || !isLost(error)) throw error
      await delay(SWAP_PAUSE_MS)
    }
  }
}

const SWAP_TRIES = 5
const SWAP_PAUSE_MS = 1_000
const isLost = (error: unknown): boolean =>
  isConnectionError(error) || (error instanceof AppError && error.code === 'database_missing')

async function trySwap(
  url: string,
  names: { beside: string; old: string },
  identities: Identities,
): Promise<void> {
  const live = databaseIn(url)
  await onServer(url, async (session) => {
    await session.query('begin')
    try {
      const now = await oidOf(session, live)
      if (now === identities.beside && (await oidOf(session, names.old)) === identities.live) return
      if (now !== identities.live || (await oidOf(session, names.beside)) !== identities.beside)
        throw new AppError('conflict', `${live} or ${names.beside} is not the database it was`, {
          action:
            'Somebody renamed or replaced it meanwhile; see `\\l` in psql, and ask for the restore again.',
        })
      await session.query(`alter database ${quoted(live)} rename to ${quoted(names.old)}`)
      await session.query(`alter database ${quoted(names.beside)} rename to ${quoted(live)}`)
      await session.query('commit')
    } finally {
      await session.query('rollback').catch(() => undefined)
    }
  })
}

/** Removes the old database. By its id, so that a name that came to stand for another one harms nothing. */
export async function dropOld(url: string, old: string, id: string): Promise<void> {
  await onServer(url, async (session) => {
    const found = await oidOf(session, old)
    if (found === '') return
    if (found !== id)
      throw new AppError('conflict', `${old} is not the database that was kept`, {
        action: 'Look at it in psql; erlmcp drops only what it has put aside.',
      })
    await session.query(`drop database ${quoted(old)}`)
  })
}

/** Rights on the database and settings of it belong to no dump: they are copied, so that the new one is as open as the old. */
export async function copyDatabaseRights(url: string, to: string): Promise<void> {
  await onServer(url, async (session) => {
    const from = databaseIn(url)
    const { rows: rights } = await session.query<{ grantee: string; right: string; option: boolean }>(
      `select case when a.grantee = 0 then 'public' else a.grantee::regrole::text end as grantee,
         a.privilege_type as right, a.is_grantable as option
       from pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a where d.datname = $1`,
      [from],
    )
    const { rows: settings } = await session.query<{ role: string | null; setting: string }>(
      `select case when s.setrole = 0 then null else s.setrole::regrole::text end as role, unnest(s.setconfig) as setting
       from pg_db_role_setting s join pg_database d on d.oid = s.setdatabase where d.datname = $1`,
      [from],
    )
    const { rows: limits } = await session.query<{ connections: number }>(
      'select datconnlimit as connections from pg_database where datname = $1',
      [from],
    )
    await session.query('begin')
    await session.query(`revoke all on database ${quoted(to)} from public`)
    for (const { grantee, right, option } of rights)
      await session.query(
        `grant ${right} on database ${quoted(to)} to ${grantee}${option ? ' with grant option' : ''}`,
      )
    for (const { role, setting } of settings) {
      const at = setting.indexOf('=')
      const [name, value] = [setting.slice(0, at), setting.slice(at + 1)]
      const whose = role === null ? `database ${quoted(to)}` : `role ${role} in database ${quoted(to)}`
      await session.query(`alter ${whose} set ${quoted(name)} to ${settingValue(name, value)}`)
    }
    await session.query(`alter database ${quoted(to)} connection limit ${limits[0]?.connections ?? -1}`)
    await session.query('commit')
  })
}

/** Settings that are lists are kept as they were written: quoted as one, they would be one name. */
const LISTS = /^(search_path|temp_tablespaces|session_preload_libraries|local_preload_libraries|datestyle)$/i
const settingValue = (name: string, value: string): string => (LISTS.test(name) ? value : literal(value))

async function oidOf(session: Session, name: string): Promise<string> {
  const { rows } = await session.query<{ oid: string }>(
    'select oid::text as oid from pg_database where datname = $1',
    [name],
  )
  return rows[0]?.oid ?? ''
}
