import { newId } from '../base/id.ts'
import type { Transaction } from '../db/index.ts'
import { addTimeline } from '../incident/index.ts'

export interface OutgoingMessage {
  incidentId: string
  kind: string
  channel: string
  target: string | null
  body: string
  /** One message for one key, however often it is queued. */
  dedupKey: string
}

/** Puts a message into the outbox in the transaction of what it tells. */
export async function queueMessage(trx: Transaction, at: Date, message: OutgoingMessage): Promise<void> {
  const inserted = await trx
    .insertInto('message')
    .values({
      id: newId('msg'),
      incident_id: message.incidentId,
      kind: message.kind,
      channel: message.channel,
      target: message.target,
      body: message.body,
      state: 'pending',
      created_at: at,
      next_attempt_at: at,
      error: null,
      dedup_key: message.dedupKey,
    })
    .onConflict((conflict) => conflict.column('dedup_key').doNothing())
    .returning('id')
    .executeTakeFirst()
  if (inserted === undefined) return
  await addTimeline(trx, at, {
    incidentId: message.incidentId,
    kind: 'message.queued',
    actor: 'system:erlmcp',
    message: `${message.kind} to ${message.channel}${message.target === null ? '' : ` ${message.target}`}`,
    data: { body: message.body },
  })
}
