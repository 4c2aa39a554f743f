import { appendAudit, SYSTEM_ACTOR } from '../access/index.ts'
import type { Transaction } from '../db/index.ts'
import { addTimeline } from './timeline.ts'

export interface Reopening {
  incidentId: string
  /** Why, for people. */
  reason: string
  /** What it is about from now on, where that has changed: the alert that still fires. */
  about?: { alertName: string; labels: Record<string, string>; annotations: Record<string, string> }
}

/**
 * Opens a resolved incident again while its response still listens (`watched_until`). It has to be acknowledged anew:
 * who took it the first time may be asleep by now. Nothing leaves `closed`.
 * @returns false when it is not resolved, or nobody listens any more.
 */
export async function reopenIncident(trx: Transaction, at: Date, reopening: Reopening): Promise<boolean> {
  const { incidentId, reason, about } = reopening
  const moved = await trx
    .updateTable('incident')
    .set((expression) => ({
      state: 'open',
      version: expression('version', '+', 1),
      acknowledged_at: null,
      acknowledged_by: null,
      mitigated_at: null,
      resolved_at: null,
      closing_reason: null,
      watched_until: null,
      // it has a page of its own from now on
      page_leader_id: null,
      ...(about === undefined
        ? {}
        : {
            alert_name: about.alertName,
            labels: JSON.stringify(about.labels),
            annotations: JSON.stringify(about.annotations),
          }),
    }))
    .where('id', '=', incidentId)
    .where('state', '=', 'resolved')
    .where('watched_until', 'is not', null)
    .returning('id')
    .executeTakeFirst()
  if (moved === undefined) return false
  await addTimeline(trx, at, {
    incidentId,
    kind: 'incident.reopened',
    actor: SYSTEM_ACTOR.id,
    message: `Opened again: ${reason}`,
  })
  await appendAudit(trx, at, {
    actor: SYSTEM_ACTOR,
    operation: 'incident.reopen',
    subject: incidentId,
    outcome: 'done',
    data: { reason },
  })
  return true
}
