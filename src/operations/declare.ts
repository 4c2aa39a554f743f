import type { Actor } from '../access/index.ts'
import { appendAudit } from '../access/index.ts'
import { newId } from '../base/id.ts'
import { withTransaction } from '../db/index.ts'
import { addTimeline, declareIncident } from '../incident/index.ts'
import { RESPONSE_WORKFLOW } from '../response/index.ts'
import type { InputOf } from './catalogue.ts'
import type { OperationDeps } from './deps.ts'
import { findIncident } from './incidents.ts'

/** An incident that a person saw before any alert did: from then on it is handled like every other. */
export async function declare(
  deps: OperationDeps,
  actor: Actor,
  input: InputOf<'incident.declare'>,
): Promise<unknown> {
  const service = input.service ?? null
  const incidentId = await withTransaction(deps.database, async (trx) => {
    const at = deps.clock.now()
    const declared = await declareIncident(trx, at, {
      source: 'person',
      groupKey: newId('declared'),
      title: input.title,
      severity: input.severity,
      service,
      alertName: input.alert ?? null,
      labels: service === null ? {} : { service },
      annotations: input.description === undefined ? {} : { description: input.description },
    })
    await addTimeline(trx, at, {
      incidentId: declared.incidentId,
      kind: 'incident.reported',
      actor: actor.id,
      message: `Reported by ${actor.id}${input.description === undefined ? '' : `: ${input.description}`}`,
    })
    await appendAudit(trx, at, {
      actor,
      operation: 'incident.declare',
      subject: declared.incidentId,
      outcome: 'done',
      data: { severity: input.severity, title: input.title, service },
    })
    await deps.engine.start(trx, RESPONSE_WORKFLOW, declared.incidentId, { incidentId: declared.incidentId })
    return declared.incidentId
  })
  const incident = await findIncident(deps, incidentId)
  return { id: incident.id, incident: `INC-${incident.number}`, severity: incident.severity }
}
