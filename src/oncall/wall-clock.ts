import { Temporal } from 'temporal-polyfill'

/**
 * Wall-clock times become instants here, and only here, by these rules (those of RFC 5545):
 *
 * - A time that is skipped when clocks go forward is read with the offset from before: 02:30 becomes 03:30.
 * - A time that comes twice when clocks go back is its first occurrence.
 * - What ends at a wall-clock time ends at the very instant at which the next thing begins: shifts neither overlap nor leave
 *   a gap, however long their day is.
 */
export function instantOf(wall: Temporal.PlainDateTime, zone: string): Date {
  return new Date(wall.toZonedDateTime(zone, { disambiguation: 'compatible' }).epochMilliseconds)
}

export const wallClockOf = (at: Date, zone: string): Temporal.PlainDateTime =>
  Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(zone).toPlainDateTime()

export const parseWallClock = (text: string): Temporal.PlainDateTime => Temporal.PlainDateTime.from(text)
export const parseTimeOfDay = (text: string): Temporal.PlainTime => Temporal.PlainTime.from(text)

/** Whether the zone is one of the IANA time zone database. */
export function isZone(name: string): boolean {
  // offsets and abbreviations have no daylight saving; a rotation written with them would drift
  if (!/^(?:UTC|[A-Za-z_+-]+\/[A-Za-z0-9_+/-]+)$/.test(name)) return false
  try {
    Temporal.Now.zonedDateTimeISO(name)
    return true
  } catch {
    return false
  }
}

/** An instant (`2026-12-24T12:00:00Z`, `...+01:00`) or a wall-clock time in `zone` (`2026-12-24T12:00`); `null`: neither. */
export function readMoment(text: string, zone: string): Date | null {
  try {
    if (/(?:Z|[+-]\d{2}:?\d{2})$/i.test(text) && text.includes(':'))
      return new Date(Temporal.Instant.from(text).epochMilliseconds)
    return instantOf(parseWallClock(text), zone)
  } catch {
    return null
  }
}
