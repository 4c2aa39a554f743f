import type { Transaction } from '../db/index.ts'

export interface DutyEvent {
  /** A change, window or rollout. */
  subject: string
  /** Past tense: `change.applied`. */
  kind: string
  actor: string
  /** One sentence for people; redacted. */
  message: string
  data?: Record<string, unknown>
  /** A second entry with the same key for the same subject is not written. */
  dedupKey?: string
}

/** What happened to a change or a window. */
export async function addDutyEvent(trx: Transaction, at: Date, event: DutyEvent): Promise<void> {
  await trx
    .insertInto('duty_event')
    .values({
      subject: event.subject,
      at,
      kind: event.kind,
      actor: event.actor,
      message: event.message,
      data: JSON.stringify(event.data ?? {}),
      dedup_key: event.dedupKey ?? null,
    })
    .onConflict((conflict) => conflict.columns(['subject', 'dedup_key']).doNothing())
    .execute()
}
