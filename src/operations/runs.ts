import type { Actor } from '../access/index.ts'
import { AppError } from '../base/error.ts'
import type { RunRow } from '../db/index.ts'
import { circumstancesOf, gatedCommands, missingInputs } from '../run/index.ts'
import type { Plan } from '../run/index.ts'
import type { InputOf } from './catalogue.ts'
import type { OperationDeps } from './deps.ts'
import { findIncident } from './incidents.ts'
import { pageLink } from './pages.ts'
import { present } from './present.ts'
import { proofOfRun } from './rehearsals.ts'
import { incidentSeenBy } from './sight.ts'
import { mayApproveOption, phasesOf, proposalsOf, ticksOf } from './run-plan.ts'

export async function listRuns(
  deps: OperationDeps,
  actor: Actor,
  input: InputOf<'run.list'>,
): Promise<unknown> {
  let query = deps.database.kysely
    .selectFrom('run')
    .innerJoin('incident', 'incident.id', 'run.incident_id')
    .select([
      'run.id as id',
      'run.state as state',
      'run.procedure_id as procedureId',
      'run.page_path as pagePath',
      'run.started_at as startedAt',
      'run.ended_at as endedAt',
      'run.reason as reason',
      'incident.number as incident',
      'incident.title as title',
    ])
    .where(incidentSeenBy(actor))
    .orderBy('run.started_at', 'desc')
    .orderBy('run.id')
    .limit(input.limit)
  if (input.incident !== undefined) {
    query = query.where('run.incident_id', '=', (await findIncident(deps, input.incident)).id)
  }
  const { before } = input
  if (before !== undefined) {
    query = query.where(({ eb, and, or, selectFrom }) => {
      const startedAt = selectFrom('run as last').select('last.started_at').where('last.id', '=', before)
      return or([
        eb('run.started_at', '<', startedAt),
        and([eb('run.started_at', '=', startedAt), eb('run.id', '>', before)]),
      ])
    })
  }
  const rows = await query.execute()
  return {
    runs: rows.map((row) => ({ ...row, incident: `INC-${row.incident}` })),
    next: rows.length === input.limit ? (rows.at(-1)?.id ?? null) : null,
  }
}

export async function findRun(deps: OperationDeps, id: string): Promise<RunRow> {
  const row = await deps.database.kysely.selectFrom('run').selectAll().where('id', '=', id).executeTakeFirst()
  if (row === undefined) {
    throw new AppError('not_found', `there is no run ${id}`, {
      action: 'List the runs with `erlmcp run list`.',
    })
  }
  return row
}

/** A run as people see it: what was done, and what waits for whom. */
export async function showRun(deps: OperationDeps, actor: Actor, id: string): Promise<unknown> {
  const run = await findRun(deps, id)
  const plan = run.plan as Plan
  const database = deps.database.kysely
  const [executions, decisions, approvals, verifications] = await Promise.all([
    database
      .selectFrom('execution')
      .selectAll()
      .where('run_id', '=', run.id)
      .orderBy('started_at')
      .orderBy('id')
      .execute(),
    database.selectFrom('decision').selectAll().where('run_id', '=', run.id).orderBy('asked_at').execute(),
    database.selectFrom('approval').selectAll().where('run_id', '=', run.id).orderBy('decided_at').execute(),
    database.selectFrom('verification').selectAll().where('run_id', '=', run.id).orderBy('attempt').execute(),
  ])
  const about = await circumstancesOf(database, deps.clock.now(), run.id, deps.policy?.policy)
  const proposals = await proposalsOf(deps, run.id)
  const pending = decisions.find((decision) => decision.state === 'pending') ?? null
  return {
    id: run.id,
    state: run.state,
    incidentId: run.incident_id,
    page: {
      path: run.page_path,
      commit: run.page_commit,
      contentHash: run.page_hash,
      link: await pageLink(deps, run.page_path, run.page_commit, plan.line),
    },
    procedure: { id: plan.procedureId, title: plan.title, line: plan.line },
    proof: await proofOfRun(deps, run),
    target: plan.target,
    startedAt: run.started_at,
    endedAt: run.ended_at,
    reason: run.reason,
    waitsFor:
      pending === null ? null : { kind: pending.kind, question: pending.question, askedAt: pending.asked_at },
    phases: phasesOf(plan),
    ticks: await ticksOf(deps, run.id),
    options: plan.alternatives.map((alternative, index) => ({
      number: index + 1,
      id: alternative.id,
      title: alternative.title,
      condition: alternative.condition,
      risk: alternative.risk,
      line: alternative.line,
      proposed: proposals.get(alternative.id) ?? null,
      may: mayApproveOption(actor, alternative, about, proposals.get(alternative.id)?.proposedBy),
      text: alternative.text,
      items: alternative.items,
      missingInputs: missingInputs(alternative),
      hashes: gatedCommands(alternative).map((command) => command.hash),
      commands: alternative.commands.map((command) => ({
        index: command.index,
        explanation: command.explanation,
        identity: command.identity,
        mode: command.mode,
        manualReason: command.manualReason,
        text: command.text,
        script: command.script,
        inputs: command.inputs,
        risk: command.risk,
        flags: command.flags,
        reasons: command.reasons,
        line: command.line,
        needsApproval: command.needsApproval,
        hash: command.hash,
      })),
    })),
    recovery: plan.recovery,
    executions: executions.map(present),
    decisions: decisions.map(present),
    approvals: approvals.map(present),
    verifications: verifications.map(present),
  }
}

/** Output in pages of whole chunks; text that is not UTF-8 comes with U+FFFD in its place. */
export async function readOutput(deps: OperationDeps, input: InputOf<'run.output'>): Promise<unknown> {
  const execution = await deps.database.kysely
    .selectFrom('execution')
    .select(['id', 'state', 'output_bytes', 'output_truncated'])
    .where('id', '=', input.execution)
    .executeTakeFirst()
  if (execution === undefined) {
    throw new AppError('not_found', `there is no execution ${input.execution}`, {
      action: 'Executions are listed by `erlmcp run show`.',
    })
  }
  const rows = await deps.database.kysely
    .selectFrom('output_chunk')
    .select(['sequence', 'stream', 'at', 'content'])
    .where('execution_id', '=', input.execution)
    .where('sequence', '>', input.after)
    .orderBy('sequence')
    .limit(500)
    .execute()
  const chunks: { sequence: number; stream: string; at: Date; text: string }[] = []
  let bytes = 0
  for (const row of rows) {
    if (chunks.length > 0 && bytes + row.content.length > input.maxBytes) break
    bytes += row.content.length
    chunks.push({
      sequence: row.sequence,
      stream: row.stream,
      at: row.at,
      text: row.content.toString('utf8'),
    })
  }
  const more = chunks.length < rows.length || rows.length === 500
  return {
    execution: execution.id,
    state: execution.state,
    totalBytes: Number(execution.output_bytes),
    truncated: execution.output_truncated,
    chunks,
    next: more ? (chunks.at(-1)?.sequence ?? null) : null,
  }
}
