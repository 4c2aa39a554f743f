import type { Actor } from '../access/index.ts'
import { appendAudit, SYSTEM_ACTOR } from '../access/index.ts'
import { AppError, messageOf } from '../base/error.ts'
import { newId } from '../base/id.ts'
import { withTransaction } from '../db/index.ts'
import type { Database, Transaction } from '../db/index.ts'
import type { WorkflowContext, WorkflowEngine } from '../workflow/index.ts'
import { createBackup, manifestKey } from './create.ts'
import type { Created } from './create.ts'
import { manifestSchema } from './manifest.ts'
import type { Manifest } from './manifest.ts'
import { expired } from './retention.ts'
import type { BackupDeps, BackupTarget } from './target.ts'
import { assertGood, verifyBackup } from './verify.ts'
import type { Verification } from './verify.ts'

/** Never renamed: the engine finds what it has begun by it. */
export const BACKUP_WORKFLOW = 'backup'

export const CAUSES = ['asked', 'schedule', 'safety'] as const
export type Cause = (typeof CAUSES)[number]

/** What the workflow does for one backup; `make` is false to verify one that is there. */
export interface BackupJob {
  backupId: string
  target: string
  make: boolean
  verify: boolean
  prune: boolean
}

export interface Failure {
  code: string
  message: string
  action: string
}

export const failureOf = (error: unknown): Failure =>
  error instanceof AppError
    ? { code: error.code, message: error.message, action: error.action }
    : { code: 'internal', message: messageOf(error), action: 'Look into the log of erlmcp.' }

export type Tried<T> = { ok: true; value: T } | { ok: false; failure: Failure }

/** A fault of a long step is a value: it is recorded, and the workflow goes on to say so. */
export async function tried<T>(body: () => Promise<T>): Promise<Tried<T>> {
  try {
    return { ok: true, value: await body() }
  } catch (error) {
    return { ok: false, failure: failureOf(error) }
  }
}

/** @throws AppError `not_found` */
export function targetNamed(deps: Pick<BackupDeps, 'targets'>, name: string): BackupTarget {
  const target = deps.targets.get(name)
  if (target !== undefined) return target
  throw new AppError('not_found', `there is no backup target ${JSON.stringify(name)}`, {
    action: `Name one of: ${[...deps.targets.keys()].join(', ')}; more are set under \`backup.targets\`.`,
  })
}

/** Writes the row and starts the workflow, when the caller's transaction commits. @returns the id */
export async function requestBackup(
  trx: Transaction,
  engine: Pick<WorkflowEngine, 'start'>,
  at: Date,
  request: { target: BackupTarget; cause: Cause; by: string; verify: boolean; prune: boolean },
): Promise<string> {
  const { target, cause, by, verify, prune } = request
  const id = newId('bak')
  await insertBackup(trx, at, id, target, cause, by)
  const job: BackupJob = { backupId: id, target: target.name, make: true, verify, prune }
  await engine.start(trx, BACKUP_WORKFLOW, id, job)
  return id
}

export async function insertBackup(
  trx: Transaction,
  at: Date,
  id: string,
  target: BackupTarget,
  cause: Cause,
  by: string,
): Promise<void> {
  await trx
    .insertInto('backup')
    .values({
      id,
      target: target.name,
      state: 'running',
      cause,
      requested_by: by,
      store: target.storeName,
      key: null,
      started_at: at,
    })
    .execute()
}

/** Make, verify, prune; after a crash it goes on with the one that was under way. */
export async function runBackup(deps: BackupDeps, context: WorkflowContext, job: BackupJob): Promise<void> {
  const { backupId } = job
  const target = deps.targets.get(job.target)
  if (target === undefined) {
    await context.transaction('no target', (trx) =>
      endFailed(
        trx,
        deps.clock.now(),
        backupId,
        failureOf(
          new AppError('not_found', `the target ${job.target} is not configured any more`, {
            action: 'Configure it, or ask for another.',
          }),
        ),
      ),
    )
    return
  }
  if (job.make) {
    const made = await context.step('make', async (signal) =>
      tried(async () => {
        const startedAt = await startOf(deps.database, backupId)
        return createBackup(deps, target, { id: backupId, startedAt }, signal)
      }),
    )
    await context.transaction('made', (trx) =>
      made.ok
        ? endStored(trx, deps.clock.now(), backupId, made.value)
        : endFailed(trx, deps.clock.now(), backupId, made.failure),
    )
    if (!made.ok) return
  }
  if (job.verify) {
    const verified = await context.step('verify', async (signal) =>
      tried(async () => verifyBackup(deps, target, await storedBackup(deps.database, backupId), signal)),
    )
    await context.transaction('verified', (trx) =>
      recordVerification(trx, deps.clock.now(), backupId, verified),
    )
  }
  if (job.prune) {
    const pruned = await context.step('prune', async (signal) =>
      tried(() => pruneTarget(deps, target, signal)),
    )
    if (!pruned.ok)
      deps.log.warn({ target: target.name, failure: pruned.failure }, 'backups could not be pruned')
  }
}

const startOf = async (database: Database, id: string): Promise<Date> =>
  (
    await database.kysely
      .selectFrom('backup')
      .select('started_at')
      .where('id', '=', id)
      .executeTakeFirstOrThrow()
  ).started_at

export interface StoredBackup {
  id: string
  target: string
  key: string
  manifest: Manifest
}

/** @throws AppError `not_found`, `conflict` for one that is not in the store. */
export async function storedBackup(database: Database, id: string): Promise<StoredBackup> {
  const row = await database.kysely.selectFrom('backup').selectAll().where('id', '=', id).executeTakeFirst()
  if (row === undefined)
    throw new AppError('not_found', `there is no backup ${id}`, {
      action: 'List them with `erlmcp backup list`.',
    })
  if (row.state !== 'stored' || row.key === null)
    throw new AppError('conflict', `the backup ${id} is ${row.state}`, {
      action: 'Take one whose state is `stored`.',
    })
  return { id, target: row.target, key: row.key, manifest: manifestSchema.parse(row.manifest) }
}

export async function endStored(trx: Transaction, at: Date, id: string, made: Created): Promise<void> {
  await trx
    .updateTable('backup')
    .set({
      state: 'stored',
      finished_at: at,
      key: made.key,
      manifest: JSON.stringify(made.manifest),
    })
    .where('id', '=', id)
    .where('state', '=', 'running')
    .execute()
  await audit(trx, at, 'backup.create', id, 'done', {
    key: made.key,
    sha256: made.manifest.sha256,
    sizeBytes: made.manifest.sizeBytes,
  })
}

export async function endFailed(trx: Transaction, at: Date, id: string, failure: Failure): Promise<void> {
  await trx
    .updateTable('backup')
    .set({ state: 'failed', finished_at: at, failure: JSON.stringify(failure) })
    .where('id', '=', id)
    .where('state', '=', 'running')
    .execute()
  await audit(trx, at, 'backup.create', id, 'failed', { failure })
}

export async function recordVerification(
  trx: Transaction,
  at: Date,
  id: string,
  verified: Tried<Verification>,
): Promise<void> {
  const judged = verified.ok ? judge(verified.value) : verified
  const verification = verified.ok ? JSON.stringify(verified.value) : null
  await trx
    .updateTable('backup')
    .set(
      judged.ok
        ? { verified_at: at, verification, verify_failure: null }
        : // what was good once and is not any more counts as not verified
          { verified_at: null, verification, verify_failure: JSON.stringify(judged.failure) },
    )
    .where('id', '=', id)
    .execute()
  await audit(
    trx,
    at,
    'backup.verify',
    id,
    judged.ok ? 'done' : 'failed',
    judged.ok ? { tables: judged.value.tables, rows: judged.value.rows } : { failure: judged.failure },
  )
}

function judge(verification: Verification): Tried<Verification> {
  try {
    assertGood(verification)
    return { ok: true, value: verification }
  } catch (error) {
    return { ok: false, failure: failureOf(error) }
  }
}

/** Removes what the retention of a target lets go. @returns ids; one that is locked stays and is tried again. */
export async function pruneTarget(
  deps: Pick<BackupDeps, 'database' | 'clock'>,
  target: BackupTarget,
  signal: AbortSignal,
  dryRun = false,
): Promise<string[]> {
  const rows = await deps.database.kysely
    .selectFrom('backup')
    .select(['id', 'key', 'cause', 'started_at', 'verified_at'])
    .where('target', '=', target.name)
    .where('state', '=', 'stored')
    .execute()
  const held = new Set(await heldBySomeRestore(deps.database, target.name))
  const gone = expired(
    rows.map((row) => ({
      id: row.id,
      startedAt: row.started_at,
      verifiedAt: row.verified_at,
      held: held.has(row.id),
    })),
    target.keep,
    target.schedule?.zone ?? 'UTC',
  )
  if (dryRun) return gone
  const removed: string[] = []
  for (const { id, key } of rows.filter((row) => gone.includes(row.id))) {
    if (key === null) continue
    // the manifest first: an object without one is no backup, and is cleared away
    const unlocked =
      (await target.store.remove(manifestKey(key), signal)) && (await target.store.remove(key, signal))
    if (!unlocked) continue
    await withTransaction(deps.database, async (trx) => {
      const at = deps.clock.now()
      await trx
        .updateTable('backup')
        .set({ state: 'pruned', pruned_at: at })
        .where('id', '=', id)
        .where('state', '=', 'stored')
        .execute()
      await audit(trx, at, 'backup.prune', id, 'done', { key })
    })
    removed.push(id)
  }
  return removed
}

/** What a restore that has not been released yet was made from, and its safety backup. */
async function heldBySomeRestore(database: Database, target: string): Promise<string[]> {
  const rows = await database.kysely
    .selectFrom('restore')
    .select(['backup_id', 'safety_id'])
    .where('target', '=', target)
    .where('state', 'not in', ['rejected', 'failed', 'reverted', 'released'])
    .execute()
  return rows.flatMap((row) => [row.backup_id, ...(row.safety_id === null ? [] : [row.safety_id])])
}

export const audit = (
  trx: Transaction,
  at: Date,
  operation: string,
  subject: string,
  outcome: 'done' | 'failed',
  data: Record<string, unknown>,
  actor: Actor = SYSTEM_ACTOR,
): Promise<void> => appendAudit(trx, at, { actor, operation, subject, outcome, data })
