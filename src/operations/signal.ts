import type { Plan } from '../run/index.ts'
import { serviceSignal } from '../verification/index.ts'
import type { OperationDeps } from './deps.ts'
import { findIncident } from './incidents.ts'

/** What came before the alert is shown as well: at least this, or as long as the incident itself up to an hour. */
const BEFORE_MS = 10 * 60_000
const BEFORE_LONGEST_MS = 60 * 60_000
const AFTER_MS = 5 * 60_000
/** Points of a chart; more are thinned evenly by the database, the highest of each stretch kept. */
const MAX_SAMPLES = 1_000

/** The signal that raised an incident: samples, limits, and marks for what was done to the service. */
export async function showSignal(deps: OperationDeps, id: string): Promise<unknown> {
  const incident = await findIncident(deps, id)
  const now = deps.clock.now()
  const run = await deps.database.kysely
    .selectFrom('run')
    .select(['id', 'plan', 'started_at'])
    .where('incident_id', '=', incident.id)
    .orderBy('started_at', 'desc')
    .executeTakeFirst()
  const plan = run === undefined ? null : (run.plan as Plan)
  const signal = plan?.trigger?.signal ?? plan?.recovery?.signal ?? null
  const to = incident.resolved_at === null ? now : new Date(incident.resolved_at.getTime() + AFTER_MS)
  const length = to.getTime() - incident.opened_at.getTime()
  const before = Math.min(BEFORE_LONGEST_MS, Math.max(BEFORE_MS, length))
  const from = new Date(incident.opened_at.getTime() - before)
  const samples =
    signal === null || incident.service === null
      ? []
      : await serviceSignal(deps.database, {
          service: incident.service,
          signal,
          from,
          to,
          limit: MAX_SAMPLES,
        })
  return {
    signal,
    service: incident.service,
    unit: plan?.trigger?.unit ?? plan?.recovery?.unit ?? 'ratio',
    trigger: limitOf(plan?.trigger ?? null),
    recovery: limitOf(plan?.recovery ?? null),
    samples,
    marks: [...(await marksOf(deps, incident.id)), ...(await deploysOf(deps, incident.service, from, to))],
  }
}

const limitOf = (condition: Plan['trigger']): unknown =>
  condition === null
    ? null
    : {
        comparison: condition.comparison,
        threshold: condition.threshold,
        forSeconds: condition.forSeconds,
      }

async function marksOf(deps: OperationDeps, incidentId: string): Promise<unknown[]> {
  const database = deps.database.kysely
  const [alerts, actions, timeline] = await Promise.all([
    database
      .selectFrom('alert')
      .select(['starts_at as at', 'name'])
      .where('incident_id', '=', incidentId)
      .orderBy('starts_at')
      .limit(1)
      .execute(),
    database
      .selectFrom('execution')
      .innerJoin('run', 'run.id', 'execution.run_id')
      .select(['execution.started_at as at', 'execution.command as label', 'execution.id as executionId'])
      .where('run.incident_id', '=', incidentId)
      .where('execution.risk', '!=', 'read')
      .where('execution.state', '!=', 'skipped')
      .orderBy('execution.started_at')
      .limit(50)
      .execute(),
    database
      .selectFrom('timeline_entry')
      .select(['at', 'kind', 'message'])
      .where('incident_id', '=', incidentId)
      .where((where) => where.or([where('kind', 'like', 'deploy%'), where('kind', '=', 'incident.resolved')]))
      .orderBy('id')
      .limit(50)
      .execute(),
  ])
  return [
    ...alerts.map(({ at, name }) => ({ at, kind: 'alert', label: name })),
    ...actions.map(({ at, label }) => ({ at, kind: 'action', label: firstLine(label) })),
    ...timeline.map(({ at, kind, message }) => ({
      at,
      kind: kind === 'incident.resolved' ? 'resolved' : 'deploy',
      label: kind === 'incident.resolved' ? 'resolved' : firstLine(message),
    })),
  ]
}

async function deploysOf(
  deps: OperationDeps,
  service: string | null,
  from: Date,
  to: Date,
): Promise<{ at: Date; kind: 'deploy'; label: string }[]> {
  if (service === null) return []
  const rows = await deps.database.kysely
    .selectFrom('deployment')
    .select(['at', 'version'])
    .where('service', '=', service)
    .where('at', '>=', from)
    .where('at', '<=', to)
    .orderBy('at', 'desc')
    .limit(50)
    .execute()
  return rows.map(({ at, version }) => ({ at, kind: 'deploy', label: `deploy ${version}` }))
}

/** The command itself, not the comment above it. */
const firstLine = (text: string): string =>
  (text.split('\n').find((line) => line.trim() !== '' && !line.trim().startsWith('#')) ?? text).slice(0, 80)
