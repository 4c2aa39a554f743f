import { Temporal } from 'temporal-polyfill'
import type { REPEATS } from './schema.ts'

export type Repeats = (typeof REPEATS)[number]

/** When a window is: wall clock in its zone, so that it stays at ten in the evening when clocks change. */
export interface Schedule {
  /** `2026-12-24T22:00` */
  starts: string
  minutes: number
  /** IANA name. */
  zone: string
  repeats: Repeats
  /** The last day on which it may begin: `2027-03-01`. */
  until: string | null
}

export interface Occurrence {
  from: Date
  to: Date
}

const MOST = 2_000

/**
 * The occurrences that touch the time from `from` to `to`, in their order. A start that clocks skip is later by what they
 * skip; one that comes twice is the first. The 31st of a month that has none is its last day.
 */
export function occurrencesBetween(schedule: Schedule, from: Date, to: Date): Occurrence[] {
  const first = Temporal.PlainDateTime.from(schedule.starts)
  const found: Occurrence[] = []
  for (let index = firstIndex(schedule, first, from), looked = 0; looked < MOST; index += 1, looked += 1) {
    const wall = nth(first, schedule.repeats, index)
    const isOver = schedule.until !== null && Temporal.PlainDate.compare(wall.toPlainDate(), Temporal.PlainDate.from(schedule.until)) > 0 // prettier-ignore
    const start = new Date(wall.toZonedDateTime(schedule.zone, { disambiguation: 'compatible' }).epochMilliseconds) // prettier-ignore
    if (isOver || start >= to) break
    const end = new Date(start.getTime() + schedule.minutes * 60_000)
    if (end > from) found.push({ from: start, to: end })
    if (schedule.repeats === 'never') break
  }
  return found
}

function nth(first: Temporal.PlainDateTime, repeats: Repeats, index: number): Temporal.PlainDateTime {
  if (repeats === 'daily') return first.add({ days: index })
  if (repeats === 'weekly') return first.add({ weeks: index })
  return repeats === 'monthly' ? first.add({ months: index }) : first
}

/** Where to begin to look: two before the one that may touch `from`, so that its length does not matter. */
function firstIndex(schedule: Schedule, first: Temporal.PlainDateTime, from: Date): number {
  if (schedule.repeats === 'never') return 0
  const unit = { daily: 'day', weekly: 'week', monthly: 'month' } as const
  const start = new Date(from.getTime() - schedule.minutes * 60_000)
  const wall = Temporal.Instant.fromEpochMilliseconds(start.getTime())
    .toZonedDateTimeISO(schedule.zone)
    .toPlainDateTime()
  const passed = first.until(wall, { largestUnit: unit[schedule.repeats] })
  const count = { daily: passed.days, weekly: passed.weeks, monthly: passed.months }[schedule.repeats]
  return Math.max(0, count - 2)
}

/** The one that is on at a moment, or the next within a year; `null`: there is none any more. */
export function occurrenceAt(schedule: Schedule, at: Date): Occurrence | null {
  return occurrencesBetween(schedule, at, new Date(at.getTime() + 400 * 86_400_000))[0] ?? null
}

export const overlaps = (a: Occurrence, b: Occurrence): boolean => a.from < b.to && b.from < a.to
