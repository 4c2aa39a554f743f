import { SYSTEM_ACTOR } from '../access/index.ts'
import { assertNever } from '../base/error.ts'
import { withTransaction } from '../db/index.ts'
import type { Transaction } from '../db/index.ts'
import { beginExecution, consumeApproval, endExecution } from '../run/index.ts'
import type { ExecutionIntent, ExecutionResult, PlannedCommand, PlannedStep } from '../run/index.ts'
import { traceParent } from '../review/index.ts'
import type { StepResult } from '../step/index.ts'
import type { Outcome, Refused, WorkflowContext } from '../workflow/index.ts'
import { unlessCancelled } from './cancellation.ts'
import type { ResponseDeps, RunHandle } from './deps.ts'

/** A finding: what a command said, in one line. */
export interface Finding {
  command: string
  state: ExecutionResult['state']
  line: string
}

/**
 * Runs the read commands of a step in their order, inside one durable step of the run: after a crash they are read
 * again. Commands that need a person or a value are recorded as skipped, with the reason.
 */
export async function runReads(
  deps: ResponseDeps,
  run: RunHandle,
  step: PlannedStep,
  attempt: number,
  signal: AbortSignal,
): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const command of step.commands) {
    const intent: ExecutionIntent = {
      runId: run.runId,
      incidentId: run.incidentId,
      attempt,
      command,
      host: deps.host,
    }
    const reason = whySkipped(command)
    const result =
      reason === null ? await runRead(deps, run, intent, signal) : await skip(deps, intent, reason)
    findings.push({
      command: command.text,
      state: result.state,
      line: lastLine(result.summary) ?? result.reason ?? '',
    })
  }
  return findings
}

function whySkipped(command: PlannedCommand): string | null {
  if (command.manualReason !== null) return command.manualReason
  if (command.needsApproval && command.risk === 'read')
    return 'it needs rights that the observer has not, and stands outside an option; run it yourself'
  if (command.needsApproval)
    return 'it changes something and stands outside an option, so nobody can approve it here'
  const missing = command.inputs.filter((input) => input.value === null).map((input) => input.name)
  return missing.length === 0 ? null : `it needs a value for ${missing.join(', ')}`
}

async function skip(deps: ResponseDeps, intent: ExecutionIntent, reason: string): Promise<ExecutionResult> {
  const result: ExecutionResult = {
    state: 'skipped',
    exitCode: null,
    signal: null,
    reason,
    outputBytes: 0,
    outputTruncated: false,
    summary: null,
  }
  await withTransaction(deps.database, async (trx) => {
    const existing = await trx
      .selectFrom('execution')
      .select('id')
      .where('run_id', '=', intent.runId)
      .where('step_id', '=', intent.command.stepId)
      .where('attempt', '=', intent.attempt)
      .where('command_index', '=', intent.command.index)
      .executeTakeFirst()
    if (existing !== undefined) return
    await beginExecution(trx, deps.clock.now(), intent, null)
    await endExecution(trx, deps.clock.now(), intent, result, SYSTEM_ACTOR)
  })
  return result
}

async function runRead(
  deps: ResponseDeps,
  run: RunHandle,
  intent: ExecutionIntent,
  signal: AbortSignal,
): Promise<ExecutionResult> {
  const executionId = await withTransaction(deps.database, (trx) =>
    beginExecution(trx, deps.clock.now(), intent, null),
  )
  const outcome = await execute(deps, run, intent.command, executionId, signal)
  const result = resultOf(outcome, intent.command)
  await withTransaction(deps.database, (trx) =>
    endExecution(trx, deps.clock.now(), intent, result, SYSTEM_ACTOR),
  )
  return result
}

/**
 * Runs one approved command at most once. Its approval is used up in the transaction that commits the intent; when that
 * is refused, nothing ran. An outcome that a crash swallowed is `unknown`.
 */
export async function runGated(
  deps: ResponseDeps,
  context: WorkflowContext,
  run: RunHandle,
  command: PlannedCommand,
  attempt: number,
  approvalIds: readonly string[],
): Promise<ExecutionResult | Refused> {
  const intent: ExecutionIntent = {
    runId: run.runId,
    incidentId: run.incidentId,
    attempt,
    command,
    host: deps.host,
  }
  let executionId: string | null = null
  const outcome = await context.effect<ExecutionResult>(
    `${command.stepId}#${command.index}`,
    {
      async claim(trx) {
        const at = deps.clock.now()
        const approvalId = await consumeApproval(trx, at, intent, approvalIds, deps.policy)
        executionId = await beginExecution(trx, at, intent, approvalId)
        await trx
          .updateTable('approval')
          .set({ execution_id: executionId })
          .where('id', '=', approvalId)
          .execute()
      },
      async settle(trx, settled) {
        const result =
          settled.kind === 'done' ? settled.value : await lostResult(deps, trx, run, intent, settled)
        await endExecution(trx, deps.clock.now(), intent, result, SYSTEM_ACTOR)
      },
    },
    async (signal) => {
      if (executionId === null) throw new Error('the intent was not committed')
      return resultOf(await execute(deps, run, command, executionId, signal), command)
    },
  )
  if (outcome.kind === 'refused') return outcome
  if (outcome.kind === 'done') return outcome.value
  return {
    ...emptyResult,
    state: outcome.kind === 'failed' ? 'failed' : 'unknown',
    reason: reasonOf(outcome),
  }
}

const emptyResult = { exitCode: null, signal: null, outputBytes: 0, outputTruncated: false, summary: null }
type Lost = Extract<Outcome<ExecutionResult>, { kind: 'failed' | 'unknown' }>
const reasonOf = (outcome: Lost): string =>
  outcome.kind === 'failed' ? outcome.error : `started at ${outcome.startedAt}; ${outcome.reason}`

/** After a crash: whatever is left of the command is stopped, so that it cannot act after a person has decided. */
async function lostResult(
  deps: ResponseDeps,
  trx: Transaction,
  run: RunHandle,
  intent: ExecutionIntent,
  outcome: Lost,
): Promise<ExecutionResult> {
  const row = await trx
    .selectFrom('execution')
    .select(['id', 'host', 'process_id', 'process_started', 'output_bytes'])
    .where('run_id', '=', run.runId)
    .where('step_id', '=', intent.command.stepId)
    .where('attempt', '=', intent.attempt)
    .where('command_index', '=', intent.command.index)
    .executeTakeFirst()
  const leftover =
    row === undefined
      ? null
      : await deps.killLeftover({
          host: row.host,
          pid: row.process_id,
          startedAt: row.process_started,
          executionId: row.id,
        })
  return {
    ...emptyResult,
    state: outcome.kind === 'failed' ? 'failed' : 'unknown',
    reason: [reasonOf(outcome), leftover].filter((part) => part !== null).join('; '),
    outputBytes: Number(row?.output_bytes ?? 0),
  }
}

async function execute(
  deps: ResponseDeps,
  run: RunHandle,
  command: PlannedCommand,
  executionId: string,
  signal: AbortSignal,
): Promise<StepResult> {
  const service = deps.service(run.serviceName)
  const { shell_state: shellState } = await deps.database.kysely
    .selectFrom('run')
    .select('shell_state')
    .where('id', '=', run.runId)
    .executeTakeFirstOrThrow()
  const environment = {
    TRACEPARENT: traceParent(run.incidentId, executionId),
    ...service.environment.all,
    ...service.environment[command.identity],
  }
  const result = await unlessCancelled(deps, run.runId, signal, (stop) =>
    deps.execute({ runId: run.runId, executionId, command, environment, shellState }, stop),
  )
  if (command.changesShell && result.shellState !== null) {
    await deps.database.kysely
      .updateTable('run')
      .set({ shell_state: result.shellState })
      .where('id', '=', run.runId)
      .execute()
  }
  return result
}

/** What an exit means. `grep` that finds nothing exits 1: for a read that is a finding, not a fault of the run. */
function resultOf(step: StepResult, command: PlannedCommand): ExecutionResult {
  const base = {
    outputBytes: step.outputBytes,
    outputTruncated: step.truncated,
    summary: step.tail === '' ? null : step.tail,
    exitCode: null,
    signal: null,
  }
  switch (step.kind) {
    case 'exited': {
      const done = step.exitCode === 0
      const missing = step.exitCode === 127 ? 'command not found' : null
      return {
        ...base,
        state: done ? 'done' : 'failed',
        exitCode: step.exitCode,
        reason: done ? null : missing,
      }
    }
    case 'window-ended':
      return { ...base, state: 'done', reason: 'watched for its time window' }
    case 'signalled':
      return { ...base, state: 'failed', signal: step.signal, reason: `ended by ${step.signal}` }
    case 'timed-out':
      return {
        ...base,
        state: command.risk === 'read' ? 'failed' : 'unknown',
        reason: 'stopped at its time limit',
      }
    case 'stopped':
      return {
        ...base,
        state: command.risk === 'read' ? 'failed' : 'unknown',
        reason: 'stopped before its end',
      }
    case 'not-started':
      return { ...base, state: 'failed', reason: step.reason }
    default:
      return assertNever(step)
  }
}

const lastLine = (text: string | null): string | null =>
  text?.trim().split('\n').at(-1)?.slice(0, 300) ?? null
