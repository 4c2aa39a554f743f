import type { Actor } from '../access/index.ts'
import { appendAudit } from '../access/index.ts'
import { AppError } from '../base/error.ts'
import type { Transaction } from '../db/index.ts'
import type { SeverityLevel } from './severity.ts'
import { isOver } from './state.ts'
import type { IncidentState } from './state.ts'
import { addTimeline } from './timeline.ts'

/**
 * Gives an incident another severity.
 * @returns the one it had, or `null` when it has this one already.
 * @throws AppError `not_found`; `conflict` when the incident is over.
 */
export async function changeSeverity(
  trx: Transaction,
  at: Date,
  request: { incidentId: string; severity: SeverityLevel; actor: Actor; reason: string },
): Promise<SeverityLevel | null> {
  const incident = await trx
    .selectFrom('incident')
    .select(['severity', 'state'])
    .where('id', '=', request.incidentId)
    .forUpdate()
    .executeTakeFirst()
  if (incident === undefined) {
    throw new AppError('not_found', `there is no incident ${request.incidentId}`, {
      action: 'List the incidents with `erlmcp incident list`.',
    })
  }
  if (incident.severity === request.severity) return null
  if (isOver(incident.state as IncidentState)) {
    throw new AppError(
      'conflict',
      `the incident is ${incident.state}; its severity stays ${incident.severity}`,
      {
        action: 'Write it into the review.',
      },
    )
  }
  await trx
    .updateTable('incident')
    .set((expression) => ({ severity: request.severity, version: expression('version', '+', 1) }))
    .where('id', '=', request.incidentId)
    .execute()
  await addTimeline(trx, at, {
    incidentId: request.incidentId,
    kind: 'incident.severity-changed',
    actor: request.actor.id,
    message: `${incident.severity} became ${request.severity}: ${request.reason}`,
    data: { from: incident.severity, to: request.severity },
  })
  await appendAudit(trx, at, {
    actor: request.actor,
    operation: 'incident.severity',
    subject: request.incidentId,
    outcome: 'done',
    data: { from: incident.severity, to: request.severity, reason: request.reason },
  })
  return incident.severity as SeverityLevel
}
