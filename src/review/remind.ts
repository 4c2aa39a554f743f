import type { Destination } from '../communication/index.ts'
import { queueMessage } from '../communication/index.ts'
import type { Database } from '../db/index.ts'
import { withTransaction } from '../db/index.ts'

const A_DAY_MS = 86_400_000

/**
 * Tells the leads once a day of each review that break-glass demands and nobody has completed, beginning a day after it.
 * @returns how many were told of.
 */
export async function remindOfOwedReviews(
  database: Database,
  at: Date,
  leads: readonly Destination[],
): Promise<number> {
  const before = new Date(at.getTime() - A_DAY_MS)
  return withTransaction(database, async (trx) => {
    const owed = await trx
      .selectFrom('review_demand')
      .innerJoin('incident', 'incident.id', 'review_demand.incident_id')
      .leftJoin('review_text', 'review_text.incident_id', 'review_demand.incident_id')
      .select(['review_demand.incident_id', 'review_demand.reason', 'incident.number', 'incident.title'])
      .where('review_text.completed_at', 'is', null)
      .where('demanded_at', '<', before)
      .where((or) => or.or([or('reminded_at', 'is', null), or('reminded_at', '<', before)]))
      .orderBy('demanded_at')
      .limit(50)
      // another replica that looks at the same moment passes by
      .forUpdate('review_demand')
      .skipLocked()
      .execute()
    for (const { incident_id: incidentId, number, title, reason } of owed) {
      await trx
        .updateTable('review_demand')
        .set({ reminded_at: at })
        .where('incident_id', '=', incidentId)
        .execute()
      for (const { channel, target } of leads) {
        await queueMessage(trx, at, {
          incidentId,
          kind: 'review-owed',
          channel,
          target,
          subject: `The review of INC-${number} is owed`,
          body: `The review of INC-${number} (${title}) is owed: ${reason}\nIt is done when a lead completes it.`,
          dedupKey:
            `review-owed:${incidentId}:${at.toISOString().slice(0, 10)}:${channel}:${target ?? ''}`.slice(
              0,
              300,
            ),
        })
      }
    }
    return owed.length
  })
}
