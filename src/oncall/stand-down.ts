import type { IncidentRow, Transaction } from '../db/index.ts'
import type { EscalationDeps } from './policy.ts'

/**
 * Tells everybody who was paged, once at each place, that they need not come any more: somebody has taken the incident, or
 * it is over. Pagers that hold a state of their own follow it by `data.action`.
 */
export async function standDown(
  trx: Transaction,
  at: Date,
  deps: Pick<EscalationDeps, 'queuePage'>,
  incident: IncidentRow,
  action: 'acknowledge' | 'resolve',
): Promise<void> {
  const places = await trx
    .selectFrom('escalation_page')
    .select(['channel', 'target', (expression) => expression.fn.max('round').as('round')])
    .where('incident_id', '=', incident.id)
    .groupBy(['channel', 'target'])
    .orderBy('channel')
    .orderBy('target')
    .execute()
  const name = `INC-${incident.number}`
  const what =
    action === 'resolve'
      ? `is ${incident.state}${incident.closing_reason === null ? '' : `: ${incident.closing_reason}`}`
      : `was acknowledged by ${incident.acknowledged_by ?? 'somebody'}`
  for (const place of places) {
    const subject = `${name} ${what}`.slice(0, 200)
    await deps.queuePage(trx, at, {
      kind: 'stand-down',
      id: null,
      incidentId: incident.id,
      channel: place.channel,
      target: place.target === '' ? null : place.target,
      fallbacks: [],
      subject,
      body: `${name} ${what}.\n[${incident.severity}] ${incident.title}\nNobody else has to come.`,
      data: {
        action,
        incident: name,
        severity: incident.severity,
        title: incident.title,
        service: incident.service,
        state: incident.state,
      },
      dedupKey: `stand-down:${incident.id}:${action}:${place.round}:${place.channel}:${place.target}`.slice(
        0,
        300,
      ),
    })
  }
}
