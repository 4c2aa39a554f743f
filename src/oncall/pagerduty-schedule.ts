import { sql } from 'kysely'
import type { Database } from '../db/index.ts'
import { withTransaction } from '../db/index.ts'
import type { Roster } from './roster.ts'

/** One stretch of a schedule in PagerDuty. */
export interface ScheduledShift {
  schedule: string
  user: { id: string; name: string }
  from: Date
  /** `null`: without an end. */
  to: Date | null
}

/** A shift without an end is shown as one of this length, read again long before. */
const ENDLESS_MS = 400 * 86_400_000

export const schedulesOf = (roster: Roster): string[] => [
  ...new Set(Object.values(roster.rotations).flatMap(({ pagerduty }) => pagerduty?.schedule ?? [])),
]

/**
 * The roster with what PagerDuty's schedules say of its rotations. Whoever is in nobody's `pagerduty` is still told: by
 * PagerDuty itself, under the name that they have there.
 */
export function withSchedules(roster: Roster, shifts: readonly ScheduledShift[]): Roster {
  if (schedulesOf(roster).length === 0) return roster
  const people = { ...roster.people }
  const keyOf = ({ id, name }: ScheduledShift['user']): string => {
    const known = Object.keys(roster.people).find((key) => roster.people[key]?.pagerduty === id)
    if (known !== undefined) return known
    const key = `pagerduty:${id}`
    people[key] = { name: name.slice(0, 100), contacts: [{ channel: 'pagerduty', target: null }] }
    return key
  }
  const rotations = Object.fromEntries(
    Object.entries(roster.rotations).map(([rotation, each]) => {
      const own = shifts.filter((shift) => shift.schedule === each.pagerduty?.schedule)
      const read = own.flatMap((shift) => {
        const [from, to] = [minuteOf(shift.from), minuteOf(endOf(shift))]
        return from < to ? [{ person: keyOf(shift.user), from, to, zone: 'UTC' }] : []
      })
      return [rotation, { ...each, overrides: [...read, ...each.overrides] }]
    }),
  )
  return { ...roster, people, rotations }
}

const endOf = ({ from, to }: ScheduledShift): Date => to ?? new Date(from.getTime() + ENDLESS_MS)
const minuteOf = (at: Date): string => at.toISOString().slice(0, 16)

/** Takes the place of what was read of these schedules before. */
export async function keepSchedules(
  database: Database,
  at: Date,
  schedules: readonly string[],
  shifts: readonly ScheduledShift[],
): Promise<void> {
  await withTransaction(database, async (trx) => {
    // of two replicas that read at the same time one writes after the other
    await sql`select pg_advisory_xact_lock(hashtext('pagerduty_shift'))`.execute(trx)
    await trx
      .deleteFrom('pagerduty_shift')
      .where('schedule', 'in', [...schedules])
      .execute()
    if (shifts.length === 0) return
    await trx
      .insertInto('pagerduty_shift')
      .values(
        shifts.map(({ schedule, user, from, to }) => ({
          schedule,
          user_id: user.id,
          name: user.name,
          from_at: from,
          to_at: to,
          read_at: at,
        })),
      )
      .onConflict((conflict) => conflict.doNothing())
      .execute()
  })
}

export async function keptSchedules(database: Database): Promise<ScheduledShift[]> {
  const rows = await database.kysely.selectFrom('pagerduty_shift').selectAll().orderBy('from_at').execute()
  return rows.map((row) => ({
    schedule: row.schedule,
    user: { id: row.user_id, name: row.name },
    from: row.from_at,
    to: row.to_at,
  }))
}
