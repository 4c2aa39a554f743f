import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { AppError } from '../../base/error.ts'
import { readAlertmanagerWebhook } from './alertmanager.ts'

const webhook = (change: Record<string, unknown> = {}) => ({
  version: '4',
  groupKey: '{}/{team="a"}:{alertname="X"}',
  status: 'firing',
  receiver: 'erlmcp',
  groupLabels: { alertname: 'X', service: 'orders' },
  alerts: [
    {
      status: 'firing',
      labels: { alertname: 'X', service: 'orders' },
      annotations: {},
      startsAt: '2026-11-23T16:22:54.332Z',
      endsAt: '0001-01-01T00:00:00Z',
      fingerprint: '96ff5484f970dae4',
    },
  ],
  ...change,
})

const codeOf = (body: unknown): string => {
  try {
    readAlertmanagerWebhook(body)
    return 'accepted'
  } catch (error) {
    return error instanceof AppError ? error.code : 'thrown'
  }
}

test('a firing alert has no end: Alertmanager writes year 1 for it', () => {
  expect(readAlertmanagerWebhook(webhook()).alerts[0]?.endsAt).toBeNull()
})

test('fields that newer versions add are no reason to refuse', () => {
  expect(codeOf(webhook({ notification_reason: 'first notification', routeLabels: { a: 'b' } }))).toBe(
    'accepted',
  )
})

test('a group keeps its identity when somebody edits the route', () => {
  const before = readAlertmanagerWebhook(webhook())
  const after = readAlertmanagerWebhook(webhook({ groupKey: '{}/{team="b"}:{alertname="X"}' }))
  expect(after.alerts[0]?.groupKey).toBe(before.alerts[0]?.groupKey)
})

test('another version of the webhook is refused by name', () => {
  expect(codeOf(webhook({ version: '3' }))).toBe('unsupported')
})

test.each([
  null,
  [],
  'text',
  {},
  webhook({ alerts: 'many' }),
  webhook({ alerts: [{ status: 'on' }] }),
  webhook({ status: 'unknown' }),
  webhook({ alerts: [{ status: 'firing', labels: {}, startsAt: 'yesterday', fingerprint: 'a' }] }),
  webhook({ alerts: [{ status: 'firing', labels: {}, startsAt: '2026-11-23T16:22:54Z', fingerprint: '' }] }),
])('a body that does not fit is refused, not half accepted (%#)', (body) => {
  expect(codeOf(body)).toBe('input_invalid')
})

const recordings = path.resolve('../shared/fixtures/alertmanager')
test.skipIf(!existsSync(recordings))('every recorded webhook of a real Alertmanager is read', () => {
  const files = readdirSync(recordings).filter((file) => file.startsWith('am-'))
  expect(files.length).toBeGreaterThan(10)
  for (const file of files) {
    const batch = readAlertmanagerWebhook(JSON.parse(readFileSync(path.join(recordings, file), 'utf8')))
    expect(batch.alerts.length).toBeGreaterThan(0)
    if (file.includes('truncated')) expect(batch.truncated?.leftOut).toBe(3)
  }
})
