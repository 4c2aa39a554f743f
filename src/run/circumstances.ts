import type { Circumstances, Policy } from '../access/index.ts'
import type { Transaction } from '../db/index.ts'
import type { Target } from './plan.ts'

/** What the decision on a run's commands depends on beside the command: incident, target, time, policy. */
export async function circumstancesOf(
  trx: Pick<Transaction, 'selectFrom'>,
  at: Date,
  runId: string,
  policy: Policy | undefined,
): Promise<Circumstances> {
  const row = await trx
    .selectFrom('run')
    .innerJoin('incident', 'incident.id', 'run.incident_id')
    .select(['incident.severity', 'incident.service', 'incident.labels', 'run.plan'])
    .where('run.id', '=', runId)
    .executeTakeFirst()
  if (row === undefined) return { at, ...(policy === undefined ? {} : { policy }) }
  return {
    at,
    severity: row.severity,
    labels: labelsOf(row),
    target: (row.plan as { target: Target }).target,
    ...(policy === undefined ? {} : { policy }),
  }
}

/** The labels that scopes and quiet times are compared with: the incident's, and its service. */
export function labelsOf(incident: { labels: unknown; service: string | null }): Record<string, string> {
  const labels = incident.labels as Record<string, string>
  return incident.service === null ? { ...labels } : { ...labels, service: incident.service }
}
