import { sql } from 'kysely'
import type { Actor } from '../access/index.ts'
import { appendAudit } from '../access/index.ts'
import { AppError } from '../base/error.ts'
import { canonicalJson, sha256 } from '../base/id.ts'
import type { Transaction } from '../db/index.ts'
import { withTransaction } from '../db/index.ts'
import { addTimeline, declareIncident, severityOf } from '../incident/index.ts'
import type { SeverityLevel } from '../incident/index.ts'
import { findProcedure, planFor } from '../response/index.ts'
import type { Page } from '../response/index.ts'
import type { Plan, PlannedCommand, PlannedStep } from '../run/index.ts'
import type { InputOf } from './catalogue.ts'
import type { HandlersOf, OperationDeps } from './deps.ts'

const PLAN_TTL_MS = 15 * 60_000

interface Planned {
  plan: Plan
  page: Page
  hash: string
  service: string | null
  severity: SeverityLevel
  labels: Record<string, string>
  annotations: Record<string, string>
}

/** Makes a plan as a run would, and keeps what it was made from, so that this and nothing else can be started. */
async function showPlan(deps: OperationDeps, actor: Actor, input: InputOf<'run.plan'>): Promise<unknown> {
  // a placeholder takes the label of its name in lower case
  const given = Object.entries(input.inputs).map(([name, value]) => [name.toLowerCase(), value] as const)
  const labels: Record<string, string> = {
    ...Object.fromEntries(given),
    ...(input.service === undefined ? {} : { service: input.service }),
    ...(input.severity === undefined ? {} : { severity: input.severity }),
  }
  const anchor = input.procedure === undefined ? '' : `#${encodeURIComponent(input.procedure)}`
  const annotations = { runbook: `${encodeURI(input.page)}${anchor}` }
  const planned = await planAgain(deps, actor, input.service ?? null, labels, annotations)
  const isOther = input.procedure !== undefined && planned.plan.procedureId !== input.procedure
  if (planned.page.path !== input.page || isOther) throw noProcedure(input.page)
  const now = deps.clock.now()
  const expiresAt = new Date(now.getTime() + PLAN_TTL_MS)
  await sql`delete from run_plan where expires_at < ${new Date(now.getTime() - 86_400_000)}`.execute(
    deps.database.kysely,
  )
  await sql`
    insert into run_plan (hash, actor, page_path, page_hash, procedure_id, service, labels, annotations, title, severity,
                          created_at, expires_at)
    values (${planned.hash}, ${actor.id}, ${planned.page.path}, ${planned.page.contentHash},
            ${planned.plan.procedureId}, ${planned.service}, ${JSON.stringify(labels)}::jsonb,
            ${JSON.stringify(annotations)}::jsonb, ${planned.plan.title}, ${planned.severity}, ${now}, ${expiresAt})
    on conflict (hash, actor) do update set created_at = excluded.created_at, expires_at = excluded.expires_at,
      used_at = null, incident_id = null`.execute(deps.database.kysely)
  return {
    planHash: planned.hash,
    expiresAt,
    page: { path: planned.page.path, contentHash: planned.page.contentHash, commit: planned.page.commit },
    procedure: { id: planned.plan.procedureId, title: planned.plan.title },
    severity: planned.severity,
    target: planned.plan.target,
    steps: stepsOf(planned.plan),
    missingInputs: missingIn(planned.plan),
  }
}

async function planAgain(
  deps: OperationDeps,
  actor: Actor,
  service: string | null,
  labels: Record<string, string>,
  annotations: Record<string, string>,
): Promise<Planned> {
  const { agents } = deps
  if (agents === undefined)
    throw new AppError('unavailable', 'plans are made by a running server', { action: 'Start the server.' })
  const pages = await agents.pages()
  const found = findProcedure(pages, { name: '', labels, annotations })
  if (found === null) throw noProcedure(annotations['runbook'] ?? '')
  const { plan } = planFor(agents.service, found.procedure, service, labels)
  const hash = sha256(
    canonicalJson({
      plan,
      page: found.page.contentHash,
      path: found.page.path,
      labels,
      service,
      actor: actor.id,
    }),
  )
  const severity = severityOf(labels, found.procedure.severity)
  return { plan, page: found.page, hash, service, severity, labels, annotations }
}

const noProcedure = (page: string): AppError =>
  new AppError('not_found', `no procedure stands at ${JSON.stringify(page)}`, {
    action: 'List the pages with `erlmcp page list`; name the procedure where a page has several.',
  })

interface PlanRow {
  service: string | null
  labels: Record<string, string>
  annotations: Record<string, string>
  expires_at: Date
  used_at: Date | null
  incident_id: string | null
}

/** What is started is what was shown: planned anew, it has the same hash, or nothing starts. */
async function startPlan(deps: OperationDeps, actor: Actor, input: InputOf<'run.start'>): Promise<unknown> {
  const found = await sql<PlanRow>`
    select service, labels, annotations, expires_at, used_at, incident_id from run_plan
    where hash = ${input.planHash} and actor = ${actor.id}`.execute(deps.database.kysely)
  const [row] = found.rows
  if (row === undefined) {
    throw new AppError('not_found', 'no such plan was shown to you', { action: 'Make one with run.plan.' })
  }
  if (row.used_at !== null) return started(row.incident_id ?? '', false)
  if (row.expires_at <= deps.clock.now()) {
    throw new AppError('approval_expired', 'the plan is older than 15 minutes', {
      action: 'Make it again with run.plan.',
    })
  }
  const now = await planAgain(deps, actor, row.service, row.labels, row.annotations)
  if (now.hash !== input.planHash) {
    throw new AppError(
      'approval_mismatch',
      'the plan would be another one now: page or settings have changed',
      {
        action: 'Make it again with run.plan, and look at what changed.',
      },
    )
  }
  return withTransaction(deps.database, async (trx) => {
    const at = deps.clock.now()
    const won = await sql<{ hash: string }>`
      update run_plan set used_at = ${at} where hash = ${input.planHash} and actor = ${actor.id} and used_at is null
      returning hash`.execute(trx)
    if (won.rows.length === 0)
      throw new AppError('conflict', 'the plan is being started', {
        action: 'Look at the run list.',
        retryable: true,
      })
    const incidentId = await declare(deps, trx, at, actor, {
      groupKey: `plan:${input.planHash}`,
      title: now.plan.title,
      severity: now.severity,
      service: row.service,
      labels: row.labels,
      annotations: row.annotations,
    })
    await sql`update run_plan set incident_id = ${incidentId.id} where hash = ${input.planHash} and actor = ${actor.id}`.execute(
      trx,
    )
    await note(
      trx,
      at,
      actor,
      incidentId.id,
      'run.start',
      `${actor.id} started this runbook: ${input.reason}`,
      {
        planHash: input.planHash,
      },
    )
    return started(incidentId.id, true)
  })
}

const started = (incident: string, isNew: boolean) => ({
  incident,
  started: isNew,
  next: 'Look at the incident for its run, then wait for the run.',
})

async function openIncident(
  deps: OperationDeps,
  actor: Actor,
  input: InputOf<'incident.open'>,
): Promise<unknown> {
  return withTransaction(deps.database, async (trx) => {
    const at = deps.clock.now()
    const outcome = await declare(deps, trx, at, actor, {
      groupKey: `${actor.id}:${input.dedupeKey}`,
      title: input.title,
      severity: input.severity,
      service: input.service,
      labels: { service: input.service, severity: input.severity },
      annotations: { summary: input.title },
    })
    if (outcome.declared)
      await note(trx, at, actor, outcome.id, 'incident.open', `Opened by ${actor.id}`, { title: input.title })
    return { incident: outcome.id, opened: outcome.declared }
  })
}

async function declare(
  deps: OperationDeps,
  trx: Transaction,
  at: Date,
  actor: Actor,
  about: {
    groupKey: string
    title: string
    severity: SeverityLevel
    service: string | null
    labels: Record<string, string>
    annotations: Record<string, string>
  },
): Promise<{ id: string; declared: boolean }> {
  if (deps.agents === undefined)
    throw new AppError('unavailable', 'incidents are opened by a running server', {
      action: 'Start the server.',
    })
  const outcome = await declareIncident(trx, at, { ...about, source: actor.kind, alertName: null })
  if (outcome.declared) await deps.agents.respond(trx, outcome.incidentId)
  return { id: outcome.incidentId, declared: outcome.declared }
}

async function note(
  trx: Transaction,
  at: Date,
  actor: Actor,
  incidentId: string,
  operation: 'run.start' | 'incident.open',
  message: string,
  data: Record<string, unknown>,
): Promise<void> {
  await addTimeline(trx, at, { incidentId, kind: 'note.added', actor: actor.id, message, data })
  await appendAudit(trx, at, { actor, operation, subject: incidentId, outcome: 'done', data })
}

function stepsOf(plan: Plan): unknown[] {
  return [
    ...plan.diagnosis.map((step) => stepOf(step, null)),
    ...plan.alternatives.map((step, index) => stepOf(step, index + 1)),
    ...plan.checks.map((step) => stepOf(step, null)),
  ]
}

const stepOf = (step: PlannedStep, option: number | null) => ({
  id: step.id,
  phase: step.phase,
  title: step.title,
  line: step.line,
  option,
  commands: step.commands.map((command) => ({
    text: command.text,
    script: command.script,
    inputs: command.inputs,
    risk: command.risk,
    flags: command.flags,
    reasons: command.reasons,
    identity: command.identity,
    gate: gateOf(command),
    hash: command.hash,
  })),
})

const gateOf = (command: PlannedCommand): 'none' | 'approve' | 'person' =>
  command.mode === 'manual' ? 'person' : command.needsApproval ? 'approve' : 'none'

const missingIn = (plan: Plan): string[] => [
  ...new Set(
    [...plan.diagnosis, ...plan.alternatives, ...plan.checks]
      .flatMap((step) => step.commands)
      .flatMap((command) => command.inputs)
      .filter((input) => input.value === null)
      .map((input) => input.name),
  ),
]

export const agentHandlers: HandlersOf<'run.plan' | 'run.start' | 'incident.open'> = {
  'run.plan': showPlan,
  'run.start': startPlan,
  'incident.open': openIncident,
}
