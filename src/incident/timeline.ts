import type { Transaction } from '../db/index.ts'

export interface TimelineEvent {
  incidentId: string
  /** Past tense: `incident.acknowledged`. */
  kind: string
  actor: string
  /** One sentence for people; redacted. */
  message: string
  data?: Record<string, unknown>
  /** A second entry with the same key for the same incident is not written. */
  dedupKey?: string
}

export async function addTimeline(trx: Transaction, at: Date, event: TimelineEvent): Promise<void> {
  await trx
    .insertInto('timeline_entry')
    .values({
      incident_id: event.incidentId,
      at,
      kind: event.kind,
      actor: event.actor,
      message: event.message,
      data: JSON.stringify(event.data ?? {}),
      dedup_key: event.dedupKey ?? null,
    })
    .onConflict((conflict) => conflict.columns(['incident_id', 'dedup_key']).doNothing())
    .execute()
}
