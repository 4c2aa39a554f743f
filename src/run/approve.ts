import type { Actor, Circumstances, Policy, Requirement } from '../access/index.ts'
import { appendAudit, mayApprove, requirementFor } from '../access/index.ts'
import { AppError } from '../base/error.ts'
import { newId } from '../base/id.ts'
import type { Transaction } from '../db/index.ts'
import { addTimeline } from '../incident/index.ts'
import { gatedCommands, missingInputs } from './choices.ts'
import { circumstancesOf } from './circumstances.ts'
import { answerDecision } from './decision.ts'
import type { Answer, PendingDecision } from './decision.ts'
import type { Plan, PlannedAlternative, PlannedCommand } from './plan.ts'

export interface ApprovalRequest {
  decision: PendingDecision
  plan: Plan
  alternativeId: string
  /** Hashes of the gated commands as shown; `null` when the caller saw the plan as it stands. */
  hashes: readonly string[] | null
  actor: Actor
  expiresAt: Date
  reason: string | null
  /** Default: the defaults. */
  policy?: Policy
  /** Role, number and requester are overruled; the reason says why. */
  breakGlass?: boolean
}

export interface Approved {
  alternativeId: string
  title: string
  approvalIds: string[]
  /** How many different people it takes, and how many have approved. */
  needed: number
  given: number
  /** To be sent to the run; `null` while another person is needed. */
  answer: Extract<Answer, { kind: 'approve' }> | null
}

/**
 * One person's approval of one alternative: a single-use row for each of its gated commands, bound to the hash that the
 * person saw. When enough people have approved, the question is answered.
 * @throws AppError `forbidden`, `not_found`, `input_invalid` (inputs missing), `approval_mismatch` (another hash),
 * `conflict` (approved by the same person before, or not offered).
 */
export async function approveAlternative(
  trx: Transaction,
  at: Date,
  request: ApprovalRequest,
): Promise<Approved> {
  const { decision, actor } = request
  const alternative = offeredAlternative(decision, request.plan, request.alternativeId)
  const gated = gatedCommands(alternative)
  checkInputs(alternative)
  checkHashes(
    gated.map((command) => command.hash),
    request.hashes,
  )
  const about: Circumstances = {
    ...(await circumstancesOf(trx, at, decision.run_id, request.policy)),
    breakGlass: request.breakGlass === true,
  }
  const requester = await requesterOf(trx, decision, alternative.id)
  const requirement = decideAll(actor, gated, requester, about)
  await insertRows(trx, at, request, alternative, gated, requester, requirement)
  const rows = await validApprovals(trx, at, decision, alternative.id)
  const people = [...new Set(rows.map((row) => row.decided_by))]
  const needed = request.breakGlass === true ? 1 : (requirement?.approvals ?? 1)
  const approved = {
    alternativeId: alternative.id,
    title: alternative.title,
    approvalIds: rows.map((row) => row.id),
    needed,
    given: gated.length === 0 ? 1 : people.length,
  }
  const data = {
    option: alternative.id,
    requestedBy: requester,
    needed,
    given: approved.given,
    commands: gated.map((command) => ({ command: command.text, hash: command.hash, risk: command.risk })),
  }
  const operation = request.breakGlass === true ? 'run.break-glass' : 'run.approve'
  if (approved.given < needed) {
    await recordPart(
      trx,
      at,
      request,
      operation,
      `${alternative.title} (${approved.given} of ${needed})`,
      data,
    )
    return { ...approved, answer: null }
  }
  await revokeOthers(trx, decision, alternative.id)
  const answer: Extract<Answer, { kind: 'approve' }> = {
    kind: 'approve',
    alternativeId: alternative.id,
    approvalIds: approved.approvalIds,
    by: actor.id,
  }
  const verb = request.breakGlass === true ? 'BROKE THE GLASS for' : 'approved'
  const why = request.breakGlass === true ? `: ${request.reason ?? ''}` : ''
  await answerDecision(trx, at, decision, answer, actor, {
    operation,
    message: `${actor.id} ${verb}: ${alternative.title}${why}`,
    data: { ...data, ...(request.reason === null ? {} : { reason: request.reason }) },
  })
  return { ...approved, answer }
}

/** Somebody asks for an option: from now on they are its requester, and the policy says whether they may approve it. */
export async function proposeAlternative(
  trx: Transaction,
  at: Date,
  request: { decision: PendingDecision; plan: Plan; alternativeId: string; actor: Actor; reason: string },
): Promise<{ alternativeId: string; title: string; proposedBy: string }> {
  const { decision, actor } = request
  const alternative = offeredAlternative(decision, request.plan, request.alternativeId)
  checkInputs(alternative)
  const won = await trx
    .insertInto('proposal')
    .values({
      decision_id: decision.id,
      alternative_id: alternative.id,
      proposed_by: actor.id,
      proposed_at: at,
      reason: request.reason,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning('proposed_by')
    .executeTakeFirst()
  if (won === undefined) {
    const by = await requesterOf(trx, decision, alternative.id)
    throw new AppError('conflict', `"${alternative.title}" was proposed by ${by} already`, {
      action: 'It waits for an approval; nothing was changed by this call.',
    })
  }
  const data = {
    decisionId: decision.id,
    runId: decision.run_id,
    option: alternative.id,
    reason: request.reason,
  }
  await addTimeline(trx, at, {
    incidentId: decision.incidentId,
    kind: 'decision.proposed',
    actor: actor.id,
    message: `${actor.id} proposed: ${alternative.title} (${request.reason})`,
    data,
  })
  await appendAudit(trx, at, {
    actor,
    operation: 'run.propose',
    subject: decision.run_id,
    outcome: 'done',
    data,
  })
  return { alternativeId: alternative.id, title: alternative.title, proposedBy: actor.id }
}

/** Who asked for an option: whoever proposed it, else erlmcp, which offers it from the page. */
export async function requesterOf(
  trx: Pick<Transaction, 'selectFrom'>,
  decision: { id: string; requestedBy: string },
  alternativeId: string,
): Promise<string> {
  const row = await trx
    .selectFrom('proposal')
    .select('proposed_by')
    .where('decision_id', '=', decision.id)
    .where('alternative_id', '=', alternativeId)
    .executeTakeFirst()
  return row?.proposed_by ?? decision.requestedBy
}

/** The strictest requirement over the commands; `null` where nothing is gated. Throws at the first refusal. */
function decideAll(
  actor: Actor,
  gated: readonly PlannedCommand[],
  requester: string,
  about: Circumstances,
): Requirement | null {
  let strictest: Requirement | null = null
  for (const command of gated) {
    const permission = mayApprove(actor, command.risk, requester, about)
    const requirement = requirementFor(command.risk, about)
    if (!permission.allowed || 'allowed' in requirement) {
      throw new AppError(
        'forbidden',
        `${actor.id} may not approve \`${command.text}\`: ${permission.reason}`,
        {
          action: 'Ask somebody with the role; what waits for them stands in `erlmcp run show`.',
          data: { risk: command.risk },
        },
      )
    }
    if (strictest === null || requirement.approvals > strictest.approvals) strictest = requirement
  }
  return strictest
}

async function insertRows(
  trx: Transaction,
  at: Date,
  request: ApprovalRequest,
  alternative: PlannedAlternative,
  gated: readonly PlannedCommand[],
  requester: string,
  requirement: Requirement | null,
): Promise<void> {
  if (gated.length === 0) return
  const { decision, actor } = request
  const limit = requirement?.expiresAfterSeconds ?? null
  const expiresAt =
    limit === null
      ? request.expiresAt
      : new Date(Math.min(request.expiresAt.getTime(), at.getTime() + limit * 1_000))
  // an earlier approval by the same person that expired makes room for the new one
  await trx
    .deleteFrom('approval')
    .where('run_id', '=', decision.run_id)
    .where('attempt', '=', decision.attempt)
    .where('alternative_id', '=', alternative.id)
    .where('decided_by', '=', actor.id)
    .where('state', '=', 'approved')
    .where((or) => or.or([or('expires_at', '<=', at), or('break_glass', '!=', request.breakGlass === true)]))
    .execute()
  const rows = gated.map((command) => ({
    id: newId('apr'),
    run_id: decision.run_id,
    alternative_id: alternative.id,
    step_id: command.stepId,
    command_index: command.index,
    command: command.text,
    command_hash: command.hash,
    risk: command.risk,
    state: 'approved',
    requested_by: requester,
    decided_by: actor.id,
    decided_at: at,
    expires_at: expiresAt,
    execution_id: null,
    reason: request.reason,
    attempt: decision.attempt,
    break_glass: request.breakGlass === true,
  }))
  const inserted = await trx
    .insertInto('approval')
    .values(rows)
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .execute()
  if (inserted.length === rows.length) return
  throw new AppError('conflict', `${actor.id} has approved "${alternative.title}" already`, {
    action: 'It waits for another person; nothing was changed by this call.',
  })
}

const validApprovals = (
  trx: Transaction,
  at: Date,
  decision: PendingDecision,
  alternativeId: string,
): Promise<{ id: string; decided_by: string }[]> =>
  trx
    .selectFrom('approval')
    .select(['id', 'decided_by'])
    .where('run_id', '=', decision.run_id)
    .where('attempt', '=', decision.attempt)
    .where('alternative_id', '=', alternativeId)
    .where('state', '=', 'approved')
    .where('expires_at', '>', at)
    .execute()

/** What was approved of the other options does not wait for its use any more. */
async function revokeOthers(
  trx: Transaction,
  decision: PendingDecision,
  alternativeId: string,
): Promise<void> {
  await trx
    .updateTable('approval')
    .set({ state: 'revoked' })
    .where('run_id', '=', decision.run_id)
    .where('attempt', '=', decision.attempt)
    .where('alternative_id', '!=', alternativeId)
    .where('state', '=', 'approved')
    .execute()
}

async function recordPart(
  trx: Transaction,
  at: Date,
  { decision, actor }: ApprovalRequest,
  operation: string,
  what: string,
  data: Record<string, unknown>,
): Promise<void> {
  await addTimeline(trx, at, {
    incidentId: decision.incidentId,
    kind: 'decision.approved-in-part',
    actor: actor.id,
    message: `${actor.id} approved: ${what}; another person is needed`,
    data: { decisionId: decision.id, runId: decision.run_id, ...data },
  })
  await appendAudit(trx, at, {
    actor,
    operation,
    subject: decision.run_id,
    outcome: 'done',
    data: { decisionId: decision.id, ...data },
  })
}

function offeredAlternative(decision: PendingDecision, plan: Plan, id: string): PlannedAlternative {
  const alternative = findAlternative(plan, id)
  if (decision.offered.includes(alternative.id)) return alternative
  throw new AppError('conflict', `"${alternative.title}" is not offered now: it was tried in this run`, {
    action: `Choose among: ${decision.offered.join(', ')}.`,
  })
}

function findAlternative(plan: Plan, id: string): PlannedAlternative {
  const byNumber = /^\d+$/.test(id) ? plan.alternatives[Number(id) - 1] : undefined
  const alternative = plan.alternatives.find((candidate) => candidate.id === id) ?? byNumber
  if (alternative === undefined) {
    throw new AppError('not_found', `the plan has no option ${JSON.stringify(id)}`, {
      action: `Choose one of: ${plan.alternatives.map((candidate, index) => `${index + 1} (${candidate.id})`).join(', ')}.`,
    })
  }
  return alternative
}

function checkInputs(alternative: PlannedAlternative): void {
  const missing = missingInputs(alternative)
  if (missing.length === 0) return
  throw new AppError('input_invalid', `"${alternative.title}" needs values for ${missing.join(', ')}`, {
    action: 'Set them for the service in the configuration, or send them as labels of the alert.',
    data: { missing },
  })
}

function checkHashes(actual: readonly string[], seen: readonly string[] | null): void {
  if (seen === null) return
  if (actual.length === seen.length && actual.every((hash) => seen.includes(hash))) return
  throw new AppError('approval_mismatch', 'the commands are not those that were shown', {
    action: 'Look at the option again and approve what it shows now.',
  })
}
