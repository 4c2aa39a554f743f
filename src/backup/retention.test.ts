import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { expired } from './retention.ts'
import type { Keep, Kept } from './retention.ts'

const KEEP: Keep = { last: 1, hourly: 2, daily: 3, weekly: 0, monthly: 0 }
const at = (text: string, verified = true, held = false): Kept => ({
  id: text,
  startedAt: new Date(text),
  verifiedAt: verified ? new Date(text) : null,
  held,
})

test('the newest of each hour and day are kept, the others go', () => {
  const backups = [
    '2026-11-24T10:30:00Z',
    '2026-11-24T10:00:00Z',
    '2026-11-24T09:00:00Z',
    '2026-11-24T08:00:00Z',
    '2026-11-23T23:00:00Z',
    '2026-11-23T01:00:00Z',
    '2026-11-22T01:00:00Z',
    '2026-11-21T01:00:00Z',
  ].map((text) => at(text))
  expect(expired(backups, KEEP, 'UTC')).toEqual([
    '2026-11-24T10:00:00Z',
    '2026-11-24T08:00:00Z',
    '2026-11-23T01:00:00Z',
    '2026-11-21T01:00:00Z',
  ])
})

test('of one hour the verified backup is kept before a newer one that is not', () => {
  const backups = [at('2026-11-24T10:40:00Z', false), at('2026-11-24T10:20:00Z')]
  expect(expired(backups, { ...KEEP, last: 0, daily: 0 }, 'UTC')).toEqual(['2026-11-24T10:40:00Z'])
})

test('the two hours that have one name when clocks go back are two hours', () => {
  const backups = [at('2026-10-25T01:30:00Z'), at('2026-10-25T00:30:00Z')]
  const keep = { last: 0, hourly: 2, daily: 0, weekly: 0, monthly: 0 }
  expect(expired(backups, keep, 'Europe/Berlin')).toEqual([])
})

test('whatever is to be kept, the newest verified backup and those that are held stay', () => {
  const kept = fc.record({
    id: fc.uuid(),
    startedAt: fc.date({ min: new Date('2020-01-01'), max: new Date('2030-01-01'), noInvalidDate: true }),
    verifiedAt: fc.option(fc.constant(new Date('2026-01-01'))),
    held: fc.boolean(),
  })
  const number = fc.nat({ max: 5 })
  const keep = fc.record({ last: number, hourly: number, daily: number, weekly: number, monthly: number })
  fc.assert(
    fc.property(fc.uniqueArray(kept, { maxLength: 12, selector: ({ id }) => id }), keep, (backups, rule) => {
      const gone = expired(backups, rule, 'Europe/Berlin')
      const left = backups.filter(({ id }) => !gone.includes(id))
      expect(left.length).toBeGreaterThanOrEqual(Math.min(rule.last, backups.length))
      for (const backup of backups.filter(({ held }) => held)) expect(gone).not.toContain(backup.id)
      const latest = (all: readonly Kept[]): number =>
        Math.max(
          ...all.filter(({ verifiedAt }) => verifiedAt !== null).map(({ startedAt }) => startedAt.getTime()),
        )
      expect(latest(left)).toBe(latest(backups))
      // pruning again what is left takes nothing more
      expect(expired(left, rule, 'Europe/Berlin')).toEqual([])
    }),
  )
})
