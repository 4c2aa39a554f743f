import type { Temporal } from 'temporal-polyfill'
import type { Roster } from './roster.ts'
import { WEEKDAYS } from './roster.ts'
import { instantOf, parseTimeOfDay, wallClockOf } from './wall-clock.ts'

const MAX_DAYS = 400

/** The business hours that begin on a day; `null` on a day off. */
function hoursOn(roster: Roster, day: Temporal.PlainDate): { from: Date; to: Date } | null {
  const { days, from, to, holidays } = roster.business
  const weekday = WEEKDAYS[day.dayOfWeek - 1]
  if (weekday === undefined || !days.includes(weekday) || holidays.includes(day.toString())) return null
  const zone = zoneOf(roster)
  const end = to > from ? day : day.add({ days: 1 })
  return {
    from: instantOf(day.toPlainDateTime(parseTimeOfDay(from)), zone),
    to: instantOf(end.toPlainDateTime(parseTimeOfDay(to)), zone),
  }
}

const zoneOf = (roster: Roster): string => roster.business.zone ?? roster.zone

export function isBusinessTime(roster: Roster, at: Date): boolean {
  const day = wallClockOf(at, zoneOf(roster)).toPlainDate()
  return [day.subtract({ days: 1 }), day].some((candidate) => {
    const hours = hoursOn(roster, candidate)
    return hours !== null && hours.from <= at && at < hours.to
  })
}

/** Now, within business hours; else when they begin next. Now as well where a year has none. */
export function nextBusinessTime(roster: Roster, at: Date): Date {
  if (isBusinessTime(roster, at)) return at
  let day = wallClockOf(at, zoneOf(roster)).toPlainDate()
  for (let count = 0; count < MAX_DAYS; count += 1) {
    const hours = hoursOn(roster, day)
    if (hours !== null && hours.from >= at) return hours.from
    day = day.add({ days: 1 })
  }
  return at
}

/** When the next business day after this one is over: what "next business day" promises. */
export function endOfNextBusinessDay(roster: Roster, at: Date): Date {
  let day = wallClockOf(at, zoneOf(roster)).toPlainDate()
  for (let count = 0; count < MAX_DAYS; count += 1) {
    day = day.add({ days: 1 })
    const hours = hoursOn(roster, day)
    if (hours !== null) return hours.to
  }
  return new Date(at.getTime() + 86_400_000)
}
