import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { maintenanceCalendar } from './calendar.ts'
import { checklist, missing } from './checklist.ts'
import { judgeGate } from './gate.ts'
import { occurrenceAt, occurrencesBetween } from './occurrence.ts'
import type { Schedule } from './occurrence.ts'
import { selectorState } from './plan.ts'

const weekly: Schedule = {
  starts: '2026-10-14T22:00',
  minutes: 120,
  zone: 'Europe/Berlin',
  repeats: 'weekly',
  until: null,
}
const hours = (schedule: Schedule, from: string, to: string): string[] =>
  occurrencesBetween(schedule, new Date(from), new Date(to)).map((each) => each.from.toISOString())

test('a weekly window stays at ten in the evening when clocks go back', () => {
  expect(hours(weekly, '2026-10-20T00:00:00Z', '2026-10-30T00:00:00Z')).toEqual([
    '2026-10-21T20:00:00.000Z',
    '2026-10-28T21:00:00.000Z',
  ])
})

test('a start that clocks skip is later by what they skip', () => {
  const skipped = { ...weekly, starts: '2026-03-29T02:30', repeats: 'never' as const }
  expect(hours(skipped, '2026-03-01T00:00:00Z', '2026-04-01T00:00:00Z')).toEqual(['2026-03-29T01:30:00.000Z'])
})

test('the 31st of a month that has none is its last day', () => {
  const monthly = { ...weekly, starts: '2026-01-31T10:00', zone: 'UTC', repeats: 'monthly' as const }
  expect(hours(monthly, '2026-02-01T00:00:00Z', '2026-04-30T00:00:00Z')).toEqual([
    '2026-02-28T10:00:00.000Z',
    '2026-03-31T10:00:00.000Z',
  ])
})

test('the last day on which it may begin counts, and nothing comes after it', () => {
  const limited = { ...weekly, until: '2026-10-21' }
  expect(hours(limited, '2026-10-01T00:00:00Z', '2027-10-01T00:00:00Z')).toHaveLength(2)
  expect(occurrenceAt(limited, new Date('2026-10-22T00:00:00Z'))).toBeNull()
})

test('occurrences touch the time asked for, come in order and do not come twice, whenever one looks', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 2_000 }),
      fc.integer({ min: 5, max: 3_000 }),
      fc.constantFrom('daily' as const, 'weekly' as const, 'monthly' as const),
      fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe'),
      (day, minutes, repeats, zone) => {
        const schedule: Schedule = { starts: '2026-01-31T23:30', minutes, repeats, zone, until: null }
        const from = new Date(Date.UTC(2026, 1, 15) + day * 86_400_000)
        const to = new Date(from.getTime() + 40 * 86_400_000)
        const found = occurrencesBetween(schedule, from, to)
        expect(found.length).toBeGreaterThan(0)
        for (const [index, each] of found.entries()) {
          expect(each.to > from && each.from < to).toBe(true)
          const before = found[index - 1]
          if (before !== undefined) expect(each.from > before.from).toBe(true)
        }
        // the first is really the first: looking from an hour earlier finds nothing that is on at `from` beside it
        const earlier = occurrencesBetween(schedule, new Date(from.getTime() - 3_600_000), to)
        expect(earlier.filter((each) => each.to > from)).toEqual(found)
      },
    ),
    { numRuns: 60 },
  )
})

test('the calendar has every window with its rule, folded and escaped', () => {
  const text = maintenanceCalendar([
    {
      ...weekly,
      id: 'mwn_1',
      number: '1',
      title: 'Database, round; two',
      kind: 'maintenance',
      services: ['shop'],
      rollbackPlan: 'restore the backup of before\nthen scale back '.repeat(4),
      createdAt: new Date('2026-10-01T00:00:00Z'),
    },
  ])
  expect(text).toContain('DTSTART;TZID=Europe/Berlin:20261014T220000\r\nRRULE:FREQ=WEEKLY\r\nDURATION:PT120M')
  expect(text).toContain('SUMMARY:Maintenance: Database\\, round\\; two')
  for (const line of text.split('\r\n')) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(75)
})

test('an item that erlmcp checks goes by its check, whoever ticked it', () => {
  const at = new Date()
  const facts = [
    { id: 'backup', text: 'A verified backup exists', checked: { done: false, says: 'none was verified' } },
    { id: 'announced', text: 'Announced', checked: null },
  ]
  const ticks = ['backup', 'announced'].map((item) => ({ item, done: true, by: 'person:ada', at, note: null })) // prettier-ignore
  expect(missing(checklist(facts, ticks))).toEqual(['A verified backup exists (none was verified)'])
})

test('a tick that was taken back counts no more', () => {
  const at = new Date()
  const facts = [{ id: 'announced', text: 'Announced', checked: null }]
  const tick = (done: boolean) => ({ item: 'announced', done, by: 'person:ada', at, note: null })
  expect(checklist(facts, [tick(true)])[0]?.tick).toMatchObject({ by: 'person:ada' })
  expect(missing(checklist(facts, [tick(true), tick(false)]))).toEqual(['Announced'])
})

const quiet = { service: 'shop', at: new Date(), freezes: [], windows: [], incidents: [] }

test.each([
  ['nothing is wrong', quiet, true],
  [
    'a P3 is open',
    { ...quiet, incidents: [{ name: 'INC-1', severity: 'P3', state: 'open', title: 'slow' }] },
    true,
  ],
  [
    'a P2 is open',
    { ...quiet, incidents: [{ name: 'INC-1', severity: 'P2', state: 'mitigated', title: 'down' }] },
    false,
  ],
  [
    'a freeze is on',
    {
      ...quiet,
      freezes: [{ name: 'MW-1', title: 'holidays', occurrence: { from: new Date(), to: new Date() } }],
    },
    false,
  ],
  [
    'its window was handed over: the deployment may be the work',
    { ...quiet, windows: [{ name: 'MW-2', title: 'upgrade', state: 'open' }] },
    true,
  ],
  [
    'its window is being ended',
    { ...quiet, windows: [{ name: 'MW-2', title: 'upgrade', state: 'restoring' }] },
    false,
  ],
])('the gate when %s', (_when, facts, open) => {
  const verdict = judgeGate(facts)
  expect(verdict.open).toBe(open)
  expect(verdict.reasons.length === 0).toBe(open)
})

test('a drained selector is known from the recorded one, whatever the order of its keys', () => {
  const recorded = { app: 'shop', tier: 'web' }
  expect(selectorState({ tier: 'web', app: 'shop' }, recorded)).toBe('as-recorded')
  expect(selectorState({ maintenance: 'true', ...recorded }, recorded)).toBe('drained')
  expect(selectorState({ app: 'other' }, recorded)).toBe('other')
})
