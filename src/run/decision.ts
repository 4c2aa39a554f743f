import type { Actor } from '../access/index.ts'
import { appendAudit } from '../access/index.ts'
import { AppError } from '../base/error.ts'
import { newId } from '../base/id.ts'
import type { Transaction } from '../db/index.ts'
import { addTimeline } from '../incident/index.ts'

export const DECISION_KINDS = ['choose', 'unknown-outcome', 'manual'] as const
export type DecisionKind = (typeof DECISION_KINDS)[number]

/** What the run wants to know, as it is shown to people. */
export interface Question {
  text: string
  options: { id: string; label: string; risk: string | null; suggestion: string | null }[]
}

/** What somebody answered. It reaches the run as a message of the engine, in the transaction that stores it. */
export type Answer =
  | { kind: 'approve'; alternativeId: string; approvalIds: string[]; by: string }
  | { kind: 'reject'; alternativeId: string | null; reason: string; by: string }
  | { kind: 'resolve-unknown'; as: 'done' | 'not-done'; reason: string; by: string }

export async function askDecision(
  trx: Transaction,
  at: Date,
  request: {
    runId: string
    incidentId: string
    attempt: number
    kind: DecisionKind
    /** What it is about, where one attempt can ask several of a kind: `step#index`. Default empty. */
    subject?: string
    question: Question
    expiresAt: Date
    actor: string
  },
): Promise<string> {
  const decisionId = newId('dec')
  await trx
    .insertInto('decision')
    .values({
      id: decisionId,
      run_id: request.runId,
      attempt: request.attempt,
      kind: request.kind,
      subject: request.subject ?? '',
      question: JSON.stringify(request.question),
      state: 'pending',
      asked_at: at,
      expires_at: request.expiresAt,
      answered_by: null,
    })
    .execute()
  await addTimeline(trx, at, {
    incidentId: request.incidentId,
    kind: 'decision.asked',
    actor: request.actor,
    message: request.question.text,
    data: { decisionId, runId: request.runId, kind: request.kind, options: request.question.options },
  })
  return decisionId
}

export interface PendingDecision {
  id: string
  run_id: string
  attempt: number
  kind: string
  requestedBy: string
  incidentId: string
  /** Ids of what is offered; an option that was tried is not among them. */
  offered: string[]
}

/** The one open question of a run. Locked: two people who answer at once are put in order. */
export async function pendingDecision(
  trx: Transaction,
  at: Date,
  runId: string,
  kind: DecisionKind,
): Promise<PendingDecision> {
  const row = await trx
    .selectFrom('decision')
    .innerJoin('run', 'run.id', 'decision.run_id')
    .select([
      'decision.id',
      'decision.run_id',
      'decision.attempt',
      'decision.kind',
      'decision.question',
      'decision.state',
      'decision.expires_at',
      'decision.answered_by',
      'run.incident_id',
      'run.ended_at',
      'run.reason',
    ])
    .where('decision.run_id', '=', runId)
    .where('decision.kind', '=', kind)
    .orderBy('decision.asked_at', 'desc')
    .orderBy('decision.attempt', 'desc')
    .limit(1)
    .forUpdate('decision')
    .executeTakeFirst()
  if (row === undefined) {
    throw new AppError('conflict', `run ${runId} asks nothing of this kind now`, {
      action: 'Look at the run with `erlmcp run show`.',
    })
  }
  if (row.state === 'answered') {
    throw new AppError('conflict', `${row.answered_by ?? 'somebody'} has answered this first`, {
      action: 'Look at the run with `erlmcp run show`; nothing was changed by this call.',
      data: { answeredBy: row.answered_by },
    })
  }
  if (row.ended_at !== null) {
    throw new AppError('conflict', `run ${runId} has ended: ${row.reason ?? 'without a reason'}`, {
      action: 'Nothing waits for an answer any more; nothing was changed by this call.',
    })
  }
  if (row.state !== 'pending' || row.expires_at <= at) {
    throw new AppError(
      'approval_expired',
      `the question of run ${runId} is ${row.state} and can no longer be answered`,
      {
        action: 'Wait for the run to ask again, or start a new one.',
      },
    )
  }
  return {
    ...row,
    requestedBy: 'system:erlmcp',
    incidentId: row.incident_id,
    offered: (row.question as Question).options.map((option) => option.id),
  }
}

/** Stores an answer, with its timeline entry and audit row. The caller sends it to the run in the same transaction. */
export async function answerDecision(
  trx: Transaction,
  at: Date,
  decision: PendingDecision,
  answer: Answer,
  actor: Actor,
  record: { operation: string; message: string; data?: Record<string, unknown> },
): Promise<void> {
  await trx
    .updateTable('decision')
    .set({ state: 'answered', answer: JSON.stringify(answer), answered_by: actor.id, answered_at: at })
    .where('id', '=', decision.id)
    .where('state', '=', 'pending')
    .execute()
  await addTimeline(trx, at, {
    incidentId: decision.incidentId,
    kind: 'decision.answered',
    actor: actor.id,
    message: record.message,
    data: { decisionId: decision.id, runId: decision.run_id, ...record.data },
  })
  await appendAudit(trx, at, {
    actor,
    operation: record.operation,
    subject: decision.run_id,
    outcome: 'done',
    data: { decisionId: decision.id, answer, ...record.data },
  })
}
