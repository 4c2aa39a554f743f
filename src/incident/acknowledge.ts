import type { Actor } from '../access/index.ts'
import type { Transaction } from '../db/index.ts'
import { addTimeline } from './timeline.ts'
import { appendAudit } from '../access/index.ts'
import { AppError } from '../base/error.ts'

/**
 * Records that a person has taken an incident. Only the first acknowledgement counts; it moves `open` to
 * `acknowledged` and leaves every later state as it is, so that a late click re-opens nothing.
 * @returns true when this call acknowledged it.
 */
export async function acknowledgeIncident(
  trx: Transaction,
  at: Date,
  incidentId: string,
  actor: Actor,
): Promise<boolean> {
  const incident = await trx
    .selectFrom('incident')
    .select(['state', 'acknowledged_at'])
    .where('id', '=', incidentId)
    .forUpdate()
    .executeTakeFirst()
  if (incident === undefined) {
    throw new AppError('not_found', `there is no incident ${incidentId}`, {
      action: 'List the incidents with `erlmcp incident list`.',
    })
  }
  if (incident.acknowledged_at !== null || incident.state === 'resolved' || incident.state === 'closed')
    return false
  await trx
    .updateTable('incident')
    .set((expression) => ({
      acknowledged_at: at,
      acknowledged_by: actor.id,
      version: expression('version', '+', 1),
      ...(incident.state === 'open' ? { state: 'acknowledged' } : {}),
    }))
    .where('id', '=', incidentId)
    .execute()
  await addTimeline(trx, at, {
    incidentId,
    kind: 'incident.acknowledged',
    actor: actor.id,
    message: `Acknowledged by ${actor.id}`,
  })
  await appendAudit(trx, at, {
    actor,
    operation: 'incident.acknowledge',
    subject: incidentId,
    outcome: 'done',
  })
  return true
}
