import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { readPostedAlerts } from './prometheus.ts'

const recording = path.resolve(
  '../shared/fixtures/alertmanager/prometheus-3.5.3-to-alertmanager-api-v2-post.json',
)
const NOW = new Date('2026-11-23T16:35:00Z')
const posted = (change: Record<string, unknown> = {}) => [
  { labels: { alertname: 'X', job: 'a', empty: '' }, startsAt: '2026-11-23T16:33:01.578Z', ...change },
]

test('an end to come is how long the word holds, one that has passed is the end', () => {
  const [firing] = readPostedAlerts(posted({ endsAt: '2026-11-23T16:37:01Z' }), [], NOW).alerts
  expect(firing).toMatchObject({
    status: 'firing',
    endsAt: null,
    expiresAt: new Date('2026-11-23T16:37:01Z'),
  })
  const [over] = readPostedAlerts(posted({ endsAt: '2026-11-23T16:34:00Z' }), [], NOW).alerts
  expect(over).toMatchObject({
    status: 'resolved',
    endsAt: new Date('2026-11-23T16:34:00Z'),
    expiresAt: null,
  })
  const [open] = readPostedAlerts(posted({ endsAt: '0001-01-01T00:00:00Z' }), [], NOW).alerts
  expect(open).toMatchObject({ status: 'firing', endsAt: null, expiresAt: null })
})

test('an empty label is no label, and alerts are grouped by the labels that they have', () => {
  const [alert] = readPostedAlerts(posted(), ['alertname', 'cluster', 'empty'], NOW).alerts
  expect(alert?.labels).toEqual({ alertname: 'X', job: 'a' })
  expect(alert?.groupKey).toBe('{"alertname":"X"}')
})

test.skipIf(!existsSync(recording))('a recorded post of a real Prometheus is read', () => {
  const [alert] = readPostedAlerts(JSON.parse(readFileSync(recording, 'utf8')), ['alertname'], NOW).alerts
  expect(alert).toMatchObject({ name: 'ErlmcpUp', status: 'firing' })
})
