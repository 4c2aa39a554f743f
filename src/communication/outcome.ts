import { assertNever } from '../base/error.ts'
import type { Transaction } from '../db/index.ts'
import { addTimeline } from '../incident/index.ts'
import type { Sent } from './channels/channel.ts'
import type { Claimed } from './claim.ts'
import { nameOf, queueMessage } from './queue.ts'
import type { Destination } from './queue.ts'

/** A message that could not be sent for a day is of no use any more. */
const GIVE_UP_MS = 86_400_000
/** A message that fails so often while others to the same place pass is itself at fault. */
const MAX_ATTEMPTS_WHILE_OTHERS_PASS = 10
/** The next channel is told after so many tries, sooner for pages and P1. */
const TRIES_BEFORE_FALLBACK = { first: 2, normal: 4 }

/** Writes down what became of a try, and what follows from it, in one commit. */
export async function recordOutcome(
  trx: Transaction,
  at: Date,
  message: Claimed,
  sent: Sent,
  tookMs: number,
): Promise<void> {
  await trx
    .insertInto('message_attempt')
    .values({
      message_id: message.id,
      attempt: message.attempts,
      at,
      took_ms: tookMs,
      outcome: sent.outcome,
      reason: sent.outcome === 'sent' ? null : sent.reason,
    })
    .onConflict((conflict) => conflict.columns(['message_id', 'attempt']).doNothing())
    .execute()
  switch (sent.outcome) {
    case 'sent':
      await finish(trx, message, { state: 'sent', sent_at: at, reference: sent.reference, error: null })
      return noteSuccess(trx, at, message)
    case 'refused':
      await finish(trx, message, { state: 'failed', error: sent.reason })
      await noteFailure(trx, at, message, `it was refused: ${sent.reason}`)
      return tellNext(trx, at, message, sent.reason)
    case 'retry':
      return retryLater(trx, at, message, sent)
    default:
      return assertNever(sent)
  }
}

async function finish(
  trx: Transaction,
  message: Claimed,
  set: { state: string; error: string | null; sent_at?: Date; reference?: string | null },
): Promise<void> {
  await trx
    .updateTable('message')
    .set({ ...set, claimed_at: null })
    .where('id', '=', message.id)
    .where('state', '=', 'pending')
    .execute()
}

async function retryLater(
  trx: Transaction,
  at: Date,
  message: Claimed,
  sent: Extract<Sent, { outcome: 'retry' }>,
): Promise<void> {
  const place = await pauseDestination(trx, at, message, sent)
  const alone = place.sent_at === null || place.sent_at < message.createdAt
  const tooOld = at.getTime() - message.createdAt.getTime() >= GIVE_UP_MS
  if (tooOld || (!alone && message.attempts >= MAX_ATTEMPTS_WHILE_OTHERS_PASS)) {
    await finish(trx, message, { state: 'failed', error: sent.reason })
    await noteFailure(trx, at, message, `given up after ${message.attempts} tries: ${sent.reason}`)
  } else {
    await finish(trx, message, { state: 'pending', error: sent.reason })
  }
  const tries = message.lane === 0 ? TRIES_BEFORE_FALLBACK.first : TRIES_BEFORE_FALLBACK.normal
  if (message.attempts >= tries) await tellNext(trx, at, message, sent.reason)
}

/** Nothing is sent to a destination that failed until its pause is over: one try, not one for each message that waits. */
async function pauseDestination(
  trx: Transaction,
  at: Date,
  message: Destination,
  sent: Extract<Sent, { outcome: 'retry' }>,
): Promise<{ sent_at: Date | null }> {
  const target = message.target ?? ''
  const place = await trx
    .updateTable('destination')
    .set((expression) => ({ failures: expression('failures', '+', 1), error: sent.reason }))
    .where('channel', '=', message.channel)
    .where('target', '=', target)
    .returning(['failures', 'failing_since', 'sent_at'])
    .executeTakeFirst()
  const pause = sent.retryAfterMs ?? pauseMs(place?.failures ?? 1)
  await trx
    .updateTable('destination')
    .set({ open_at: new Date(at.getTime() + pause), set_at: at, failing_since: place?.failing_since ?? at })
    .where('channel', '=', message.channel)
    .where('target', '=', target)
    .execute()
  return { sent_at: place?.sent_at ?? null }
}

/** 1 s, doubling, to 5 min. */
const pauseMs = (failures: number): number => Math.min(300_000, 1_000 * 2 ** Math.min(failures - 1, 9))

async function noteSuccess(trx: Transaction, at: Date, message: Destination): Promise<void> {
  await trx
    .updateTable('destination')
    .set({ failures: 0, failing_since: null, error: null, sent_at: at })
    .where('channel', '=', message.channel)
    .where('target', '=', message.target ?? '')
    .execute()
}

/** Queues the same message for the next place, once. The first one is still tried: it catches up. */
async function tellNext(trx: Transaction, at: Date, message: Claimed, reason: string): Promise<void> {
  const [next, ...rest] = message.fallbacks
  if (next === undefined) return
  await queueMessage(trx, at, {
    incidentId: message.incidentId,
    kind: message.kind,
    channel: next.channel,
    target: next.target,
    body: `${message.body}\n(told here because ${message.channel} did not take it: ${reason.slice(0, 120)})`,
    ...(message.subject === null ? {} : { subject: message.subject }),
    data: message.data,
    lane: message.lane,
    dedupKey: `${message.dedupKey}>${next.channel}:${next.target ?? ''}`.slice(0, 300),
    ...(message.updateKey === null ? {} : { updateKey: message.updateKey }),
    fallbacks: rest,
    ...(message.pageId === null ? {} : { pageId: message.pageId }),
  })
}

async function noteFailure(trx: Transaction, at: Date, message: Claimed, what: string): Promise<void> {
  if (message.incidentId === null) return
  await addTimeline(trx, at, {
    incidentId: message.incidentId,
    kind: 'message.failed',
    actor: 'system:erlmcp',
    message: `${message.kind} to ${nameOf(message)} was not sent: ${what.slice(0, 300)}`,
    data: { messageId: message.id },
  })
}
