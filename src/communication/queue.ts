import { sql } from 'kysely'
import { newId } from '../base/id.ts'
import type { Transaction } from '../db/index.ts'
import { addTimeline } from '../incident/index.ts'

/** 0: pages and everything of a P1. */
export const LANES = { first: 0, normal: 5 } as const

/** Messages that may wait for one destination; beyond, what is no page and no P1 is dropped, visibly. */
const MAX_WAITING = 1_000

export interface Destination {
  channel: string
  target: string | null
}

export interface OutgoingMessage extends Destination {
  /** `null`: it belongs to no incident. */
  incidentId: string | null
  kind: string
  body: string
  /** One message for one key, however often it is queued. At most 300 characters. */
  dedupKey: string
  /** One line. */
  subject?: string
  /** Facts for channels that draw or act by themselves; redacted. */
  data?: Readonly<Record<string, unknown>>
  /** Default `LANES.normal`. */
  lane?: number
  /**
   * Versions of one message have one key (`card:INC-7`): a newer one replaces the text of one that waits, and edits the one
   * that was sent where the channel can.
   */
  updateKey?: string
  /** The `updateKey` of the message in whose thread this belongs. */
  threadKey?: string
  /** Where it goes as well when its destination is down or refuses, in this order. */
  fallbacks?: readonly Destination[]
  /** The escalation page that it carries; it is not sent once that is withdrawn. */
  pageId?: string
  /** It gets no timeline entry of its own, because what it tells has one. Default false. */
  quiet?: boolean
}

/**
 * Puts a message into the outbox in the transaction of what it tells.
 * @returns its id, or `null` when its key was queued before.
 */
export async function queueMessage(
  trx: Transaction,
  at: Date,
  message: OutgoingMessage,
): Promise<string | null> {
  const known = await trx
    .selectFrom('message')
    .select('id')
    .where('dedup_key', '=', message.dedupKey)
    .executeTakeFirst()
  if (known !== undefined) return null
  const waiting = message.updateKey === undefined ? null : await supersede(trx, message, message.updateKey)
  const full = waiting === null && message.lane !== LANES.first && (await isFull(trx, message))
  const inserted = await trx
    .insertInto('message')
    .values({
      id: newId('msg'),
      incident_id: message.incidentId,
      kind: message.kind,
      channel: message.channel,
      target: message.target,
      subject: message.subject ?? null,
      body: message.body,
      data: JSON.stringify(message.data ?? {}),
      state: full ? 'dropped' : 'pending',
      lane: message.lane ?? LANES.normal,
      created_at: at,
      next_attempt_at: at,
      error: full ? `${MAX_WAITING} messages wait for ${nameOf(message)} already` : null,
      dedup_key: message.dedupKey,
      update_key: message.updateKey ?? null,
      thread_key: message.threadKey ?? null,
      fallbacks: JSON.stringify(message.fallbacks ?? []),
      page_id: message.pageId ?? null,
      reference: null,
      // it keeps the place of the one that it replaces
      ...(waiting === null ? {} : { seq: waiting }),
    })
    .onConflict((conflict) => conflict.column('dedup_key').doNothing())
    .returning('id')
    .executeTakeFirst()
  if (inserted === undefined) return null
  if (message.incidentId !== null && waiting === null && message.quiet !== true) {
    await addTimeline(trx, at, {
      incidentId: message.incidentId,
      kind: 'message.queued',
      actor: 'system:erlmcp',
      message: `${message.kind} to ${nameOf(message)}${full ? ' was dropped: its queue is full' : ''}`,
      data: { body: message.body },
    })
  }
  return inserted.id
}

/** `slack #incidents`. */
export const nameOf = ({ channel, target }: Destination): string =>
  `${channel}${target === null ? '' : ` ${target}`}`

/** Takes back a version that nobody has begun to send. @returns its place in the queue, or `null`. */
async function supersede(
  trx: Transaction,
  message: OutgoingMessage,
  updateKey: string,
): Promise<string | null> {
  const replaced = await trx
    .updateTable('message')
    .set({ state: 'superseded', error: 'a newer text took its place' })
    .where('update_key', '=', updateKey)
    .where('channel', '=', message.channel)
    .where('target', 'is not distinct from', message.target)
    .where('state', '=', 'pending')
    .where('claimed_at', 'is', null)
    .returning('seq')
    .execute()
  return replaced[0]?.seq ?? null
}

async function isFull(trx: Transaction, { channel, target }: Destination): Promise<boolean> {
  const { rows } = await sql`
    select 1 from message where state = 'pending' and channel = ${channel} and coalesce(target, '') = ${target ?? ''}
    offset ${MAX_WAITING - 1} limit 1`.execute(trx)
  return rows.length > 0
}
