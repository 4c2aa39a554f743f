import type { Delivery } from '../alert/index.ts'
import type { Transaction } from '../db/index.ts'
import { addTimeline } from '../incident/index.ts'

/** Remembers that a source left alerts of a group out, so that they are asked for; says so where an incident began. */
export async function noteTruncation(
  trx: Transaction,
  deps: { reconciles(source: string): boolean },
  at: Date,
  delivery: Delivery,
  incidentId: string | null,
): Promise<void> {
  const { truncated } = delivery.batch
  if (truncated === null) return
  const asks = deps.reconciles(delivery.source)
  if (asks) {
    await trx
      .insertInto('alert_truncation')
      .values({
        source: delivery.source,
        group_key: truncated.groupKey,
        group_labels: JSON.stringify(truncated.groupLabels),
        left_out: truncated.leftOut,
        next_check_at: at,
      })
      .onConflict((conflict) =>
        conflict
          .columns(['source', 'group_key'])
          .doUpdateSet({ left_out: truncated.leftOut, next_check_at: at }),
      )
      .execute()
  }
  if (incidentId === null) return
  await addTimeline(trx, at, {
    incidentId,
    kind: 'alert.truncated',
    actor: `source:${delivery.source}`,
    message: `The source left out ${truncated.leftOut} alerts of this group; ${asks ? 'erlmcp asks for them' : 'raise max_alerts or look there'}`,
  })
}
