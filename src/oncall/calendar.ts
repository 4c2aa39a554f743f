import type { Roster } from './roster.ts'
import { shiftsBetween } from './rotation.ts'
import type { Override } from './rotation.ts'

/**
 * A rotation as an iCalendar object (RFC 5545). Times are in UTC, so that no reader has to know our zones. The id of a shift
 * is made of its rotation, person and beginning: a reader that polls sees the same shift again, not a new one.
 */
export function rotationCalendar(
  roster: Roster,
  rotation: string,
  request: { from: Date; to: Date; now: Date; person?: string; overrides?: readonly Override[] },
): string {
  const shifts = shiftsBetween(roster, rotation, request, request.overrides).filter(
    (shift) => request.person === undefined || shift.person === request.person,
  )
  const lines = [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//erlmcp//on-call//EN',
    'CALSCALE:GREGORIAN',
    'METHOD:PUBLISH',
    `X-WR-CALNAME:${escapeText(`On call: ${rotation}`)}`,
    'REFRESH-INTERVAL;VALUE=DURATION:PT1H',
    ...shifts.flatMap((shift) => {
      const who = shift.person === null ? 'NOBODY' : (roster.people[shift.person]?.name ?? shift.person)
      return [
        'BEGIN:VEVENT',
        `UID:${escapeText(`${rotation}/${shift.person ?? 'nobody'}/${stamp(shift.from)}@erlmcp`)}`,
        `DTSTAMP:${stamp(request.now)}`,
        `DTSTART:${stamp(shift.from)}`,
        `DTEND:${stamp(shift.to)}`,
        `SUMMARY:${escapeText(`${who} on call (${rotation})`)}`,
        `DESCRIPTION:${escapeText(shift.by === null ? 'Nobody is on call' : `by ${shift.by}`)}`,
        'TRANSP:TRANSPARENT',
        'END:VEVENT',
      ]
    }),
    'END:VCALENDAR',
  ]
  return `${lines.map(fold).join('\r\n')}\r\n`
}

const stamp = (at: Date): string => `${at.toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`

/** TEXT values: RFC 5545, 3.3.11. */
const escapeText = (text: string): string =>
  text
    .replaceAll(/[\\;,]/g, (sign) => `\\${sign}`)
    .replaceAll(/\r?\n/g, '\\n')
    .replaceAll(/[\u0000-\u0008\u000B-\u001F\u007F]/g, '')

/** Lines of at most 75 octets, never cut inside a character: RFC 5545, 3.1. */
function fold(line: string): string {
  const parts: string[] = []
  let part = ''
  let octets = 0
  for (const character of line) {
    const size = Buffer.byteLength(character)
    // a continuation begins with a space, which counts
    if (octets + size > (parts.length === 0 ? 75 : 74)) {
      parts.push(part)
      part = ''
      octets = 0
    }
    part += character
    octets += size
  }
  return [...parts, part].join('\r\n ')
}
