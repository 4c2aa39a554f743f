import type { Transaction } from '../db/index.ts'
import { SEVERITY_POLICY } from '../incident/index.ts'
import type { SeverityLevel } from '../incident/index.ts'
import type { Plan } from '../run/index.ts'

/** What happened, from rows only. Times are ISO 8601 in UTC. */
export interface ReviewFacts {
  incidentId: string
  number: number
  title: string
  severity: SeverityLevel
  service: string | null
  alertName: string | null
  openedAt: string
  acknowledgedAt: string | null
  mitigatedAt: string | null
  resolvedAt: string | null
  durationSeconds: number | null
  timeToAcknowledgeSeconds: number | null
  timeToMitigateSeconds: number | null
  responseTimeMinutes: number | null
  runbook: { path: string; commit: string | null; contentHash: string; line: number } | null
  timeline: { at: string; actor: string; message: string }[]
  commands: {
    text: string
    risk: string
    state: string
    exitCode: number | null
    startedAt: string
    approvedBy: string | null
    summary: string | null
  }[]
  verifications: {
    attempt: number
    verdict: string | null
    reason: string | null
    samples: { at: string; value: number | null }[]
  }[]
  impact: { signal: string | null; worst: number | null; last: number | null; failedRequests: number | null }
  skipped: { text: string; reason: string }[]
  followUp: string[]
}

/** Gathers the facts of one incident. */
export async function gatherFacts(trx: Transaction, incidentId: string): Promise<ReviewFacts> {
  const incident = await trx
    .selectFrom('incident')
    .selectAll()
    .where('id', '=', incidentId)
    .executeTakeFirstOrThrow()
  const timeline = await trx
    .selectFrom('timeline_entry')
    .select(['at', 'actor', 'message', 'kind', 'data'])
    .where('incident_id', '=', incidentId)
    .where('kind', 'not in', ['message.queued'])
    .orderBy('id')
    .execute()
  const run = await trx
    .selectFrom('run')
    .selectAll()
    .where('incident_id', '=', incidentId)
    .orderBy('started_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  const commands = await readCommands(trx, incidentId)
  const verifications = await readVerifications(trx, incidentId)
  const plan = run === undefined ? null : (run.plan as Plan)
  const severity = incident.severity as SeverityLevel
  return {
    incidentId,
    number: Number(incident.number),
    title: incident.title,
    severity,
    service: incident.service,
    alertName: incident.alert_name,
    openedAt: incident.opened_at.toISOString(),
    acknowledgedAt: incident.acknowledged_at?.toISOString() ?? null,
    mitigatedAt: incident.mitigated_at?.toISOString() ?? null,
    resolvedAt: incident.resolved_at?.toISOString() ?? null,
    durationSeconds: secondsBetween(incident.opened_at, incident.resolved_at),
    timeToAcknowledgeSeconds: secondsBetween(incident.opened_at, incident.acknowledged_at),
    timeToMitigateSeconds: secondsBetween(incident.opened_at, incident.mitigated_at),
    responseTimeMinutes: SEVERITY_POLICY[severity].responseTimeMinutes,
    runbook:
      run === undefined || plan === null
        ? null
        : { path: run.page_path, commit: run.page_commit, contentHash: run.page_hash, line: plan.line },
    timeline: timeline.map((entry) => ({
      at: entry.at.toISOString(),
      actor: entry.actor,
      message: entry.message,
    })),
    commands,
    verifications,
    impact: impactOf(plan, verifications, timeline),
    skipped: commands
      .filter((command) => command.state === 'skipped')
      .map((command) => ({ text: command.text, reason: command.summary ?? 'not run' })),
    followUp: plan === null ? [] : plan.followUp.flatMap((step) => checklistOf(step)),
  }
}

async function readCommands(trx: Transaction, incidentId: string): Promise<ReviewFacts['commands']> {
  const rows = await trx
    .selectFrom('execution')
    .innerJoin('run', 'run.id', 'execution.run_id')
    .leftJoin('approval', 'approval.id', 'execution.approval_id')
    .select([
      'execution.command as text',
      'execution.risk as risk',
      'execution.state as state',
      'execution.exit_code as exitCode',
      'execution.started_at as startedAt',
      'execution.summary as summary',
      'execution.reason as reason',
      'approval.decided_by as approvedBy',
    ])
    .where('run.incident_id', '=', incidentId)
    .orderBy('execution.started_at')
    .orderBy('execution.id')
    .execute()
  return rows.map(({ reason, ...row }) => ({
    ...row,
    startedAt: row.startedAt.toISOString(),
    summary: row.state === 'skipped' ? reason : row.summary,
  }))
}

async function readVerifications(
  trx: Transaction,
  incidentId: string,
): Promise<ReviewFacts['verifications']> {
  const rows = await trx
    .selectFrom('verification')
    .innerJoin('run', 'run.id', 'verification.run_id')
    .select(['verification.attempt', 'verification.verdict', 'verification.reason', 'verification.samples'])
    .where('run.incident_id', '=', incidentId)
    .orderBy('verification.started_at')
    .execute()
  return rows.map((row) => ({ ...row, samples: row.samples as { at: string; value: number | null }[] }))
}

function impactOf(
  plan: Plan | null,
  verifications: ReviewFacts['verifications'],
  timeline: readonly { kind: string; data: unknown }[],
): ReviewFacts['impact'] {
  const measured = timeline
    .filter((entry) => entry.kind === 'signal.measured')
    .map((entry) => (entry.data as { value?: unknown }).value)
  const values = [
    ...measured,
    ...verifications.flatMap((one) => one.samples.map((sample) => sample.value)),
  ].filter((value): value is number => typeof value === 'number')
  const failures = timeline
    .filter((entry) => entry.kind === 'failures.counted')
    .map((entry) => (entry.data as { total?: unknown }).total)
    .filter((value): value is number => typeof value === 'number')
  return {
    signal: plan?.recovery?.signal ?? plan?.trigger?.signal ?? null,
    worst: values.length === 0 ? null : Math.max(...values),
    last: values.at(-1) ?? null,
    failedRequests: failures.at(-1) ?? null,
  }
}

const checklistOf = (step: Plan['followUp'][number]): string[] =>
  step.items.length > 0 ? step.items : [step.title]

const secondsBetween = (from: Date, to: Date | null): number | null =>
  to === null ? null : Math.round((to.getTime() - from.getTime()) / 1_000)
