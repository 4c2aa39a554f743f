import type { Actor } from '../access/index.ts'
import { AppError } from '../base/error.ts'
import type { IncidentRow } from '../db/index.ts'
import { SEVERITY_POLICY } from '../incident/index.ts'
import type { SeverityLevel } from '../incident/index.ts'
import type { InputOf } from './catalogue.ts'
import { deliveriesOf, escalationsOf } from './deliveries.ts'
import type { OperationDeps } from './deps.ts'
import { present } from './present.ts'
import { proofOfRun } from './rehearsals.ts'
import { demandOf } from './review-list.ts'
import { incidentSeenBy } from './sight.ts'

const ACTIVE = ['open', 'acknowledged', 'mitigating', 'monitoring']

export async function listIncidents(
  deps: OperationDeps,
  actor: Actor,
  input: InputOf<'incident.list'>,
): Promise<unknown> {
  let query = deps.database.kysely
    .selectFrom('incident')
    .selectAll()
    .where(incidentSeenBy(actor))
    .orderBy('number', 'desc')
    .limit(input.limit)
  if (input.state === 'active') query = query.where('state', 'in', ACTIVE)
  else if (input.state !== undefined) query = query.where('state', '=', input.state)
  if (input.before !== undefined) query = query.where('number', '<', input.before)
  const rows = await query.execute()
  return {
    incidents: rows.map(presentIncident),
    next: rows.length === input.limit ? (rows.at(-1)?.number ?? null) : null,
  }
}

/** Finds an incident by `INC-7`, `7` or its id. */
export async function findIncident(deps: OperationDeps, id: string): Promise<IncidentRow> {
  const number = /^(?:INC-)?(\d{1,15})$/i.exec(id)?.[1]
  const query = deps.database.kysely.selectFrom('incident').selectAll()
  const row = await (
    number === undefined ? query.where('id', '=', id) : query.where('number', '=', number)
  ).executeTakeFirst()
  if (row === undefined) {
    throw new AppError('not_found', `there is no incident ${id}`, {
      action: 'List the incidents with `erlmcp incident list`.',
    })
  }
  return row
}

export async function showIncident(deps: OperationDeps, id: string): Promise<unknown> {
  const incident = await findIncident(deps, id)
  const database = deps.database.kysely
  const [timeline, runs, alerts, messages, escalations] = await Promise.all([
    database
      .selectFrom('timeline_entry')
      .select(['id', 'at', 'kind', 'actor', 'message', 'data'])
      .where('incident_id', '=', incident.id)
      .orderBy('id')
      .limit(2_000)
      .execute(),
    database
      .selectFrom('run')
      .select([
        'id',
        'state',
        'procedure_id',
        'page_path',
        'page_commit',
        'page_hash',
        'started_at',
        'ended_at',
        'reason',
      ])
      .where('incident_id', '=', incident.id)
      .orderBy('started_at')
      .execute(),
    database
      .selectFrom('alert')
      .select([
        'fingerprint',
        'name',
        'status',
        'starts_at',
        'ends_at',
        'labels',
        'annotations',
        'seen_count',
      ])
      .where('incident_id', '=', incident.id)
      .orderBy('starts_at')
      .limit(200)
      .execute(),
    deliveriesOf(database, incident.id),
    escalationsOf(database, incident.id),
  ])
  return {
    ...presentIncident(incident),
    deadlines: deadlinesOf(incident, escalations),
    reviewOwed: await demandOf(database, incident.id),
    timeline,
    runs: await Promise.all(
      runs.map(async (run) => ({ ...present(run), proof: await proofOfRun(deps, run) })),
    ),
    alerts: alerts.map(present),
    messages,
    escalations,
  }
}

export const presentIncident = (row: IncidentRow) => ({
  id: row.id,
  number: Number(row.number),
  name: `INC-${row.number}`,
  title: row.title,
  severity: row.severity,
  state: row.state,
  service: row.service,
  alertName: row.alert_name,
  labels: row.labels,
  annotations: row.annotations,
  procedure: row.procedure_id === null ? null : { path: row.procedure_path, id: row.procedure_id },
  openedAt: row.opened_at,
  acknowledgedAt: row.acknowledged_at,
  acknowledgedBy: row.acknowledged_by,
  mitigatedAt: row.mitigated_at,
  resolvedAt: row.resolved_at,
  closedAt: row.closed_at,
  reason: row.closing_reason,
})

/** Clocks that run for an incident, the soonest first: to be acknowledged by, asked next at, the next update due at. */
function deadlinesOf(
  row: IncidentRow,
  escalations: readonly { reason: string; state: string; dueAt: Date }[],
): { kind: 'acknowledge' | 'escalate' | 'update'; at: Date }[] {
  if (row.resolved_at !== null) return []
  const minutes = SEVERITY_POLICY[row.severity as SeverityLevel].responseTimeMinutes
  const acknowledge =
    minutes === null || row.acknowledged_at !== null
      ? []
      : [{ kind: 'acknowledge' as const, at: new Date(row.opened_at.getTime() + minutes * 60_000) }]
  const asked = escalations
    .filter(({ state }) => state === 'waiting')
    .map(({ reason, dueAt }) => ({
      kind: reason === 'silent' ? ('update' as const) : ('escalate' as const),
      at: dueAt,
    }))
  return [...acknowledge, ...asked].toSorted((a, b) => a.at.getTime() - b.at.getTime())
}
