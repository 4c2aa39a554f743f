import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createDeliverer, deliverMessages, LANES, queueMessage } from '../../src/communication/index.ts'
import type { Channel, ChannelMessage, OutgoingMessage, Sent } from '../../src/communication/index.ts'
import { withTransaction } from '../../src/db/index.ts'
import { declareIncident } from '../../src/incident/index.ts'
import { testDatabase } from '../support/database.ts'
import type { TestDatabase } from '../support/database.ts'

let store: TestDatabase
let at: Date
let received: { channel: string; message: ChannelMessage }[]
let answers: Record<string, (message: ChannelMessage) => Sent | Promise<Sent>>

const taken: Sent = { outcome: 'sent', reference: null }
const away: Sent = { outcome: 'retry', reason: 'HTTP 503', retryAfterMs: null }
const channelOf = (name: string): Channel => ({
  name,
  limits: { perSecond: 1, maxBodyCharacters: 1_000 },
  async send(message) {
    received.push({ channel: name, message })
    return (answers[name] ?? (() => ({ outcome: 'sent', reference: `ref-${message.id}` })))(message)
  },
})
const channels = [channelOf('chat'), channelOf('mail')]
const deliver = () => deliverMessages({ database: store.database, channels, now: () => at })
const move = (ms: number): void => {
  at = new Date(at.getTime() + ms)
}
/** Delivers for so many seconds, as the duty does. */
const runFor = async (seconds: number): Promise<void> => {
  for (let second = 0; second < seconds; second += 1) {
    await deliver()
    move(1_000)
  }
}
let incidents = 0
const declare = (): Promise<string> =>
  withTransaction(store.database, async (trx) => {
    incidents += 1
    const { incidentId } = await declareIncident(trx, at, {
      source: 'test',
      groupKey: `outbox-${incidents}`,
      title: 'Checkout fails',
      severity: 'P2',
      service: null,
      alertName: null,
      labels: {},
      annotations: {},
    })
    return incidentId
  })
const queue = (message: Partial<OutgoingMessage> & { dedupKey: string }): Promise<string | null> =>
  withTransaction(store.database, (trx) =>
    queueMessage(trx, at, {
      incidentId: null,
      kind: 'status-update',
      channel: 'chat',
      target: '#incidents',
      body: message.dedupKey,
      ...message,
    }),
  )
const bodies = (channel = 'chat'): string[] =>
  received.filter((one) => one.channel === channel).map((one) => one.message.body)

beforeAll(async () => {
  store = await testDatabase()
})
afterAll(() => store.drop())
beforeEach(async () => {
  at = new Date('2026-03-01T10:00:00Z')
  received = []
  answers = {}
  await store.database.kysely.deleteFrom('message_attempt').execute()
  await store.database.kysely.deleteFrom('message').execute()
  await store.database.kysely.deleteFrom('destination').execute()
})

test('a place gets one message a second, in order; other places do not wait for it', async () => {
  for (const n of [1, 2, 3]) await queue({ dedupKey: `a${n}` })
  await queue({ dedupKey: 'b1', target: '#other' })
  expect(await deliver()).toBe(2)
  expect(await deliver()).toBe(0)
  move(1_000)
  expect(await deliver()).toBe(1)
  await runFor(3)
  expect(bodies()).toEqual(expect.arrayContaining(['a1', 'b1', 'a2', 'a3']))
  expect(bodies().filter((body) => body.startsWith('a'))).toEqual(['a1', 'a2', 'a3'])
})

test('a page goes before everything that waits', async () => {
  for (const n of [1, 2, 3]) await queue({ dedupKey: `update ${n}` })
  await queue({ dedupKey: 'page', kind: 'page', lane: LANES.first })
  await runFor(2)
  expect(bodies()).toEqual(['page', 'update 1'])
})

test('messages of one incident to one place never overtake each other, not even into the first lane', async () => {
  const incidentId = await declare()
  answers['chat'] = (message) => (message.body === 'first' && received.length < 3 ? away : taken)
  await queue({ dedupKey: 'first', incidentId })
  await queue({ dedupKey: 'second', incidentId, lane: LANES.first })
  await runFor(20)
  expect(bodies()).toEqual(['first', 'first', 'first', 'second'])
})

test('edits that wait become one; an edit of what was sent knows what it replaces', async () => {
  const incidentId = await declare()
  const card = (n: number) => queue({ dedupKey: `card ${n}`, updateKey: 'card:INC-1', incidentId })
  await card(1)
  await card(2)
  await card(3)
  await runFor(5)
  expect(bodies()).toEqual(['card 3'])
  const first = received[0]?.message
  await card(4)
  await card(5)
  await queue({ dedupKey: 'detail', threadKey: 'card:INC-1', incidentId })
  await runFor(5)
  expect(bodies()).toEqual(['card 3', 'card 5', 'detail'])
  expect(received[1]?.message.replaces).toBe(`ref-${first?.id}`)
  expect(received[2]?.message.parent).toBe(`ref-${received[1]?.message.id}`)
  const states = await store.database.kysely
    .selectFrom('message')
    .select(['dedup_key', 'state'])
    .orderBy('created_at')
    .execute()
  expect(
    states
      .filter((row) => row.state === 'superseded')
      .map((row) => row.dedup_key)
      .toSorted(),
  ).toEqual(['card 1', 'card 2', 'card 4'])
})

test('a key that was queued before is queued no second time, whatever became of it', async () => {
  expect(await queue({ dedupKey: 'once' })).not.toBeNull()
  expect(await queue({ dedupKey: 'once' })).toBeNull()
  await runFor(2)
  expect(await queue({ dedupKey: 'once' })).toBeNull()
  await runFor(2)
  expect(bodies()).toEqual(['once'])
})

test('a place that is away is asked ever less often, and afterwards catches up in order, one a second', async () => {
  answers['chat'] = () => away
  for (const n of [1, 2, 3, 4, 5]) await queue({ dedupKey: `m${n}` })
  await runFor(60)
  expect(bodies().length).toBeLessThan(10)
  expect(new Set(bodies()).size).toBeLessThanOrEqual(2)
  delete answers['chat']
  move(300_000)
  received = []
  await runFor(3)
  expect(received).toHaveLength(3)
  await runFor(10)
  expect(bodies().toSorted()).toEqual(['m1', 'm2', 'm3', 'm4', 'm5'])
})

test('what the service asks for is waited for', async () => {
  answers['chat'] = () =>
    received.length === 1 ? { outcome: 'retry', reason: 'HTTP 429', retryAfterMs: 30_000 } : taken
  await queue({ dedupKey: 'x' })
  await runFor(29)
  expect(received).toHaveLength(1)
  await runFor(3)
  expect(received).toHaveLength(2)
})

test('a refused message is never tried again, and the next channel is told at once', async () => {
  const incidentId = await declare()
  answers['chat'] = () => ({ outcome: 'refused', reason: 'HTTP 404: channel_not_found' })
  const fallbacks = [{ channel: 'mail', target: 'ops@example.com' }]
  await queue({ dedupKey: 'page', kind: 'page', incidentId, lane: LANES.first, fallbacks })
  await runFor(30)
  expect(bodies('chat')).toEqual(['page'])
  expect(bodies('mail')).toEqual([expect.stringContaining('channel_not_found')])
  const told = await store.database.kysely
    .selectFrom('timeline_entry')
    .select('message')
    .where('incident_id', '=', incidentId)
    .where('kind', '=', 'message.failed')
    .execute()
  expect(told.map((row) => row.message)).toEqual([expect.stringContaining('chat #incidents was not sent')])
})

test('while a channel is away people are told on the next one, once, and the first one still catches up', async () => {
  answers['chat'] = () => away
  const fallbacks = [{ channel: 'mail', target: 'ops@example.com' }]
  await queue({ dedupKey: 'page', kind: 'page', lane: LANES.first, fallbacks })
  await runFor(120)
  expect(bodies('mail')).toHaveLength(1)
  delete answers['chat']
  move(300_000)
  received = []
  await runFor(3)
  expect(bodies('chat')).toEqual(['page'])
  expect(bodies('mail')).toEqual([])
})

test('a message that always fails while others pass is given up', async () => {
  answers['chat'] = (message) => (message.body === 'poison' ? away : taken)
  await queue({ dedupKey: 'poison' })
  for (let n = 0; n < 12; n += 1) {
    await queue({ dedupKey: `m${n}` })
    await runFor(8)
  }
  const row = await store.database.kysely
    .selectFrom('message')
    .select(['state', 'attempts'])
    .where('dedup_key', '=', 'poison')
    .executeTakeFirstOrThrow()
  expect(row).toMatchObject({ state: 'failed', attempts: 10 })
  expect(new Set(bodies()).size).toBe(13)
})

test('a message whose sender died is sent again after 15 s under the same key, and its attempts are kept', async () => {
  await queue({ dedupKey: 'x' })
  let arrived = (): void => undefined
  const sending = new Promise<void>((resolve) => {
    arrived = resolve
  })
  answers['chat'] = () => {
    arrived()
    return new Promise<Sent>(() => undefined)
  }
  const stuck = createDeliverer({ database: store.database, channels, now: () => at })
  await stuck.look()
  await sending
  // the first process is stuck; to the others it looks dead
  answers['chat'] = () => taken
  move(14_000)
  await deliver()
  expect(received).toHaveLength(1)
  move(2_000)
  await deliver()
  expect(received).toHaveLength(2)
  expect(received[1]?.message.dedupKey).toBe(received[0]?.message.dedupKey)
  await stuck.stop()
  const row = await store.database.kysely.selectFrom('message').select('state').executeTakeFirstOrThrow()
  expect(row.state).toBe('sent')
})

test('a clock that is put back holds up nothing', async () => {
  await queue({ dedupKey: 'x' })
  await deliver()
  move(-3_600_000)
  await queue({ dedupKey: 'y' })
  await deliver()
  expect(bodies()).toEqual(['x', 'y'])
})

test('a channel that hangs holds up no other', async () => {
  answers['chat'] = () => new Promise<Sent>(() => undefined)
  const deliverer = createDeliverer({ database: store.database, channels, now: () => at })
  for (let n = 0; n < 20; n += 1) await queue({ dedupKey: `stuck${n}`, target: `#room-${n}` })
  while ((await deliverer.look()) > 0);
  await expect.poll(() => bodies('chat')).toHaveLength(8)
  await queue({ dedupKey: 'page', channel: 'mail', target: 'ada@example.com' })
  expect(await deliverer.look()).toBe(1)
  await expect.poll(() => bodies('mail')).toEqual(['page'])
  await deliverer.stop()
})

test('two processes that deliver at the same time send each message once', async () => {
  for (let n = 0; n < 30; n += 1) await queue({ dedupKey: `m${n}`, target: `#room-${n % 10}` })
  for (let second = 0; second < 4; second += 1) {
    await Promise.all([deliver(), deliver(), deliver()])
    move(1_000)
  }
  expect(bodies().toSorted()).toEqual(Array.from({ length: 30 }, (_, n) => `m${n}`).toSorted())
})

test('a full queue drops what is no page, says so, and still takes a page', async () => {
  const incidentId = await declare()
  await sql`
    insert into message (id, kind, channel, target, body, state, created_at, next_attempt_at, dedup_key)
    select 'full' || n, 'status-update', 'chat', '#full', 'x', 'pending', ${at}, ${at}, 'full' || n
    from generate_series(1, 1000) n`.execute(store.database.kysely)
  await queue({ dedupKey: 'late', target: '#full', incidentId })
  await queue({ dedupKey: 'page', target: '#full', kind: 'page', lane: LANES.first, incidentId })
  const rows = await store.database.kysely
    .selectFrom('message')
    .select(['dedup_key', 'state'])
    .where('dedup_key', 'in', ['late', 'page'])
    .orderBy('dedup_key')
    .execute()
  expect(rows).toEqual([
    { dedup_key: 'late', state: 'dropped' },
    { dedup_key: 'page', state: 'pending' },
  ])
})
