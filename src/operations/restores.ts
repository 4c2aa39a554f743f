import type { Actor, Circumstances } from '../access/index.ts'
import { appendAudit, mayApprove, mayRun, requirementFor } from '../access/index.ts'
import type { RestoreJob } from '../backup/index.ts'
import {
  databaseIn,
  dropOld,
  factsOf,
  namesFor,
  RESTORE_WORKFLOW,
  REVERT_WORKFLOW,
  storedBackup,
  targetNamed,
} from '../backup/index.ts'
import { AppError } from '../base/error.ts'
import { canonicalJson, newId, sha256 } from '../base/id.ts'
import { isUniqueViolation, withTransaction } from '../db/index.ts'
import type { Transaction } from '../db/index.ts'
import { approveDuty, consumeDutyApproval } from '../rollout/index.ts'
import { backupsOf } from './backup-desk.ts'
import type { InputOf } from './catalogue.ts'
import type { OperationDeps } from './deps.ts'

const RISK = 'destructive'

function circumstances(deps: OperationDeps, targetName: string): Circumstances {
  const place = deps.backups?.targets.get(targetName)?.workload?.place
  return {
    ...(deps.policy === undefined ? {} : { policy: deps.policy.policy }),
    ...(place === undefined ? {} : { target: { kind: 'kubernetes' as const, ...place } }),
    at: deps.clock.now(),
  }
}

async function request(
  deps: OperationDeps,
  actor: Actor,
  input: InputOf<'backup.restore'>,
): Promise<unknown> {
  const backup = await storedBackup(deps.database, input.id)
  const target = targetNamed(backupsOf(deps), backup.target)
  if (target.dumper.format === 'erlmcp')
    throw new AppError('unsupported', 'erlmcp cannot swap its own database under itself', {
      action: 'Stop it and use `erlmcp backup recover`, into a new data folder.',
    })
  const id = newId('rst')
  const names = namesFor(databaseIn(await target.url()), id)
  const plan = {
    restore: id,
    target: target.name,
    backup: backup.id,
    key: backup.key,
    sha256: backup.manifest.sha256,
    of: backup.manifest.startedAt,
    databases: names,
    stops: target.workload?.name ?? null,
  }
  const hash = sha256(canonicalJson(plan))
  try {
    await withTransaction(deps.database, async (trx) => {
      const at = deps.clock.now()
      await trx
        .insertInto('restore')
        .values({
          id,
          target: target.name,
          backup_id: backup.id,
          safety_id: null,
          state: 'awaiting-approval',
          plan: JSON.stringify(plan),
          plan_hash: hash,
          requested_by: actor.id,
          reason: input.reason,
          requested_at: at,
        })
        .execute()
      await record(trx, at, actor, 'backup.restore', id, { plan, hash, reason: input.reason })
    })
  } catch (error) {
    if (!isUniqueViolation(error)) throw error
    throw new AppError('conflict', `a restore of ${target.name} is under way already`, {
      action: 'See it in `erlmcp restore list`.',
    })
  }
  return showRestore(deps, id)
}

async function approve(
  deps: OperationDeps,
  actor: Actor,
  input: InputOf<'restore.approve'>,
): Promise<unknown> {
  await withTransaction(deps.database, async (trx) => {
    const at = deps.clock.now()
    const row = await locked(trx, input.id, ['awaiting-approval'])
    if (row.plan_hash !== input.hash)
      throw new AppError('approval_mismatch', 'this is not the plan that was shown', {
        action: 'Look at the restore again and approve what it shows now.',
      })
    const about = circumstances(deps, row.target)
    const permission = mayApprove(actor, RISK, row.requested_by, about)
    const needed = requirementFor(RISK, about)
    if (!permission.allowed || 'allowed' in needed)
      throw new AppError('forbidden', `${actor.id} may not approve the restore: ${permission.reason}`, {
        action: 'Ask somebody with the role who did not ask for the restore.',
      })
    await trx
      .insertInto('restore_approval')
      .values({ restore_id: row.id, decided_by: actor.id, decided_at: at, plan_hash: input.hash })
      .onConflict((conflict) =>
        conflict.columns(['restore_id', 'decided_by']).doUpdateSet({ decided_at: at }),
      )
      .execute()
    await record(trx, at, actor, 'restore.approve', row.id, { hash: input.hash })
    const ttlMs =
      needed.expiresAfterSeconds === null ? deps.approvalTtlMs : needed.expiresAfterSeconds * 1_000
    const approvals = await trx
      .selectFrom('restore_approval')
      .select('decided_by')
      .where('restore_id', '=', row.id)
      .where('plan_hash', '=', row.plan_hash)
      .where('decided_at', '>', new Date(at.getTime() - ttlMs))
      .execute()
    const people = approvals.map(({ decided_by }) => ({ decidedBy: decided_by, breakGlass: false }))
    if (!mayRun(RISK, people, about).allowed) return
    await move(trx, row.id, ['awaiting-approval'], 'running')
    const job: RestoreJob = { restoreId: row.id, target: row.target, backupId: row.backup_id }
    await deps.engine.start(trx, RESTORE_WORKFLOW, row.id, job)
  })
  return showRestore(deps, input.id)
}

async function reject(deps: OperationDeps, actor: Actor, input: InputOf<'restore.reject'>): Promise<unknown> {
  await withTransaction(deps.database, async (trx) => {
    const at = deps.clock.now()
    const row = await locked(trx, input.id, ['awaiting-approval'])
    await move(trx, row.id, ['awaiting-approval'], 'rejected', at)
    await record(trx, at, actor, 'restore.reject', row.id, { reason: input.reason })
  })
  return showRestore(deps, input.id)
}

async function revert(deps: OperationDeps, actor: Actor, input: InputOf<'restore.revert'>): Promise<unknown> {
  const from = ['done', 'unhealthy']
  try {
    await withTransaction(deps.database, async (trx) => {
      const at = deps.clock.now()
      const row = await locked(trx, input.id, from)
      if (!(await decide(deps, trx, actor, row, 'revert', input.reason))) return
      await move(trx, row.id, from, 'reverting')
      await record(trx, at, actor, 'restore.revert', row.id, { reason: input.reason })
      const job: RestoreJob = { restoreId: row.id, target: row.target, backupId: row.backup_id }
      await deps.engine.start(trx, REVERT_WORKFLOW, newId('rev'), job)
    })
  } catch (error) {
    if (!isUniqueViolation(error)) throw error
    throw new AppError('conflict', 'another restore of this target is under way', {
      action: 'See it in `erlmcp restore list`.',
    })
  }
  return showRestore(deps, input.id)
}

async function release(
  deps: OperationDeps,
  actor: Actor,
  input: InputOf<'restore.release'>,
): Promise<unknown> {
  const from = ['done', 'unhealthy', 'reverted']
  await withTransaction(deps.database, async (trx) => {
    const at = deps.clock.now()
    // locked until the end: nobody swaps back what is being dropped
    const row = await locked(trx, input.id, from)
    if (!(await decide(deps, trx, actor, row, 'release', input.reason))) return
    const url = await targetNamed(backupsOf(deps), row.target).url()
    const { identities } = await factsOf(deps, row.id)
    const names = namesFor(databaseIn(url), row.id)
    // after a revert it is the restored one that was put aside
    if (row.state === 'reverted') await dropOld(url, names.beside, identities.beside)
    else await dropOld(url, names.old, identities.live)
    await move(trx, row.id, from, 'released', at)
    await record(trx, at, actor, 'restore.release', row.id, { reason: input.reason })
  })
  return showRestore(deps, input.id)
}

/**
 * What follows a restore changes or drops a database too: an approval for exactly this restore as it ended, by somebody
 * who did not ask for it, used up in the same transaction. @returns whether it may go on; else more people are needed.
 */
async function decide(
  deps: OperationDeps,
  trx: Transaction,
  actor: Actor,
  row: Awaited<ReturnType<typeof locked>>,
  what: 'revert' | 'release',
  why: string,
): Promise<boolean> {
  const at = deps.clock.now()
  const exactly = { what, restore: row.id, plan: row.plan_hash, state: row.state, ended: row.ended_at }
  const approvable = {
    subject: row.id,
    hash: sha256(canonicalJson(exactly)),
    risk: RISK,
    requestedBy: row.requested_by,
    title: `${what} of the restore ${row.id}`,
  } as const
  const about = [circumstances(deps, row.target)] as const
  const expiresAt = new Date(at.getTime() + deps.approvalTtlMs)
  const by = { actor, reason: why, breakGlass: false, expiresAt }
  const { needed, given } = await approveDuty(trx, at, approvable, by, about)
  if (given >= needed) {
    await consumeDutyApproval(trx, at, approvable, about)
    return true
  }
  await record(trx, at, actor, `restore.${what}`, row.id, {
    hash: approvable.hash,
    given,
    needed,
    reason: why,
  })
  return false
}

/** @throws AppError `not_found`, `conflict` in another state */
async function locked(trx: Transaction, id: string, states: readonly string[]) {
  const row = await trx.selectFrom('restore').selectAll().where('id', '=', id).forUpdate().executeTakeFirst()
  if (row === undefined) throw unknownRestore(id)
  if (states.includes(row.state)) return row
  throw new AppError('conflict', `the restore ${id} is ${row.state}`, {
    action: `That needs one that is ${states.join(' or ')}.`,
  })
}

async function move(
  trx: Transaction,
  id: string,
  from: readonly string[],
  to: string,
  endedAt: Date | null = null,
): Promise<void> {
  const won = await trx
    .updateTable('restore')
    .set({ state: to, ...(endedAt === null ? {} : { ended_at: endedAt }) })
    .where('id', '=', id)
    .where('state', 'in', from)
    .returning('id')
    .executeTakeFirst()
  if (won === undefined)
    throw new AppError('conflict', `the restore ${id} has changed meanwhile`, { action: 'Look at it again.' })
}

const record = (
  trx: Transaction,
  at: Date,
  actor: Actor,
  operation: string,
  subject: string,
  data: Record<string, unknown>,
): Promise<void> => appendAudit(trx, at, { actor, operation, subject, outcome: 'done', data })

const unknownRestore = (id: string): AppError =>
  new AppError('not_found', `there is no restore ${id}`, { action: 'List them with `erlmcp restore list`.' })

async function listRestores(deps: OperationDeps, input: InputOf<'restore.list'>): Promise<unknown> {
  const rows = await deps.database.kysely
    .selectFrom('restore')
    .selectAll()
    .orderBy('requested_at', 'desc')
    .limit(input.limit)
    .execute()
  return {
    restores: rows.map((row) => ({
      id: row.id,
      target: row.target,
      backup: row.backup_id,
      state: row.state,
      requestedBy: row.requested_by,
      requestedAt: row.requested_at,
      endedAt: row.ended_at,
      reason: row.reason,
    })),
  }
}

async function showRestore(deps: OperationDeps, id: string): Promise<unknown> {
  const database = deps.database.kysely
  const row = await database.selectFrom('restore').selectAll().where('id', '=', id).executeTakeFirst()
  if (row === undefined) throw unknownRestore(id)
  const steps = await database
    .selectFrom('restore_step')
    .selectAll()
    .where('restore_id', '=', id)
    .orderBy('began_at')
    .execute()
  const approvals = await database
    .selectFrom('restore_approval')
    .selectAll()
    .where('restore_id', '=', id)
    .orderBy('decided_at')
    .execute()
  return {
    id: row.id,
    state: row.state,
    plan: row.plan,
    hash: row.plan_hash,
    requestedBy: row.requested_by,
    reason: row.reason,
    approvedBy: approvals.map((approval) => approval.decided_by),
    safetyBackup: row.safety_id,
    facts: row.facts,
    failure: row.failure,
    steps: steps.map((step) => ({
      name: step.name,
      beganAt: step.began_at,
      endedAt: step.ended_at,
      failure: step.failure,
    })),
  }
}

export const restoreHandlers = {
  'backup.restore': request,
  'restore.list': (deps: OperationDeps, _actor: Actor, input: InputOf<'restore.list'>) =>
    listRestores(deps, input),
  'restore.show': (deps: OperationDeps, _actor: Actor, input: InputOf<'restore.show'>) =>
    showRestore(deps, input.id),
  'restore.approve': approve,
  'restore.reject': reject,
  'restore.revert': revert,
  'restore.release': release,
}
