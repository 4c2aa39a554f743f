import { newId } from '../base/id.ts'
import { AppError } from '../base/error.ts'
import type { Actor } from '../access/index.ts'
import { appendAudit } from '../access/index.ts'
import type { Transaction } from '../db/index.ts'
import { withTransaction } from '../db/index.ts'
import { acknowledgeIncident, addTimeline } from '../incident/index.ts'
import type { Answer, Plan } from '../run/index.ts'
import {
  answerDecision,
  approveAlternative,
  pendingDecision,
  proposeAlternative,
  transitionRun,
} from '../run/index.ts'
import { EVENT_TOPIC } from '../response/index.ts'
import type { ResponseEvent } from '../response/index.ts'
import { raiseAlarm } from './alarm.ts'
import type { InputOf } from './catalogue.ts'
import type { OperationDeps } from './deps.ts'
import { findIncident } from './incidents.ts'
import { findRun } from './runs.ts'

export async function acknowledge(
  deps: OperationDeps,
  actor: Actor,
  input: InputOf<'incident.acknowledge'>,
): Promise<unknown> {
  const incident = await findIncident(deps, input.id)
  const first = await withTransaction(deps.database, (trx) => take(deps, trx, incident.id, actor))
  return { incident: `INC-${incident.number}`, acknowledged: first }
}

/** Acknowledges, and ends what nobody has to be asked any more, in one commit. */
async function take(
  deps: OperationDeps,
  trx: Transaction,
  incidentId: string,
  actor: Actor,
): Promise<boolean> {
  const at = deps.clock.now()
  const first = await acknowledgeIncident(trx, at, incidentId, actor)
  await deps.oncall?.settle(trx, at, incidentId)
  return first
}

export async function resolve(
  deps: OperationDeps,
  actor: Actor,
  input: InputOf<'incident.resolve'>,
): Promise<unknown> {
  const incident = await findIncident(deps, input.id)
  if (incident.state === 'resolved' || incident.state === 'closed') {
    return { incident: `INC-${incident.number}`, resolved: false, state: incident.state }
  }
  await withTransaction(deps.database, async (trx) => {
    const at = deps.clock.now()
    await tell(deps, trx, incident.id, { kind: 'resolved-by-person', by: actor.id, reason: input.reason })
    await appendAudit(trx, at, {
      actor,
      operation: 'incident.resolve',
      subject: incident.id,
      outcome: 'done',
      data: { reason: input.reason },
    })
  })
  return { incident: `INC-${incident.number}`, resolved: true }
}

/** An option, a hash, a person: the approval rows and the run's wake-up are one commit. */
export const approve = (deps: OperationDeps, actor: Actor, input: InputOf<'run.approve'>): Promise<unknown> =>
  approveOption(deps, actor, { ...input, reason: input.reason ?? null, breakGlass: false })

/** Overrules role, number and requester, never a fence, a hash, an expiry or single use; all leads are told. */
export async function breakGlass(
  deps: OperationDeps,
  actor: Actor,
  input: InputOf<'run.break-glass'>,
): Promise<unknown> {
  const least = deps.policy?.policy.breakGlass?.reasonCharacters ?? 20
  if (input.reason.length < least) {
    throw new AppError(
      'input_invalid',
      `the reason has ${input.reason.length} characters, fewer than ${least}`,
      {
        action: 'Say why nobody else can approve this now; it stands in the review.',
      },
    )
  }
  return approveOption(deps, actor, { ...input, breakGlass: true })
}

async function approveOption(
  deps: OperationDeps,
  actor: Actor,
  input: {
    id: string
    option: string
    hashes?: readonly string[] | undefined
    reason: string | null
    breakGlass: boolean
  },
): Promise<unknown> {
  const run = await findRun(deps, input.id)
  const approved = await withTransaction(deps.database, async (trx) => {
    const at = deps.clock.now()
    const decision = await pendingDecision(trx, at, run.id, 'choose')
    const approval = await approveAlternative(trx, at, {
      decision,
      plan: run.plan as Plan,
      alternativeId: input.option,
      hashes: input.hashes ?? null,
      actor,
      expiresAt: new Date(at.getTime() + deps.approvalTtlMs),
      reason: input.reason,
      breakGlass: input.breakGlass,
      ...(deps.policy === undefined ? {} : { policy: deps.policy.policy }),
    })
    if (input.breakGlass) {
      await raiseAlarm(deps, trx, at, {
        incidentId: run.incident_id,
        actor,
        reason: input.reason ?? '',
        what: approval.title,
      })
    }
    if (approval.answer !== null) await sendAnswer(deps, trx, decision, approval.answer)
    return approval
  })
  // whoever approves has taken the incident
  await withTransaction(deps.database, (trx) => take(deps, trx, run.incident_id, actor))
  return {
    run: run.id,
    approved: approved.alternativeId,
    approvals: approved.approvalIds,
    complete: approved.answer !== null,
    needed: approved.needed,
    given: approved.given,
  }
}

/** Asks for an option; agents may. Whoever proposes is its requester from now on. */
export async function propose(
  deps: OperationDeps,
  actor: Actor,
  input: InputOf<'run.propose'>,
): Promise<unknown> {
  const run = await findRun(deps, input.id)
  const proposed = await withTransaction(deps.database, async (trx) => {
    const at = deps.clock.now()
    const decision = await pendingDecision(trx, at, run.id, 'choose')
    return proposeAlternative(trx, at, {
      decision,
      plan: run.plan as Plan,
      alternativeId: input.option,
      actor,
      reason: input.reason,
    })
  })
  return { run: run.id, proposed: proposed.alternativeId, by: proposed.proposedBy }
}

export async function reject(
  deps: OperationDeps,
  actor: Actor,
  input: InputOf<'run.reject'>,
): Promise<unknown> {
  const run = await findRun(deps, input.id)
  await withTransaction(deps.database, async (trx) => {
    const at = deps.clock.now()
    const decision = await pendingDecision(trx, at, run.id, 'choose')
    const answer: Answer = { kind: 'reject', alternativeId: null, reason: input.reason, by: actor.id }
    await answerDecision(trx, at, decision, answer, actor, {
      operation: 'run.reject',
      message: `${actor.id} rejected the options: ${input.reason}`,
    })
    await sendAnswer(deps, trx, decision, answer)
  })
  return { run: run.id, rejected: true }
}

export async function answer(
  deps: OperationDeps,
  actor: Actor,
  input: InputOf<'run.answer'>,
): Promise<unknown> {
  const run = await findRun(deps, input.id)
  await withTransaction(deps.database, async (trx) => {
    const at = deps.clock.now()
    const open = await trx
      .selectFrom('decision')
      .select('kind')
      .where('run_id', '=', run.id)
      .where('state', '=', 'pending')
      .where('kind', 'in', ['unknown-outcome', 'manual'])
      .executeTakeFirst()
    const kind = open?.kind === 'manual' ? 'manual' : 'unknown-outcome'
    const decision = await pendingDecision(trx, at, run.id, kind)
    const given: Answer = { kind: 'resolve-unknown', as: input.as, reason: input.reason, by: actor.id }
    await answerDecision(trx, at, decision, given, actor, {
      operation: 'run.answer',
      message: `${actor.id}: ${input.as} (${input.reason})`,
    })
    await sendAnswer(deps, trx, decision, given)
  })
  return { run: run.id, answered: input.as }
}

export async function cancel(
  deps: OperationDeps,
  actor: Actor,
  input: InputOf<'run.cancel'>,
): Promise<unknown> {
  const run = await findRun(deps, input.id)
  const cancelled = await withTransaction(deps.database, async (trx) => {
    const at = deps.clock.now()
    const before = await trx
      .selectFrom('run')
      .select('state')
      .where('id', '=', run.id)
      .forUpdate()
      .executeTakeFirst()
    if (before?.state === 'cancelled') return false
    const reason = `cancelled by ${actor.id}: ${input.reason}`
    if (!(await transitionRun(trx, at, run.id, 'cancelled', reason))) {
      throw new AppError('conflict', `run ${run.id} has ended: it is ${before?.state ?? 'gone'}`, {
        action: 'Nothing is left to cancel.',
      })
    }
    await tell(deps, trx, run.incident_id, { kind: 'run-cancelled', by: actor.id, reason: input.reason })
    await addTimeline(trx, at, {
      incidentId: run.incident_id,
      kind: 'run.cancelled',
      actor: actor.id,
      message: `Run ${reason}`,
      data: { runId: run.id },
    })
    await appendAudit(trx, at, {
      actor,
      operation: 'run.cancel',
      subject: run.id,
      outcome: 'done',
      data: { reason: input.reason },
    })
    return true
  })
  return { run: run.id, cancelled }
}

const sendAnswer = (
  deps: OperationDeps,
  trx: Transaction,
  decision: { id: string; incidentId: string },
  answer: Answer,
): Promise<void> => {
  const event: ResponseEvent = { kind: 'answer', decisionId: decision.id, answer }
  return deps.engine.send(trx, decision.incidentId, EVENT_TOPIC, event, `answer:${decision.id}`)
}

const tell = (
  deps: OperationDeps,
  trx: Transaction,
  incidentId: string,
  event: ResponseEvent,
): Promise<void> => deps.engine.send(trx, incidentId, EVENT_TOPIC, event, newId('evt'))
