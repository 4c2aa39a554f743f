import { Temporal } from 'temporal-polyfill'
import { assertNever } from '../base/error.ts'

/** How many backups are kept, the newest of each hour, day, week and month. */
export interface Keep {
  /** The newest ones, whatever their age. */
  last: number
  hourly: number
  daily: number
  weekly: number
  monthly: number
}

export interface Kept {
  id: string
  startedAt: Date
  verifiedAt: Date | null
  /** Held for a reason beside age, such as a restore that may still go back to it. */
  held: boolean
}

const PERIODS = ['hourly', 'daily', 'weekly', 'monthly'] as const

/**
 * Which backups may go. Never the newest verified one, and never one that is held. Periods are those of the zone; of
 * each the newest verified backup counts, or the newest where none is verified.
 */
export function expired(backups: readonly Kept[], keep: Keep, zone: string): string[] {
  const newest = backups.toSorted((a, b) => b.startedAt.getTime() - a.startedAt.getTime())
  const stay = new Set(newest.slice(0, keep.last).map(({ id }) => id))
  const verified = newest.filter(({ verifiedAt }) => verifiedAt !== null)
  if (verified[0] !== undefined) stay.add(verified[0].id)
  for (const { id } of newest.filter(({ held }) => held)) stay.add(id)
  for (const period of PERIODS) {
    const chosen = new Map<string, Kept>()
    for (const backup of newest) {
      const name = periodOf(backup.startedAt, period, zone)
      const best = chosen.get(name)
      if (best === undefined || (best.verifiedAt === null && backup.verifiedAt !== null))
        chosen.set(name, backup)
    }
    for (const { id } of [...chosen.values()].slice(0, keep[period])) stay.add(id)
  }
  return newest.filter(({ id }) => !stay.has(id)).map(({ id }) => id)
}

function periodOf(at: Date, period: (typeof PERIODS)[number], zone: string): string {
  const local = Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(zone)
  switch (period) {
    case 'hourly':
      // the offset tells the two hours apart that have one name in autumn
      return local.toString({ smallestUnit: 'minute', timeZoneName: 'never' }).slice(0, 13) + local.offset
    case 'daily':
      return local.toPlainDate().toString()
    case 'weekly':
      return local
        .toPlainDate()
        .subtract({ days: local.dayOfWeek - 1 })
        .toString()
    case 'monthly':
      return local.toPlainDate().toString().slice(0, -3)
    default:
      return assertNever(period)
  }
}
