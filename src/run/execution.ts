import type { Actor, Policy } from '../access/index.ts'
import { appendAudit, mayRun } from '../access/index.ts'
import { AppError } from '../base/error.ts'
import { newId } from '../base/id.ts'
import type { Transaction } from '../db/index.ts'
import { addTimeline } from '../incident/index.ts'
import { circumstancesOf } from './circumstances.ts'
import type { PlannedCommand } from './plan.ts'

export interface ExecutionIntent {
  runId: string
  incidentId: string
  attempt: number
  command: PlannedCommand
  host: string
}

/**
 * Commits the intent to run a command. A read that is run again after a crash takes its old row over and loses its old
 * output; a gated command never comes here twice (its row is unique and the engine's ledger refuses the second claim).
 */
export async function beginExecution(
  trx: Transaction,
  at: Date,
  intent: ExecutionIntent,
  approvalId: string | null,
): Promise<string> {
  const id = newId('exe')
  const row = await trx
    .insertInto('execution')
    .values({
      id,
      run_id: intent.runId,
      step_id: intent.command.stepId,
      attempt: intent.attempt,
      command_index: intent.command.index,
      command: intent.command.text,
      command_hash: intent.command.hash,
      risk: intent.command.risk,
      identity: intent.command.identity,
      state: 'running',
      approval_id: approvalId,
      host: intent.host,
      process_id: null,
      process_started: null,
      started_at: at,
      exit_code: null,
      signal: null,
      reason: null,
      summary: null,
    })
    .onConflict((conflict) =>
      conflict
        .columns(['run_id', 'step_id', 'attempt', 'command_index'])
        .doUpdateSet({ state: 'running', started_at: at, ended_at: null, output_bytes: 0, host: intent.host })
        .where('execution.risk', '=', 'read'),
    )
    .returning('id')
    .executeTakeFirst()
  if (row === undefined) {
    throw new AppError('conflict', `\`${intent.command.text}\` was already started in this attempt`, {
      action: 'Look at its outcome in `erlmcp run show`; it is not run a second time.',
    })
  }
  if (row.id !== id) await trx.deleteFrom('output_chunk').where('execution_id', '=', row.id).execute()
  return row.id
}

/**
 * Uses up the approvals of exactly this command, in the transaction that commits the intent, and asks the policy once
 * more: fences and quiet times hold when a command is about to run.
 * @throws AppError `conflict` (the run has ended), `approval_mismatch`, `approval_used`, `approval_expired`,
 * `forbidden` (fence, quiet time, too few approvals); nothing runs then.
 */
export async function consumeApproval(
  trx: Transaction,
  at: Date,
  intent: ExecutionIntent,
  approvalIds: readonly string[],
  policy?: Policy,
): Promise<string> {
  const { command } = intent
  // locked, so that a run that is cancelled at this moment either starts nothing or is seen by the command that starts
  const run = await trx
    .selectFrom('run')
    .select(['ended_at', 'reason'])
    .where('id', '=', intent.runId)
    .forUpdate()
    .executeTakeFirst()
  if (run === undefined || run.ended_at !== null) {
    throw new AppError('conflict', `the run has ended: ${run?.reason ?? 'it is gone'}`, {
      action: 'Nothing more of it is started.',
    })
  }
  const rows = await trx
    .selectFrom('approval')
    .selectAll()
    .where('run_id', '=', intent.runId)
    .where('attempt', '=', intent.attempt)
    .where('step_id', '=', command.stepId)
    .where('command_index', '=', command.index)
    .where('id', 'in', approvalIds.length === 0 ? ['none'] : [...approvalIds])
    .orderBy('decided_at')
    .orderBy('id')
    .forUpdate()
    .execute()
  const usable = rows.filter((row) => row.command_hash === command.hash)
  const valid = usable.filter((row) => row.state === 'approved' && row.expires_at > at)
  const [first] = valid
  if (first === undefined) throw whyNoApproval(command, usable)
  const permission = mayRun(
    command.risk,
    valid.map((row) => ({ decidedBy: row.decided_by, breakGlass: row.break_glass })),
    await circumstancesOf(trx, at, intent.runId, policy),
  )
  if (!permission.allowed) {
    throw new AppError('forbidden', `\`${command.text}\` may not run: ${permission.reason}`, {
      action: 'Nothing ran. See the policy with `erlmcp policy show`, or choose another option.',
    })
  }
  await trx
    .updateTable('approval')
    .set({ state: 'consumed', consumed_at: at })
    .where(
      'id',
      'in',
      valid.map((row) => row.id),
    )
    .where('state', '=', 'approved')
    .execute()
  return first.id
}

function whyNoApproval(command: PlannedCommand, usable: readonly { state: string }[]): AppError {
  if (usable.length === 0) {
    return new AppError('approval_mismatch', `nobody approved \`${command.text}\` as it stands now`, {
      action: 'Approve the option again; the approval is for one exact command, identity and target.',
    })
  }
  if (usable.some((row) => row.state === 'consumed')) {
    return new AppError('approval_used', `the approval of \`${command.text}\` was used once already`, {
      action: 'Approve the option again if it has to run again.',
    })
  }
  return new AppError('approval_expired', `the approval of \`${command.text}\` expired before it was used`, {
    action: 'Approve the option again.',
  })
}

export interface ExecutionResult {
  state: 'done' | 'failed' | 'unknown' | 'skipped'
  exitCode: number | null
  signal: string | null
  reason: string | null
  outputBytes: number
  outputTruncated: boolean
  /** Last lines, redacted. */
  summary: string | null
}

/** Commits the result of a command; gated ones with their audit row. */
export async function endExecution(
  trx: Transaction,
  at: Date,
  intent: ExecutionIntent,
  result: ExecutionResult,
  actor: Actor,
): Promise<void> {
  const updated = await trx
    .updateTable('execution')
    .set({
      state: result.state,
      ended_at: at,
      exit_code: result.exitCode,
      signal: result.signal,
      reason: result.reason,
      output_bytes: result.outputBytes,
      output_truncated: result.outputTruncated,
      summary: result.summary,
    })
    .where('run_id', '=', intent.runId)
    .where('step_id', '=', intent.command.stepId)
    .where('attempt', '=', intent.attempt)
    .where('command_index', '=', intent.command.index)
    .returning(['id', 'started_at'])
    .executeTakeFirst()
  if (updated === undefined) return
  const seconds = ((at.getTime() - updated.started_at.getTime()) / 1_000).toFixed(1)
  await addTimeline(trx, at, {
    incidentId: intent.incidentId,
    kind: `command.${result.state}`,
    actor: actor.id,
    message: `${firstLine(intent.command.text)} (${seconds} s, ${describe(result)})`,
    data: {
      executionId: updated.id,
      runId: intent.runId,
      line: intent.command.line,
      risk: intent.command.risk,
    },
  })
  if (intent.command.risk === 'read') return
  await appendAudit(trx, at, {
    actor,
    operation: 'command.run',
    subject: updated.id,
    outcome: result.state === 'done' ? 'done' : 'failed',
    data: {
      runId: intent.runId,
      command: intent.command.text,
      hash: intent.command.hash,
      state: result.state,
    },
  })
}

export function describe(result: Pick<ExecutionResult, 'state' | 'exitCode' | 'reason'>): string {
  if (result.state === 'unknown') return 'outcome unknown'
  if (result.reason !== null) return result.reason
  return result.exitCode === null ? result.state : `exit ${result.exitCode}`
}

const firstLine = (text: string): string => {
  const line = text.split('\n', 1)[0] ?? ''
  return line.length > 160 || line.length < text.length ? `${line.slice(0, 160)}…` : line
}
