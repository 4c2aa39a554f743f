import * as fc from 'fast-check'
import { Temporal } from 'temporal-polyfill'
import { describe, expect, test } from 'vitest'
import { readRoster } from './roster.ts'
import type { Layer, Roster } from './roster.ts'
import { gapsBetween, onCallAt, shiftsBetween, turnAt, turnBegins } from './rotation.ts'
import { instantOf, parseWallClock, wallClockOf } from './wall-clock.ts'

const roster = (rotation: string, zone = 'Europe/Berlin'): Roster =>
  readRoster(`
zone: ${zone}
people:
  ada: { contacts: [{ channel: console, target: '@ada' }] }
  bob: { contacts: [{ channel: console, target: '@bob' }] }
  cleo: { contacts: [{ channel: console, target: '@cleo' }] }
rotations:
  primary:
${rotation}
`)

const weekly = roster(`
    layers:
      - { name: weekly, start: '2026-01-05T09:00', every: { weeks: 1 }, people: [ada, bob, cleo] }
`)
const at = (text: string): Date => new Date(text)
const who = (of: Roster, text: string): string | null => onCallAt(of, 'primary', at(text)).person

describe('a weekly rotation', () => {
  test('changes hands at nine in the morning of its zone, in winter and in summer', () => {
    expect(who(weekly, '2026-01-05T07:59:59Z')).toBeNull()
    expect(who(weekly, '2026-01-05T08:00:00Z')).toBe('ada')
    expect(who(weekly, '2026-01-12T07:59:59Z')).toBe('ada')
    expect(who(weekly, '2026-01-12T08:00:00Z')).toBe('bob')
    // summer time: nine o'clock is an hour earlier
    expect(who(weekly, '2026-07-06T06:59:59Z')).toBe('bob')
    expect(who(weekly, '2026-07-06T07:00:00Z')).toBe('cleo')
  })

  test('has the week in which clocks go forward one hour shorter, without a gap or an overlap', () => {
    const shifts = shiftsBetween(weekly, 'primary', {
      from: at('2026-03-23T08:00:00Z'),
      to: at('2026-04-06T07:00:00Z'),
    })
    expect(shifts.map((shift) => (shift.to.getTime() - shift.from.getTime()) / 3_600_000)).toEqual([167, 168])
    expect(shifts[0]?.to).toEqual(shifts[1]?.from)
  })
})

describe('a hand-over at a time that does not exist, or exists twice', () => {
  const nightly = roster(`
    layers:
      - { name: nightly, start: '2026-03-27T02:30', every: { days: 1 }, people: [ada, bob] }
`)
  test('skipped: is an hour later on the clock, half an hour after the jump', () => {
    // 29 March 2026: 02:00 CET is followed by 03:00 CEST
    expect(who(nightly, '2026-03-29T01:29:59Z')).toBe('bob')
    expect(who(nightly, '2026-03-29T01:30:00Z')).toBe('ada')
  })
  test('repeated: is the first of the two', () => {
    // 25 October 2026: 03:00 CEST is followed by 02:00 CET
    const before = who(nightly, '2026-10-25T00:29:59Z')
    const after = who(nightly, '2026-10-25T00:30:00Z')
    expect(after).not.toBe(before)
    expect(who(nightly, '2026-10-25T01:29:59Z')).toBe(after)
    expect(who(nightly, '2026-10-25T01:30:00Z')).toBe(after)
  })
})

describe('layers, restrictions and overrides', () => {
  const layered = roster(`
    layers:
      - { name: nights, start: '2026-01-05T09:00', every: { weeks: 1 }, people: [ada] }
      - name: days
        start: '2026-01-05T09:00'
        every: { weeks: 1 }
        people: [bob]
        restrictions: [{ days: [monday, tuesday, wednesday, thursday, friday], from: '09:00', to: '17:00' }]
    overrides:
      - { person: cleo, from: '2026-12-24T12:00', to: '2026-12-26T12:00' }
`)
  test('the later layer goes before the earlier one within its hours only', () => {
    expect(who(layered, '2026-01-06T10:00:00Z')).toBe('bob')
    expect(who(layered, '2026-01-06T16:00:00Z')).toBe('ada')
    expect(who(layered, '2026-01-10T10:00:00Z')).toBe('ada')
  })
  test('an override goes before every layer, and one that was made later before an earlier one', () => {
    expect(who(layered, '2026-12-24T11:00:00Z')).toBe('cleo')
    const more = [
      {
        rotation: 'primary',
        person: 'ada',
        from: at('2026-12-24T11:30:00Z'),
        to: at('2026-12-24T12:00:00Z'),
      },
    ]
    expect(onCallAt(layered, 'primary', at('2026-12-24T11:45:00Z'), more)).toEqual({
      person: 'ada',
      by: 'override',
    })
  })
  test('hours that no layer covers are gaps, to the minute', () => {
    const daysOnly = roster(`
    layers:
      - name: days
        start: '2026-01-05T00:00'
        every: { weeks: 1 }
        people: [bob]
        restrictions: [{ days: [monday, tuesday, wednesday, thursday, friday, saturday, sunday], from: '22:00', to: '06:00' }]
`)
    const gaps = gapsBetween(daysOnly, 'primary', {
      from: at('2026-02-01T00:00:00Z'),
      to: at('2026-02-02T00:00:00Z'),
    })
    expect(gaps.map((gap) => [gap.from.toISOString(), gap.to.toISOString()])).toEqual([
      ['2026-02-01T05:00:00.000Z', '2026-02-01T21:00:00.000Z'],
    ])
  })
  test('people in other zones take over from each other around the clock', () => {
    const sun = roster(`
    layers:
      - { name: Berlin, zone: Europe/Berlin, start: '2026-01-05T00:00', every: { weeks: 1 }, people: [ada],
          restrictions: [{ days: [monday, tuesday, wednesday, thursday, friday, saturday, sunday], from: '08:00', to: '20:00' }] }
      - { name: Auckland, zone: Pacific/Auckland, start: '2026-01-05T00:00', every: { weeks: 1 }, people: [bob],
          restrictions: [{ days: [monday, tuesday, wednesday, thursday, friday, saturday, sunday], from: '08:00', to: '20:00' }] }
`)
    const range = { from: at('2026-01-10T00:00:00Z'), to: at('2026-01-13T00:00:00Z') }
    expect(gapsBetween(sun, 'primary', range)).toEqual([])
    expect(who(sun, '2026-01-11T12:00:00Z')).toBe('ada')
    expect(who(sun, '2026-01-11T22:00:00Z')).toBe('bob')
  })
})

describe('in every zone, over the last and the next ten years', () => {
  const zones = Intl.supportedValuesOf('timeZone')
  const FROM = Date.UTC(2016, 0, 1)
  const TO = Date.UTC(2037, 0, 1)
  const everies = [
    { weeks: 1 },
    { weeks: 2 },
    { days: 1 },
    { days: 3 },
    { hours: 12 },
    { hours: 8 },
    { hours: 4 },
  ]
  const layers = fc
    .record({
      every: fc.constantFrom(...everies),
      // the hours in which clocks change are drawn more often
      hour: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 23 })),
      minute: fc.constantFrom(0, 1, 15, 30, 59),
      day: fc.integer({ min: 1, max: 28 }),
      people: fc.integer({ min: 1, max: 4 }),
    })
    .map(({ every, hour, minute, day, people }): Layer => {
      const two = (value: number): string => String(value).padStart(2, '0')
      return {
        name: 'layer',
        start: `2016-01-${two(day)}T${two(hour)}:${two(minute)}`,
        every: every as Layer['every'],
        people: Array.from({ length: people }, (_, index) => `p${index}`),
        restrictions: [],
      }
    })
  /** Instants near a change of clocks of the zone, where it has any; else anywhere. */
  const momentIn = (zone: string, random: number): Date => {
    const anywhere = FROM + Math.floor(random * (TO - FROM))
    const next = Temporal.Instant.fromEpochMilliseconds(anywhere)
      .toZonedDateTimeISO(zone)
      .getTimeZoneTransition('next')
    if (next === null || next.epochMilliseconds > TO) return new Date(anywhere)
    return new Date(next.epochMilliseconds + Math.floor((random * 1e6) % 10_800_000) - 5_400_000)
  }
  const moments = fc.tuple(fc.constantFrom(...zones), fc.double({ min: 0, max: 1, noNaN: true }))

  test('turns follow one another without a gap, an overlap or a step back', () => {
    fc.assert(
      fc.property(moments, layers, ([zone, random], layer) => {
        const moment = momentIn(zone, random)
        const turn = turnAt(layer, zone, moment)
        if (turn === null) return
        const begins = turnBegins(layer, zone, turn)
        const ends = turnBegins(layer, zone, turn + 1)
        expect(begins <= moment && moment < ends).toBe(true)
        // exactly one turn holds each instant: the one before ends where this one begins
        expect(turnAt(layer, zone, begins)).toBe(turn)
        expect(turnAt(layer, zone, ends)).toBe(turn + 1)
        if (turn > 0) expect(turnAt(layer, zone, new Date(begins.getTime() - 1))).toBe(turn - 1)
      }),
      { numRuns: 1_500 },
    )
  })

  test('a hand-over is at its wall-clock time, except where that time is skipped', () => {
    fc.assert(
      fc.property(moments, layers, ([zone, random], layer) => {
        const turn = turnAt(layer, zone, momentIn(zone, random))
        if (turn === null) return
        const begins = turnBegins(layer, zone, turn)
        const hours = 'hours' in layer.every ? layer.every.hours : 24
        const wanted = parseWallClock(layer.start).toPlainTime()
        const shown = wallClockOf(begins, zone)
        const apart = shown.toPlainTime().since(wanted).total('minutes')
        if (hours === 24 ? apart === 0 : apart % (60 * hours) === 0) return
        // then the clock jumped over it: what is shown is the skipped time and the length of the jump
        const before = wallClockOf(new Date(begins.getTime() - 86_400_000), zone)
        const jump = shown.since(before, { largestUnit: 'hours' }).total('minutes') - 1_440
        expect(jump).toBeGreaterThan(0)
      }),
      { numRuns: 1_500 },
    )
  })

  test('of a repeated hour the first is meant, of a skipped one the offset before it', () => {
    fc.assert(
      fc.property(moments, fc.integer({ min: -180, max: 180 }), ([zone, random], minutes) => {
        const wall = wallClockOf(momentIn(zone, random), zone).add({ minutes })
        const at = instantOf(wall, zone)
        const first = wall.toZonedDateTime(zone, { disambiguation: 'earlier' }).epochMilliseconds
        const last = wall.toZonedDateTime(zone, { disambiguation: 'later' }).epochMilliseconds
        const exists = wallClockOf(new Date(first), zone).equals(wall)
        expect(at.getTime()).toBe(exists ? first : last)
      }),
      { numRuns: 1_500 },
    )
  })

  test('the shifts of a month cover it, and who is on call is what they say', () => {
    fc.assert(
      fc.property(
        moments,
        layers,
        fc.double({ min: 0, max: 1, noNaN: true }),
        ([zone, random], layer, inside) => {
          const moment = momentIn(zone, random)
          const from = new Date(moment.getTime() - 2 * 86_400_000)
          const to = new Date(moment.getTime() + 5 * 86_400_000)
          const of: Roster = {
            ...weekly,
            zone,
            rotations: { primary: { layers: [layer], pagerduty: null, overrides: [] } },
          }
          const shifts = shiftsBetween(of, 'primary', { from, to })
          expect(shifts[0]?.from).toEqual(from)
          expect(shifts.at(-1)?.to).toEqual(to)
          for (const [index, shift] of shifts.entries()) {
            expect(shift.from < shift.to).toBe(true)
            const next = shifts[index + 1]
            if (next !== undefined) {
              expect(next.from).toEqual(shift.to)
              expect(next.person).not.toBe(shift.person)
            }
          }
          const probe = new Date(from.getTime() + Math.floor(inside * (to.getTime() - from.getTime() - 1)))
          const shift = shifts.find((one) => one.from <= probe && probe < one.to)
          expect(shift?.person).toBe(onCallAt(of, 'primary', probe).person)
        },
      ),
      { numRuns: 150 },
    )
  })
})
