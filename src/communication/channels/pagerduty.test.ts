import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { channelContract, channelMessage } from '../../../test/support/channel-contract.ts'
import type { ChannelHarness } from '../../../test/support/channel-contract.ts'
import { fakePagerDuty } from '../../../test/support/fake-pagerduty.ts'
import type { FakePagerDuty } from '../../../test/support/fake-pagerduty.ts'
import { isPagerDutySignature, readPagerDutyWebhook } from './pagerduty-webhook.ts'
import { createPagerDutyChannel, readPagerDutyKey } from './pagerduty.ts'

const KEY = 'R0123456789ABCDEF0123456789ABCDE'

interface Opened extends ChannelHarness {
  service: FakePagerDuty
}

async function open(): Promise<Opened> {
  const service = await fakePagerDuty(KEY)
  return {
    service,
    channel: createPagerDutyChannel({
      routingKeys: { default: KEY, other: `X${KEY.slice(1)}`, rest: 'y_NotAnIntegrationKey' },
      eventsUrl: service.url,
      clientUrl: 'https://erlmcp.example',
      fetch: globalThis.fetch,
      now: () => new Date(),
    }),
    target: null,
    saysRetryAfter: false,
    requests: () =>
      service.requests.map((event) => ({
        text: event.event_action === 'trigger' ? String(event.payload.custom_details?.['text']) : '',
        key: event.dedup_key ?? null,
      })),
    answer: (how) => service.answer(how),
    stop: () => service.stop(),
  }
}

// the key of a page is its incident, so that messages of one incident share it
channelContract('pagerduty', async () => {
  const opened = await open()
  return {
    ...opened,
    channel: {
      ...opened.channel,
      send: (message, signal) =>
        opened.channel.send(
          message.dedupKey === 'other' ? { ...message, incidentId: 'inc_2' } : message,
          signal,
        ),
    },
  }
})

test('one alert follows its incident: triggered, acknowledged, resolved, and open again', async () => {
  const { channel, service, stop } = await open()
  const say = (action: string, incidentId = 'inc_1') =>
    channel.send(
      { ...channelMessage(), incidentId, data: { action, severity: 'P1' } },
      AbortSignal.timeout(5_000),
    )
  await say('trigger')
  await say('trigger')
  expect([...service.alerts]).toEqual([['inc_1', 'triggered']])
  await say('acknowledge')
  expect(service.alerts.get('inc_1')).toBe('acknowledged')
  await say('remind')
  expect(service.alerts.get('inc_1:reminder')).toBe('triggered')
  await say('resolve')
  expect([...service.alerts.values()]).toEqual(['resolved', 'resolved'])
  await say('trigger')
  expect(service.alerts.get('inc_1')).toBe('triggered')
  expect(await say('acknowledge', 'inc_unknown')).toMatchObject({ outcome: 'sent' })
  await stop()
})

test('severities are in PagerDuty words, long texts are cut, and what is no page goes elsewhere', async () => {
  const { channel, service, stop } = await open()
  const signal = AbortSignal.timeout(5_000)
  for (const severity of ['P1', 'P2', 'P3', 'P4', 'what'])
    await channel.send(
      { ...channelMessage(), subject: '🚨'.repeat(2_000), data: { action: 'trigger', severity } },
      signal,
    )
  expect(
    service.requests.map((event) => (event.event_action === 'trigger' ? event.payload.severity : '')),
  ).toEqual(['critical', 'error', 'warning', 'info', 'error'])
  const update = { ...channelMessage(), kind: 'status-update', lane: 5, data: {} }
  expect(await channel.send(update, signal)).toMatchObject({ outcome: 'refused', reason: /no page/ })
  await stop()
})

test.each([
  ['nowhere', /no routing key nowhere is configured \(there are: default, other, rest\)/],
  ['rest', /has 21 characters; an integration key .* has 32/],
  ['other', /refuses the event .*Invalid routing key/],
])('trying out %s says what is wrong, and never the key', async (target, words) => {
  const { channel, service, stop } = await open()
  const findings = (await channel.check?.(target, AbortSignal.timeout(5_000))) ?? []
  expect(findings.at(-1)).toMatchObject({ ok: false, said: expect.stringMatching(words) })
  expect(JSON.stringify(findings)).not.toContain(KEY.slice(1))
  expect(service.alerts.size).toBe(0)
  await stop()
})

test.each([
  ['inc_01', { incidentId: 'inc_01', reminder: false }],
  ['inc_01:reminder', { incidentId: 'inc_01', reminder: true }],
  ['somebody-elses', null],
  ['', null],
])('the key %s is read as %o', (key, expected) => {
  expect(readPagerDutyKey(key)).toEqual(expected)
})

test('a webhook is taken with either signature while a secret is replaced, over the bytes as they came', () => {
  const body = Buffer.from('{"event": {"id": "01"}}')
  const sign = (secret: string): string => `v1=${createHmac('sha256', secret).update(body).digest('hex')}`
  expect(isPagerDutySignature(['new', 'old'], `${sign('x')}, ${sign('old')}`, body)).toBe(true)
  expect(isPagerDutySignature(['new'], `${sign('old')},${sign('new')}`, body)).toBe(true)
  expect(isPagerDutySignature(['new'], sign('old'), body)).toBe(false)
  expect(isPagerDutySignature(['new'], undefined, body)).toBe(false)
  expect(isPagerDutySignature([], sign(''), body)).toBe(false)
  expect(isPagerDutySignature(['new'], sign('new'), Buffer.from('{"event":{"id":"01"}}'))).toBe(false)
})

const news = (type: string, agent: unknown, key: unknown = 'inc_1'): Buffer =>
  Buffer.from(
    JSON.stringify({ event: { id: '01', event_type: type, agent, data: { incident_key: key, more: 1 } } }),
  )
const ADA = { id: 'PADA', type: 'user_reference', summary: 'Ada' }

test.each([
  ['a person acknowledges', news('incident.acknowledged', ADA), 'acknowledge'],
  ['a person resolves', news('incident.resolved', ADA), 'resolve'],
  [
    'an integration resolves: our own echo',
    news('incident.resolved', { ...ADA, type: 'service_reference' }),
    null,
  ],
  ['nobody is named', news('incident.acknowledged', null), null],
  ['something else happens', news('incident.annotated', ADA), null],
  ['it was not triggered by a key', news('incident.acknowledged', ADA, null), null],
  ['it is no JSON', Buffer.from('{'), null],
])('when %s, it is read so', (_what, body, action) => {
  expect(readPagerDutyWebhook(body)?.action ?? null).toBe(action)
})
