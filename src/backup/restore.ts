import { AppError } from '../base/error.ts'
import { newId } from '../base/id.ts'
import type { Transaction } from '../db/index.ts'
import { databaseIn } from './session.ts'
import type { WorkflowContext } from '../workflow/index.ts'
import { createBackup } from './create.ts'
import { audit, endFailed, endStored, insertBackup, storedBackup, targetNamed, tried } from './record.ts'
import type { Failure, Tried } from './record.ts'
import { dropMadeDatabase } from './scratch.ts'
import { awaitNoSessions, copyDatabaseRights, identify, swapNames } from './swap.ts'
import type { Identities } from './swap.ts'
import type { BackupDeps, BackupTarget } from './target.ts'
import { ask, assertGood, restoreInto } from './verify.ts'

/** Never renamed. */
export const RESTORE_WORKFLOW = 'restore'
export const REVERT_WORKFLOW = 'restore-revert'

export const RESTORE_STATES = [
  'awaiting-approval', 'rejected', 'running', 'failed', 'unhealthy', 'done', 'reverting', 'reverted', 'released',
] as const // prettier-ignore
export type RestoreState = (typeof RESTORE_STATES)[number]

export interface RestoreJob {
  restoreId: string
  target: string
  backupId: string
}

export interface RestoreNames {
  live: string
  /** Filled and compared beside the live one; takes its name. */
  beside: string
  /** What the live one is called afterwards, until it is released. */
  old: string
}

export const namesFor = (live: string, restoreId: string): RestoreNames => {
  const tail = restoreId.slice(-8)
  // 63 bytes are all that a name may have
  const head = Buffer.from(live).subarray(0, 40).toString('utf8').replaceAll('\ufffd', '')
  return { live, beside: `${head}_restore_${tail}`, old: `${head}_before_${tail}` }
}

const SETTLED_WHEN_STOPPED = 0

/**
 * Restores a database: filled beside the live one and compared, safety backup, replicas recorded, application stopped,
 * sessions ended, names swapped, application started again with what was recorded. Each step looks at what is and only
 * does what is left to do, so that it can run again after a crash. Until the swap a failure leads back: application as
 * before, live database never touched. After it a person decides.
 */
export async function runRestore(deps: BackupDeps, context: WorkflowContext, job: RestoreJob): Promise<void> {
  const known = await prepare(deps, context, job, 'running')
  if (known === null) return
  const { target, names, run } = known

  const identities = await run('fill and compare', (signal) => fillBeside(deps, target, job, names, signal))
  if (!identities.ok) return goBack(deps, context, job, target, names, null, identities.failure)

  const safety = await makeSafety(deps, context, job, target, run)
  if (!safety.ok) return goBack(deps, context, job, target, names, null, safety.failure)

  const replicas = await run(
    'record replicas',
    async (signal) => (await target.workload?.replicas(signal)) ?? null,
  )
  if (!replicas.ok) return goBack(deps, context, job, target, names, null, replicas.failure)
  await context.transaction('facts', (trx) => keepFacts(trx, job.restoreId, identities.value, replicas.value))

  const stopped = await run('stop the application', (signal) => stopWorkload(target, signal))
  if (!stopped.ok) return goBack(deps, context, job, target, names, replicas.value, stopped.failure)
  const quiet = await run('wait for sessions to end', async (signal) =>
    awaitNoSessions(await target.url(), target.sessionsEndMs, signal),
  )
  if (!quiet.ok) return goBack(deps, context, job, target, names, replicas.value, quiet.failure)
  const swapped = await run('swap', async () => swapNames(await target.url(), names, identities.value))
  if (!swapped.ok) return goBack(deps, context, job, target, names, replicas.value, swapped.failure)

  const started = await run('start the application', (signal) =>
    startWorkload(target, replicas.value, signal),
  )
  const checked = await run('check the data', () => checkData(target))
  const failed = [started, checked].find(({ ok }) => !ok)
  const failure = failed === undefined || failed.ok ? null : failed.failure
  const end = failure === null ? 'done' : 'unhealthy'
  await context.transaction('end', (trx) =>
    endRestore(trx, deps.clock.now(), job.restoreId, 'running', end, failure),
  )
}

/** @throws AppError `backup_mismatch` */
async function checkData(target: BackupTarget): Promise<void> {
  const wrong = (await ask(await target.url(), target.checks)).find(({ good }) => !good)
  if (wrong === undefined) return
  throw new AppError(
    'backup_mismatch',
    `the live database answers ${wrong.answer} to the check ${wrong.name}`,
    {
      action: 'Look at the data; `erlmcp restore revert` swaps the old database back in.',
    },
  )
}

/** The names change back: what was live before the restore is live again; what was restored is kept aside. */
export async function runRevert(deps: BackupDeps, context: WorkflowContext, job: RestoreJob): Promise<void> {
  const known = await prepare(deps, context, job, 'reverting')
  if (known === null) return
  const { target, names, run } = known
  const facts = await context.step('facts', () => factsOf(deps, job.restoreId))
  const back: Identities = { live: facts.identities.beside, beside: facts.identities.live }
  const turned = { beside: names.old, old: names.beside }
  const stopped = await run('revert: stop the application', (signal) => stopWorkload(target, signal))
  const quiet = stopped.ok
    ? await run('revert: wait for sessions to end', async (signal) =>
        awaitNoSessions(await target.url(), target.sessionsEndMs, signal),
      )
    : stopped
  const swapped = quiet.ok
    ? await run('revert: swap', async () => swapNames(await target.url(), turned, back))
    : quiet
  const started = await run('revert: start the application', (signal) =>
    startWorkload(target, facts.replicas, signal),
  )
  const failure = !swapped.ok ? swapped.failure : !started.ok ? started.failure : null
  await context.transaction('end', (trx) =>
    endRestore(
      trx,
      deps.clock.now(),
      job.restoreId,
      'reverting',
      swapped.ok ? 'reverted' : 'unhealthy',
      failure,
    ),
  )
}

interface Prepared {
  target: BackupTarget
  names: RestoreNames
  run: Run
}

/** `null`: the target is gone from the configuration, or its address cannot be read; the restore has ended so. */
async function prepare(
  deps: BackupDeps,
  context: WorkflowContext,
  job: RestoreJob,
  from: RestoreState,
): Promise<Prepared | null> {
  // the name alone: the address holds a password, and what a step returns is stored
  const live = await context.step('name', () =>
    tried(async () => databaseIn(await targetNamed(deps, job.target).url())),
  )
  const target = deps.targets.get(job.target)
  if (live.ok && target !== undefined)
    return { target, names: namesFor(live.value, job.restoreId), run: stepper(deps, context, job.restoreId) }
  const failure = live.ok ? GONE : live.failure
  await context.transaction('end', (trx) =>
    endRestore(
      trx,
      deps.clock.now(),
      job.restoreId,
      from,
      from === 'running' ? 'failed' : 'unhealthy',
      failure,
    ),
  )
  return null
}

const GONE: Failure = {
  code: 'not_found',
  message: 'the target is not configured any more',
  action: 'Configure it again, and ask for the restore again.',
}

type Run = <T>(name: string, body: (signal: AbortSignal) => Promise<T>) => Promise<Tried<T>>

/** Each step is a row that people see: begun, ended, and how. */
const stepper =
  (deps: BackupDeps, context: WorkflowContext, restoreId: string): Run =>
  async (name, body) => {
    await context.transaction(`begin: ${name}`, (trx) => beginStep(trx, deps.clock.now(), restoreId, name))
    const result = await context.step(name, (signal) => tried(() => body(signal)))
    await context.transaction(`end: ${name}`, (trx) =>
      endStep(trx, deps.clock.now(), restoreId, name, result.ok ? null : result.failure),
    )
    return result
  }

async function fillBeside(
  deps: BackupDeps,
  target: BackupTarget,
  job: RestoreJob,
  names: RestoreNames,
  signal: AbortSignal,
): Promise<Identities> {
  const url = await target.url()
  const backup = await storedBackup(deps.database, job.backupId)
  const beside = { url, name: names.beside, id: job.restoreId }
  assertGood(await restoreInto(deps, target, backup, beside, signal))
  await copyDatabaseRights(url, names.beside)
  return identify(url, names.beside)
}

async function makeSafety(
  deps: BackupDeps,
  context: WorkflowContext,
  job: RestoreJob,
  target: BackupTarget,
  run: Run,
): Promise<Tried<unknown>> {
  const { id, startedAt } = await context.transaction('safety backup', async (trx) => {
    const at = deps.clock.now()
    const safetyId = newId('bak')
    await insertBackup(trx, at, safetyId, target, 'safety', 'system:erlmcp')
    await trx.updateTable('restore').set({ safety_id: safetyId }).where('id', '=', job.restoreId).execute()
    return { id: safetyId, startedAt: at }
  })
  const made = await run('safety backup', (signal) => createBackup(deps, target, { id, startedAt }, signal))
  await context.transaction('safety backup made', (trx) =>
    made.ok
      ? endStored(trx, deps.clock.now(), id, made.value)
      : endFailed(trx, deps.clock.now(), id, made.failure),
  )
  return made
}

async function stopWorkload(target: BackupTarget, signal: AbortSignal): Promise<void> {
  await target.workload?.scale(SETTLED_WHEN_STOPPED, signal)
  await target.workload?.settled(SETTLED_WHEN_STOPPED, signal)
}

async function startWorkload(
  target: BackupTarget,
  replicas: number | null,
  signal: AbortSignal,
): Promise<void> {
  if (replicas === null || target.workload === null) return
  await target.workload.scale(replicas, signal)
  await target.workload.settled(replicas, signal)
}

/** The way back before the swap: application as recorded, the copy beside dropped; the live database was not touched. */
async function goBack(
  deps: BackupDeps,
  context: WorkflowContext,
  job: RestoreJob,
  target: BackupTarget,
  names: RestoreNames,
  replicas: number | null,
  failure: Failure,
): Promise<void> {
  const run = stepper(deps, context, job.restoreId)
  const started = await run('back: start the application', (signal) =>
    startWorkload(target, replicas, signal),
  )
  await run('back: drop the copy', async () =>
    dropMadeDatabase(await target.url(), names.beside, job.restoreId),
  )
  await context.transaction('end', (trx) =>
    endRestore(
      trx,
      deps.clock.now(),
      job.restoreId,
      'running',
      'failed',
      started.ok ? failure : started.failure,
    ),
  )
}

async function keepFacts(
  trx: Transaction,
  id: string,
  identities: Identities,
  replicas: number | null,
): Promise<void> {
  await trx
    .updateTable('restore')
    .set({ facts: JSON.stringify({ identities, replicas }) })
    .where('id', '=', id)
    .execute()
}

export async function factsOf(
  deps: Pick<BackupDeps, 'database'>,
  id: string,
): Promise<{ identities: Identities; replicas: number | null }> {
  const row = await deps.database.kysely
    .selectFrom('restore')
    .select('facts')
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  return row.facts as { identities: Identities; replicas: number | null }
}

async function endRestore(
  trx: Transaction,
  at: Date,
  id: string,
  from: RestoreState,
  to: RestoreState,
  failure: Failure | null,
): Promise<void> {
  await trx
    .updateTable('restore')
    .set({ state: to, ended_at: at, failure: failure === null ? null : JSON.stringify(failure) })
    .where('id', '=', id)
    .where('state', '=', from)
    .execute()
  await audit(trx, at, 'backup.restore', id, failure === null ? 'done' : 'failed', { state: to, failure })
}

async function beginStep(trx: Transaction, at: Date, restoreId: string, name: string): Promise<void> {
  await trx
    .insertInto('restore_step')
    .values({ restore_id: restoreId, name, began_at: at })
    .onConflict((conflict) => conflict.columns(['restore_id', 'name']).doNothing())
    .execute()
}

async function endStep(
  trx: Transaction,
  at: Date,
  restoreId: string,
  name: string,
  failure: Failure | null,
): Promise<void> {
  await trx
    .updateTable('restore_step')
    .set({ ended_at: at, failure: failure === null ? null : JSON.stringify(failure) })
    .where('restore_id', '=', restoreId)
    .where('name', '=', name)
    .execute()
}
