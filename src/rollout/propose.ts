import type { Actor, Circumstances } from '../access/index.ts'
import { appendAudit } from '../access/index.ts'
import { AppError } from '../base/error.ts'
import type { Transaction } from '../db/index.ts'
import type { WorkflowEngine } from '../workflow/index.ts'
import { approveDuty } from './approval.ts'
import type { DutyApproved } from './approval.ts'
import { CHANGE_WORKFLOW } from './execute.ts'
import { planHash } from './plan.ts'
import type { ChangePlan } from './plan.ts'
import { addDutyEvent } from './record.ts'
import { findChange, moveChange } from './store.ts'
import type { PlannedChange } from './store.ts'

/** What was shown can be approved for so long; afterwards the cluster may look otherwise. */
const PROPOSAL_TTL_MS = 30 * 60_000

export interface Proposal {
  id: string
  plan: ChangePlan
  service: string | null
  context: string | null
  namespace: string
  workload: string
  actor: Actor
  reason: string
}

/**
 * Keeps exactly what was shown, so that it can be approved.
 * @throws AppError `conflict` when another change of the workload is under way.
 */
export async function proposeChange(trx: Transaction, at: Date, proposal: Proposal): Promise<PlannedChange> {
  const { plan, actor } = proposal
  await refuseWhileBusy(trx, proposal)
  await trx
    .insertInto('planned_change')
    .values({
      id: proposal.id,
      kind: plan.kind,
      service: proposal.service,
      context: proposal.context,
      namespace: proposal.namespace,
      workload: proposal.workload,
      title: plan.title,
      plan: JSON.stringify(plan),
      hash: planHash(plan, proposal),
      state: 'proposed',
      requested_by: actor.id,
      reason: proposal.reason,
      created_at: at,
      expires_at: new Date(at.getTime() + PROPOSAL_TTL_MS),
    })
    .execute()
  await addDutyEvent(trx, at, {
    subject: proposal.id,
    kind: 'change.proposed',
    actor: actor.id,
    message: `${actor.id} proposed: ${plan.title} (${proposal.reason})`,
  })
  await appendAudit(trx, at, {
    actor,
    operation: 'change.propose',
    subject: proposal.id,
    outcome: 'done',
    data: { title: plan.title, command: plan.apply.text, reason: proposal.reason },
  })
  return findChange(trx, proposal.id)
}

async function refuseWhileBusy(
  trx: Transaction,
  { namespace, workload }: Pick<Proposal, 'namespace' | 'workload'>,
): Promise<void> {
  const busy = await trx
    .selectFrom('planned_change')
    .select(['number', 'title'])
    .where('workload', '=', workload)
    .where('namespace', '=', namespace)
    .where('state', 'in', ['approved', 'running'])
    .executeTakeFirst()
  if (busy === undefined) return
  throw new AppError('conflict', `CHG-${busy.number} is under way: ${busy.title}`, {
    action: `Wait for its end: \`erlmcp change show CHG-${busy.number}\`.`,
  })
}

/**
 * One person approves; with the last one that is needed it starts.
 * @throws AppError `conflict` (not open any more, or it cannot be applied), `approval_expired`, `approval_mismatch`, `forbidden`.
 */
export async function approveChange(
  trx: Transaction,
  at: Date,
  engine: Pick<WorkflowEngine, 'start'>,
  change: PlannedChange,
  by: { actor: Actor; reason: string | null; breakGlass: boolean; hash: string | null; ttlMs: number },
  about: Circumstances,
): Promise<DutyApproved & { started: boolean }> {
  refuseUnfit(change, at, by.hash)
  await refuseWhileBusy(trx, change)
  const approved = await approveDuty(
    trx,
    at,
    { subject: change.id, hash: change.hash, risk: change.plan.apply.risk, requestedBy: change.requested_by, title: change.title }, // prettier-ignore
    { ...by, expiresAt: new Date(at.getTime() + by.ttlMs) },
    [about],
  )
  const verb = by.breakGlass ? 'BROKE THE GLASS for' : 'approved'
  await addDutyEvent(trx, at, {
    subject: change.id,
    kind: by.breakGlass ? 'change.break-glass' : 'change.approved',
    actor: by.actor.id,
    message: `${by.actor.id} ${verb}: ${change.title}${by.reason === null ? '' : ` (${by.reason})`}`,
  })
  await appendAudit(trx, at, {
    actor: by.actor,
    operation: by.breakGlass ? 'change.break-glass' : 'change.approve',
    subject: change.id,
    outcome: 'done',
    data: { hash: change.hash, reason: by.reason, given: approved.given, needed: approved.needed },
  })
  const started =
    approved.given >= approved.needed &&
    (await moveChange(trx, change.id, ['proposed'], { state: 'approved' }))
  if (started) await engine.start(trx, CHANGE_WORKFLOW, change.id, { changeId: change.id })
  return { ...approved, started }
}

function refuseUnfit(change: PlannedChange, at: Date, hash: string | null): void {
  if (change.state !== 'proposed') {
    throw new AppError('conflict', `the change is ${change.state}; it is not open for an approval`, {
      action: 'Propose it again if it is still wanted.',
    })
  }
  if (change.expires_at <= at) {
    throw new AppError('approval_expired', 'what was shown is too old: the cluster may look otherwise now', {
      action: 'Propose it again.',
    })
  }
  if (hash !== null && hash !== change.hash) {
    throw new AppError('approval_mismatch', 'the change is not the one that was shown', {
      action: 'Look at it again and approve what it shows now.',
    })
  }
  const stop = change.plan.notes.find(({ level }) => level === 'stop')
  if (stop === undefined) return
  throw new AppError('conflict', `it cannot be applied: ${stop.text}`, {
    action: 'Mend that, then propose the change again.',
  })
}
