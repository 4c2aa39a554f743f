import { Temporal } from 'temporal-polyfill'
import type { Repeats, Schedule } from './occurrence.ts'

interface CalendarWindow extends Schedule {
  id: string
  number: string
  title: string
  kind: string
  services: readonly string[]
  rollbackPlan: string
  createdAt: Date
}

const FREQUENCY: Readonly<Record<Exclude<Repeats, 'never'>, string>> = {
  daily: 'DAILY',
  weekly: 'WEEKLY',
  monthly: 'MONTHLY',
}
const MAX_OCTETS = 73

/** Windows and freezes as an iCalendar file (RFC 5545), with their repetition as a rule. */
export function maintenanceCalendar(windows: readonly CalendarWindow[]): string {
  const lines = [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//erlmcp//maintenance//EN',
    'CALSCALE:GREGORIAN',
    'X-WR-CALNAME:Maintenance',
    ...windows.flatMap(eventLines),
    'END:VCALENDAR',
  ]
  return `${lines.flatMap(fold).join('\r\n')}\r\n`
}

function eventLines(window: CalendarWindow): string[] {
  const what = window.kind === 'freeze' ? 'Change freeze' : 'Maintenance'
  const first = Temporal.PlainDateTime.from(window.starts)
  const start = first.toZonedDateTime(window.zone)
  // a rule in UTC would drift by an hour when clocks change; without a zone table, the name of the zone has to do
  const when =
    window.repeats === 'never'
      ? [`DTSTART:${utc(start)}`]
      : [
          `DTSTART;TZID=${window.zone}:${local(first)}`,
          `RRULE:FREQ=${FREQUENCY[window.repeats]}${window.until === null ? '' : `;UNTIL=${utc(Temporal.PlainDate.from(window.until).toZonedDateTime({ timeZone: window.zone, plainTime: '23:59:59' }))}`}`,
        ]
  return [
    'BEGIN:VEVENT',
    `UID:${window.id}@erlmcp`,
    `DTSTAMP:${utc(Temporal.Instant.fromEpochMilliseconds(window.createdAt.getTime()).toZonedDateTimeISO('UTC'))}`,
    ...when,
    `DURATION:PT${window.minutes}M`,
    `SUMMARY:${escape(`${what}: ${window.title}`)}`,
    `DESCRIPTION:${escape(`Services: ${window.services.join(', ')}\nWay back: ${window.rollbackPlan}`)}`,
    `CATEGORIES:${window.kind === 'freeze' ? 'FREEZE' : 'MAINTENANCE'}`,
    'TRANSP:TRANSPARENT',
    'END:VEVENT',
  ]
}

const digits = (text: string): string => text.replaceAll(/[-:]/g, '').slice(0, 15)
const local = (wall: Temporal.PlainDateTime): string => digits(wall.toString({ smallestUnit: 'second' }))
const utc = (moment: Temporal.ZonedDateTime): string =>
  `${digits(moment.withTimeZone('UTC').toPlainDateTime().toString({ smallestUnit: 'second' }))}Z`

const escape = (text: string): string =>
  text.replaceAll('\\', '\\\\').replaceAll(';', '\\;').replaceAll(',', '\\,').replaceAll(/\r?\n/g, '\\n')

/** Lines of at most 75 octets, none cut inside a character. */
function fold(line: string): string[] {
  const parts: string[] = []
  let part = ''
  for (const character of line) {
    if (Buffer.byteLength(part + character) > MAX_OCTETS) {
      parts.push(part)
      part = ' '
    }
    part += character
  }
  return [...parts, part]
}
