import { expect, test } from 'vitest'
import { withSchedules } from './pagerduty-schedule.ts'
import { whoIs } from './reach.ts'
import { readRoster } from './roster.ts'
import { gapsBetween } from './rotation.ts'

const roster = readRoster(
  JSON.stringify({
    people: { ada: { name: 'Ada', pagerduty: 'PADA', contacts: [{ channel: 'slack' }] } },
    rotations: { primary: { pagerduty: { schedule: 'PSCHED' } } },
    links: { 'On-call': { rotation: 'primary' } },
  }),
)
const day = (number: number): Date => new Date(Date.UTC(2026, 10, number, 9))
const read = withSchedules(roster, [
  { schedule: 'PSCHED', user: { id: 'PADA', name: 'Ada L.' }, from: day(1), to: day(8) },
  { schedule: 'PSCHED', user: { id: 'PBOB', name: 'Bob from there' }, from: day(8), to: day(15) },
  { schedule: 'PSCHED', user: { id: 'PADA', name: 'Ada L.' }, from: day(16), to: null },
  { schedule: 'POTHER', user: { id: 'PEVE', name: 'Eve' }, from: day(1), to: null },
])
const onCall = (at: Date) => whoIs(read, 'On-call', { at, service: null, overrides: [] })

test('a rotation that PagerDuty keeps reaches who is on call there, in their own ways where they are known', () => {
  expect(onCall(day(2))).toMatchObject([{ person: 'ada', name: 'Ada', contacts: [{ channel: 'slack' }] }])
  expect(onCall(day(9))).toMatchObject([
    { person: 'pagerduty:PBOB', name: 'Bob from there', contacts: [{ channel: 'pagerduty' }] },
  ])
  expect(onCall(day(29))).toMatchObject([{ person: 'ada' }])
})

test('a hole in it is a gap, and an override made here goes before it', () => {
  expect(gapsBetween(read, 'primary', { from: day(2), to: day(29) })).toEqual([
    { person: null, by: null, from: day(15), to: day(16) },
  ])
  const override = { rotation: 'primary', person: 'ada', from: day(9), to: day(10) }
  const found = whoIs(read, 'On-call', { at: day(9), service: null, overrides: [override] })
  expect(found).toMatchObject([{ person: 'ada' }])
})

test('a rotation has either layers or a schedule', () => {
  expect(() => readRoster('rotations: { primary: {} }')).toThrow('either layers or a schedule')
})
