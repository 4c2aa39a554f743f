import type { Actor } from '../access/index.ts'
import { appendAudit } from '../access/index.ts'
import { AppError } from '../base/error.ts'
import type { Transaction } from '../db/index.ts'
import { INCIDENT_TRANSITIONS, INCIDENT_STATES } from './state.ts'
import type { IncidentState } from './state.ts'
import { addTimeline } from './timeline.ts'

export interface TransitionRequest {
  incidentId: string
  to: IncidentState
  actor: Actor
  message: string
  reason?: string
}

/**
 * Moves an incident by one compare-and-set over the states that lead to `to`.
 * @returns true when this call moved it; false when it is there already.
 * @throws AppError `not_found`; `conflict` when its state does not lead there.
 */
export async function transitionIncident(
  trx: Transaction,
  at: Date,
  request: TransitionRequest,
): Promise<boolean> {
  const from = INCIDENT_STATES.filter((state) => INCIDENT_TRANSITIONS[state].includes(request.to))
  const moved = await trx
    .updateTable('incident')
    .set((expression) => ({
      state: request.to,
      version: expression('version', '+', 1),
      ...(request.to === 'acknowledged' ? { acknowledged_at: at, acknowledged_by: request.actor.id } : {}),
      ...(request.to === 'monitoring' ? { mitigated_at: at } : {}),
      ...(request.to === 'resolved' ? { resolved_at: at } : {}),
      ...(request.to === 'closed' ? { closed_at: at } : {}),
      ...(request.reason === undefined ? {} : { closing_reason: request.reason }),
    }))
    .where('id', '=', request.incidentId)
    .where('state', 'in', from)
    .returning('id')
    .executeTakeFirst()
  if (moved === undefined) return explain(trx, request)
  await addTimeline(trx, at, {
    incidentId: request.incidentId,
    kind: `incident.${request.to}`,
    actor: request.actor.id,
    message: request.message,
  })
  await appendAudit(trx, at, {
    actor: request.actor,
    operation: `incident.${VERBS[request.to]}`,
    subject: request.incidentId,
    outcome: 'done',
    ...(request.reason === undefined ? {} : { data: { reason: request.reason } }),
  })
  return true
}

const VERBS: Record<IncidentState, string> = {
  open: 'open',
  acknowledged: 'acknowledge',
  mitigating: 'mitigate',
  monitoring: 'monitor',
  resolved: 'resolve',
  closed: 'close',
}

async function explain(trx: Transaction, request: TransitionRequest): Promise<false> {
  const current = await trx
    .selectFrom('incident')
    .select('state')
    .where('id', '=', request.incidentId)
    .executeTakeFirst()
  if (current === undefined) {
    throw new AppError('not_found', `there is no incident ${request.incidentId}`, {
      action: 'List the incidents with `erlmcp incident list`.',
    })
  }
  if (current.state === request.to) return false
  throw new AppError(
    'conflict',
    `incident ${request.incidentId} is ${current.state} and cannot become ${request.to}`,
    {
      action: 'Look at its timeline; a later event has already moved it on.',
      data: { state: current.state },
    },
  )
}
