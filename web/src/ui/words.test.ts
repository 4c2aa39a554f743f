import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Rehearsal } from '../api/pages.ts'
import { bytesOf, encoded, sizeText } from '../incident/encode.ts'
import { shortTitle } from '../incident/words.ts'
import { gridOf, shareOf } from '../rehearsals/grid.ts'
import { lengthText } from '../reviews/words.ts'
import { pageAddress } from '../runbooks/address.ts'
import { agentText, grantText } from '../settings/model.ts'
import { numberText } from './number.ts'

test('bytes that are attached come back as they were', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 70_000 }), (bytes) => {
      expect(bytesOf(encoded(bytes))).toEqual(bytes)
    }),
    { numRuns: 20 },
  )
})

test.each([
  [null, 'not yet'],
  [59, '59 s'],
  [240, '4 min'],
  [260, '4 min 20 s'],
  [7_260, '2 h 1 min'],
])('%s seconds are read as %s', (seconds, text) => {
  expect(lengthText(seconds)).toBe(text)
})

test('numbers and sizes have their unit', () => {
  expect(numberText(0.085, 'ratio')).toBe('8.5 %')
  expect(numberText(0.25, 'seconds')).toBe('250 ms')
  expect(sizeText(2_202_010)).toBe('2.1 MB')
})

test('the title of an option keeps what is read first', () => {
  expect(shortTitle('Option 1: Roll back (if a release was deployed)')).toBe('Roll back')
})

test('a role says where it holds, and a browser what it is', () => {
  expect(grantText({ role: 'lead', scope: { team: 'payments' } })).toBe('lead where team=payments')
  expect(agentText('Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36')).toBe(
    'Chrome, Linux',
  )
})

test('an address of a page survives whatever its path holds', () => {
  const query = new URL(pageAddress({ path: 'a b/c&d=#e.md' }, 7), 'http://x').searchParams
  expect(query.get('path')).toBe('a b/c&d=#e.md')
  expect(query.get('line')).toBe('7')
})

const one = (scenario: string, at: string, more: Partial<Rehearsal> = {}): Rehearsal => ({
  id: `${scenario} ${at}`,
  scenario,
  target: 'sandbox',
  page: 'p.md',
  procedure: 'p',
  commit: null,
  at,
  passed: true,
  reason: '',
  severity: 'P2',
  responseTimeSeconds: 900,
  secondsToAcknowledge: 1,
  secondsToMitigate: 450,
  secondsToResolve: 500,
  commands: 1,
  ...more,
})

test('scenarios stand one below the other, their results by time', () => {
  const rows = gridOf([one('b', '2026-02'), one('a', '2026-01'), one('b', '2026-01')])
  expect(rows.map(({ scenario, results }) => [scenario, results.map(({ at }) => at)])).toEqual([
    ['a', ['2026-01']],
    ['b', ['2026-01', '2026-02']],
  ])
  expect(shareOf(one('a', 'x'))).toBe(0.5)
  expect(shareOf(one('a', 'x', { secondsToMitigate: null }))).toBeNull()
})
