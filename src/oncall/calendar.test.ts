import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { rotationCalendar } from './calendar.ts'
import { readRoster } from './roster.ts'

const roster = (name: string) =>
  readRoster(`
people: { ada: { name: ${JSON.stringify(name)}, contacts: [{ channel: console }] } }
rotations:
  primary:
    layers: [{ name: 'weekly, by day', start: '2026-01-05T09:00', every: { weeks: 1 }, people: [ada] }]
`)
const range = {
  from: new Date('2026-01-05T09:00:00Z'),
  to: new Date('2026-01-12T09:00:00Z'),
  now: new Date('2026-01-01T00:00:00Z'),
}
const unfold = (text: string): string[] => text.replaceAll('\r\n ', '').split('\r\n')

test('a shift is an event in UTC with an id that stays the same', () => {
  const text = rotationCalendar(roster('Ada; the first, really'), 'primary', range)
  expect(text).toBe(rotationCalendar(roster('Ada; the first, really'), 'primary', range))
  const lines = unfold(text)
  expect(lines.slice(0, 3)).toEqual(['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//erlmcp//on-call//EN'])
  expect(lines).toEqual(
    expect.arrayContaining([
      'UID:primary/ada/20260105T090000Z@erlmcp',
      'DTSTAMP:20260101T000000Z',
      'DTSTART:20260105T090000Z',
      'DTEND:20260112T090000Z',
      'SUMMARY:Ada\\; the first\\, really on call (primary)',
      'DESCRIPTION:by weekly\\, by day',
    ]),
  )
  expect(lines.at(-1)).toBe('')
  expect(lines.at(-2)).toBe('END:VCALENDAR')
})

test('hours with nobody stand in it as such', () => {
  const text = rotationCalendar(roster('Ada'), 'primary', {
    ...range,
    from: new Date('2026-01-01T00:00:00Z'),
  })
  expect(text).toContain('SUMMARY:NOBODY on call (primary)')
})

test('no line is longer than 75 octets, none cuts a character, and unfolding gives the name back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 100 }), (raw) => {
      const name = raw.trim().slice(0, 100).trim()
      fc.pre(name !== '' && name.isWellFormed())
      const text = rotationCalendar(roster(name), 'primary', range)
      for (const line of text.split('\r\n')) {
        expect(Buffer.byteLength(line)).toBeLessThanOrEqual(75)
        expect(line.isWellFormed()).toBe(true)
      }
      const summary = unfold(text).find((line) => line.startsWith('SUMMARY:')) ?? ''
      const value = summary.slice('SUMMARY:'.length).replaceAll(/\\([\\;,])/g, '$1')
      // controls cannot stand in a calendar
      expect(value).toBe(`${name.replaceAll(/[\u0000-\u0008\u000B-\u001F\u007F]/g, '')} on call (primary)`)
    }),
    { numRuns: 300 },
  )
})
