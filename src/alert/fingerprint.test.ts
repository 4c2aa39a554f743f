import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { fingerprintOf } from './fingerprint.ts'

const recordings = path.resolve('../shared/fixtures/alertmanager')

interface Recorded {
  alerts: { labels: Record<string, string>; fingerprint: string }[]
}

test('no labels at all have the offset of FNV-1a as their fingerprint', () => {
  expect(fingerprintOf({})).toBe('cbf29ce484222325')
})

test('the order of labels does not matter, their values do', () => {
  expect(fingerprintOf({ b: '2', a: '1' })).toBe(fingerprintOf({ a: '1', b: '2' }))
  expect(fingerprintOf({ a: '1' })).not.toBe(fingerprintOf({ a: '2' }))
  expect(fingerprintOf({ ab: 'c' })).not.toBe(fingerprintOf({ a: 'bc' }))
})

test.skipIf(!existsSync(recordings))(
  'equals what a real Alertmanager computed, for every recorded alert',
  () => {
    let compared = 0
    for (const file of readdirSync(recordings).filter((name) => name.startsWith('am-'))) {
      const body = JSON.parse(readFileSync(path.join(recordings, file), 'utf8')) as Recorded
      for (const alert of body.alerts) {
        expect(fingerprintOf(alert.labels)).toBe(alert.fingerprint)
        compared += 1
      }
    }
    expect(compared).toBeGreaterThan(1_000)
  },
)
