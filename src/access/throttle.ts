import { sql } from 'kysely'
import { AppError } from '../base/error.ts'
import type { Database } from '../db/index.ts'

/** Failures that cost nothing, by name and by address; then the wait doubles from 2 s to 15 minutes. */
const FREE = { login: 5, address: 20 } as const
const WINDOW_MS = 15 * 60_000
const LONGEST_MS = 15 * 60_000

export interface Attempt {
  login: string
  address: string
}

const keysOf = ({ login, address }: Attempt): { key: string; free: number }[] => [
  { key: `login:${login.toLowerCase().slice(0, 100)}`, free: FREE.login },
  { key: `address:${address.slice(0, 100)}`, free: FREE.address },
]

/** @throws AppError `throttled` while the name or the address has to wait; `data.retryAfterSeconds` says how long. */
export async function checkThrottle(database: Database, now: Date, attempt: Attempt): Promise<void> {
  const row = await database.kysely
    .selectFrom('login_failure')
    .select('blocked_until')
    .where(
      'key',
      'in',
      keysOf(attempt).map((each) => each.key),
    )
    .where('blocked_until', '>', now)
    .orderBy('blocked_until', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (row?.blocked_until == null) return
  const seconds = Math.ceil((row.blocked_until.getTime() - now.getTime()) / 1_000)
  throw new AppError('throttled', 'too many attempts to sign in failed', {
    action: `Try again in ${seconds} seconds, or use a passkey.`,
    retryable: true,
    data: { retryAfterSeconds: seconds },
  })
}

export async function noteFailure(database: Database, now: Date, attempt: Attempt): Promise<void> {
  const fresh = new Date(now.getTime() - WINDOW_MS)
  for (const { key, free } of keysOf(attempt)) {
    await sql`
      insert into login_failure (key, failures, since) values (${key}, 1, ${now})
      on conflict (key) do update set
        failures = case when login_failure.since < ${fresh} and coalesce(login_failure.blocked_until, '-infinity') < ${now}
          then 1 else login_failure.failures + 1 end,
        since = ${now},
        blocked_until = case when login_failure.since >= ${fresh} and login_failure.failures + 1 > ${free}::int
          then ${now}::timestamptz + make_interval(secs => least(${LONGEST_MS / 1_000}::float8,
            power(2, least(login_failure.failures + 1 - ${free}::int, 20))))
          else null end`.execute(database.kysely)
  }
  await database.kysely
    .deleteFrom('login_failure')
    .where('since', '<', new Date(now.getTime() - 24 * 3_600_000))
    .execute()
}

/** Somebody signed in: their name starts anew. The address does not: it could belong to an attacker with one account. */
export async function clearFailures(database: Database, attempt: Attempt): Promise<void> {
  const [byLogin] = keysOf(attempt)
  if (byLogin === undefined) return
  await database.kysely.deleteFrom('login_failure').where('key', '=', byLogin.key).execute()
}
