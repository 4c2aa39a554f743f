import type { AlertBatch, IngestResult } from '../alert/index.ts'
import { ingestAlerts } from '../alert/index.ts'
import type { Clock } from '../base/clock.ts'
import { newId } from '../base/id.ts'
import type { Database, Transaction } from '../db/index.ts'
import { withTransaction } from '../db/index.ts'
import { addTimeline, attachAlerts, countFiring, declareIncident, severityOf } from '../incident/index.ts'
import type { WorkflowEngine } from '../workflow/index.ts'
import type { Page } from './deps.ts'
import { findProcedure } from './match.ts'
import { EVENT_TOPIC, RESPONSE_WORKFLOW } from './events.ts'
import type { ResponseEvent } from './events.ts'

export interface ReceiveDeps {
  database: Database
  engine: Pick<WorkflowEngine, 'start' | 'send'>
  clock: Clock
  pages(): Promise<Page[]>
}

export interface Received extends IngestResult {
  incidentId: string | null
  declared: boolean
}

/**
 * Takes one delivery in: alerts, incident and the start of its response are committed together, before the sender hears
 * 200. Repeats, late and partly resolved deliveries are no-ops where they bring nothing new.
 */
export async function receiveAlerts(
  deps: ReceiveDeps,
  source: string,
  batch: AlertBatch,
  body: unknown,
): Promise<Received> {
  const pages = batch.alerts.length === 0 ? [] : await deps.pages()
  return withTransaction(deps.database, async (trx) => {
    const at = deps.clock.now()
    const result = await ingestAlerts(trx, at, source, batch, body)
    const declared = result.fired.length === 0 ? null : await declareFor(trx, deps, at, source, result, pages)
    await noteResolved(trx, deps, at, source, result)
    return { ...result, incidentId: declared?.incidentId ?? null, declared: declared?.declared ?? false }
  })
}

async function declareFor(
  trx: Transaction,
  deps: ReceiveDeps,
  at: Date,
  source: string,
  result: IngestResult,
  pages: readonly Page[],
): Promise<{ incidentId: string; declared: boolean }> {
  const alert = result.fired[0]
  if (alert === undefined) throw new Error('no alert fired')
  const match = findProcedure(pages, alert)
  const outcome = await declareIncident(trx, at, {
    source,
    groupKey: result.groupKey,
    title: alert.annotations['summary'] ?? match?.procedure.title ?? alert.name,
    severity: severityOf(alert.labels, match?.procedure.severity ?? null),
    service: alert.labels['service'] ?? alert.labels['job'] ?? null,
    alertName: alert.name,
    labels: alert.labels,
    annotations: alert.annotations,
  })
  await attachAlerts(trx, source, result.groupKey, outcome.incidentId)
  if (outcome.declared) {
    await deps.engine.start(trx, RESPONSE_WORKFLOW, outcome.incidentId, { incidentId: outcome.incidentId })
  } else {
    await addTimeline(trx, at, {
      incidentId: outcome.incidentId,
      kind: 'alert.fired',
      actor: `source:${source}`,
      message: `${result.fired.length} more ${result.fired.length === 1 ? 'alert fires' : 'alerts fire'}`,
      data: { fingerprints: result.fired.slice(0, 100).map((fired) => fired.fingerprint) },
    })
  }
  if (result.truncatedAlerts > 0) {
    await addTimeline(trx, at, {
      incidentId: outcome.incidentId,
      kind: 'alert.truncated',
      actor: `source:${source}`,
      message: `The source left out ${result.truncatedAlerts} alerts of this group; raise max_alerts or look there`,
    })
  }
  return outcome
}

/** When the last firing episode of an incident is over, its response is told. */
async function noteResolved(
  trx: Transaction,
  deps: ReceiveDeps,
  at: Date,
  source: string,
  result: IngestResult,
): Promise<void> {
  if (result.resolved.length === 0) return
  const incidents = await trx
    .selectFrom('alert')
    .select('incident_id')
    .distinct()
    .where('source', '=', source)
    .where(
      'fingerprint',
      'in',
      result.resolved.map((alert) => alert.fingerprint),
    )
    .where('incident_id', 'is not', null)
    .execute()
  for (const { incident_id: incidentId } of incidents) {
    if (incidentId === null) continue
    const incident = await trx
      .selectFrom('incident')
      .select('state')
      .where('id', '=', incidentId)
      // two deliveries that each resolve one of two alerts would otherwise both see the other one firing
      .forUpdate()
      .executeTakeFirst()
    if (incident === undefined || incident.state === 'resolved' || incident.state === 'closed') continue
    const firing = await countFiring(trx, incidentId)
    await addTimeline(trx, at, {
      incidentId,
      kind: 'alert.resolved',
      actor: `source:${source}`,
      message:
        firing === 0 ? 'All alerts are resolved at their source' : `Alerts resolved; ${firing} still fire`,
    })
    if (firing > 0) continue
    const event: ResponseEvent = { kind: 'alerts-resolved' }
    await deps.engine.send(trx, incidentId, EVENT_TOPIC, event, newId('evt'))
  }
}
