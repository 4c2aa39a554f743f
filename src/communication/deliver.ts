import { messageOf } from '../base/error.ts'
import type { Database } from '../db/index.ts'
import { withTransaction } from '../db/index.ts'
import type { Channel, ChannelMessage, Sent } from './channels/channel.ts'
import { claimMessages } from './claim.ts'
import type { Claimed } from './claim.ts'
import { recordOutcome } from './outcome.ts'
import { trimBody } from './trim.ts'

const SEND_TIMEOUT_MS = 10_000

export interface DeliverDeps {
  database: Database
  channels: readonly Channel[]
  now: () => Date
  /** Told of faults of the database while an outcome is written. */
  onFault?(error: unknown): void
}

/** Tries of one channel at the same time: one that hangs leaves the others their way. */
const MAX_AT_ONCE = 8

export interface Deliverer {
  /** Begins to send what is due: one message for each destination that is open. @returns how many it began. */
  look(): Promise<number>
  /** Resolves when nothing is being sent. */
  idle(): Promise<void>
  /** Cuts off what is being sent; it is sent again later, with the same id and key. */
  stop(): Promise<void>
}

/**
 * Sends what waits in the outbox. A try is claimed in one commit and its outcome recorded in another; a process that dies
 * between them leaves a message that is sent again after 15 s with the same id and key.
 */
export function createDeliverer(deps: DeliverDeps): Deliverer {
  const stopping = new AbortController()
  const sending = new Map<string, { channel: string; done: Promise<void> }>()
  const begin = (message: Claimed): void => {
    const done = deliver(deps, message, stopping.signal)
      // an outcome that could not be written: the claim runs out, and it is sent again
      .catch((error: unknown) => deps.onFault?.(error))
      .finally(() => sending.delete(message.id))
    sending.set(message.id, { channel: message.channel, done })
  }
  const busy = (): string[] =>
    deps.channels
      .map((channel) => channel.name)
      .filter((name) => [...sending.values()].filter((one) => one.channel === name).length >= MAX_AT_ONCE)
  const idle = async (): Promise<void> => {
    await Promise.all([...sending.values()].map((one) => one.done))
  }
  return {
    async look() {
      // most looks find nothing: one statement for these
      const waiting = await deps.database.kysely
        .selectFrom('message')
        .select('id')
        .where('state', '=', 'pending')
        .limit(1)
        .executeTakeFirst()
      if (waiting === undefined) return 0
      const claimed = await withTransaction(deps.database, (trx) =>
        claimMessages(trx, deps.now(), deps.channels, MAX_AT_ONCE, busy()),
      )
      for (const message of claimed) begin(message)
      return claimed.length
    },
    idle,
    async stop() {
      stopping.abort(new Error('erlmcp stops'))
      await idle()
    },
  }
}

/** One look, to its end. @returns how many it tried to send. */
export async function deliverMessages(deps: DeliverDeps): Promise<number> {
  const deliverer = createDeliverer(deps)
  const tried = await deliverer.look()
  await deliverer.idle()
  return tried
}

async function deliver(deps: DeliverDeps, message: Claimed, stop: AbortSignal): Promise<void> {
  const startedAt = performance.now()
  const channel = deps.channels.find((candidate) => candidate.name === message.channel)
  const sent: Sent =
    channel === undefined
      ? { outcome: 'refused', reason: `no channel ${message.channel} is configured` }
      : await trySend(channel, await toChannel(deps, message, channel), stop)
  const tookMs = Math.round(performance.now() - startedAt)
  await withTransaction(deps.database, (trx) => recordOutcome(trx, deps.now(), message, sent, tookMs))
}

async function trySend(channel: Channel, message: ChannelMessage, stop: AbortSignal): Promise<Sent> {
  const timeout = AbortSignal.timeout(SEND_TIMEOUT_MS)
  const signal = AbortSignal.any([timeout, stop])
  try {
    return await untilAborted(channel.send(message, signal), signal)
  } catch (error) {
    const reason = timeout.aborted ? `no answer within ${SEND_TIMEOUT_MS / 1_000} s` : messageOf(error)
    return { outcome: 'retry', reason: reason.slice(0, 500), retryAfterMs: null }
  }
}

/** A channel that ignores its signal holds up nobody. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let forget = (): void => undefined
  const aborted = new Promise<never>((_resolve, reject) => {
    const onAbort = (): void => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'))
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
    forget = () => signal.removeEventListener('abort', onAbort)
  })
  try {
    return await Promise.race([work, aborted])
  } finally {
    forget()
  }
}

async function toChannel(deps: DeliverDeps, message: Claimed, channel: Channel): Promise<ChannelMessage> {
  return {
    id: message.id,
    dedupKey: message.dedupKey,
    incidentId: message.incidentId,
    kind: message.kind,
    target: message.target,
    subject: message.subject,
    body: trimBody(message.body, channel.limits.maxBodyCharacters),
    data: message.data,
    lane: message.lane,
    replaces: await referenceOf(deps.database, message, message.updateKey),
    parent: await referenceOf(deps.database, message, message.threadKey),
  }
}

/** What the channel called the latest message with this key at this destination. */
async function referenceOf(database: Database, message: Claimed, key: string | null): Promise<string | null> {
  if (key === null) return null
  const row = await database.kysely
    .selectFrom('message')
    .select('reference')
    .where('update_key', '=', key)
    .where('channel', '=', message.channel)
    .where('target', 'is not distinct from', message.target)
    .where('state', '=', 'sent')
    .where('reference', 'is not', null)
    .orderBy('seq', 'desc')
    .orderBy('sent_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.reference ?? null
}
