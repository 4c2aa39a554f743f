import type { Actor } from '../access/index.ts'
import { appendAudit } from '../access/index.ts'
import type { BackupJob, BackupTarget } from '../backup/index.ts'
import {
  BACKUP_WORKFLOW,
  manifestSchema,
  pruneTarget,
  requestBackup,
  storedBackup,
  targetNamed,
} from '../backup/index.ts'
import { delay } from '../base/clock.ts'
import { AppError } from '../base/error.ts'
import { newId } from '../base/id.ts'
import { withTransaction } from '../db/index.ts'
import { backupsOf } from './backup-desk.ts'
import type { InputOf } from './catalogue.ts'
import type { HandlersOf, OperationDeps } from './deps.ts'
import { restoreHandlers } from './restores.ts'

const POLL_MS = 250

async function create(deps: OperationDeps, actor: Actor, input: InputOf<'backup.create'>): Promise<unknown> {
  const backups = backupsOf(deps)
  const target = targetNamed(backups, input.target)
  const id = await withTransaction(deps.database, async (trx) => {
    const at = deps.clock.now()
    const made = await requestBackup(trx, deps.engine, at, {
      target,
      cause: 'asked',
      by: actor.id,
      verify: input.verify === 'true',
      prune: false,
    })
    await appendAudit(trx, at, {
      actor,
      operation: 'backup.create',
      subject: made,
      outcome: 'done',
      data: { target: target.name, verify: input.verify },
    })
    return made
  })
  return ended(
    deps,
    id,
    input.waitSeconds,
    (row) => row.state === 'failed' || (row.state === 'stored' && (input.verify === 'false' || row.judged)),
  )
}

async function verify(deps: OperationDeps, actor: Actor, input: InputOf<'backup.verify'>): Promise<unknown> {
  const backups = backupsOf(deps)
  const backup = await storedBackup(deps.database, input.id)
  const target = targetNamed(backups, backup.target)
  await withTransaction(deps.database, async (trx) => {
    const at = deps.clock.now()
    await trx
      .updateTable('backup')
      .set({ verification: null, verify_failure: null })
      .where('id', '=', backup.id)
      .execute()
    const job: BackupJob = {
      backupId: backup.id,
      target: target.name,
      make: false,
      verify: true,
      prune: false,
    }
    await deps.engine.start(trx, BACKUP_WORKFLOW, newId('ver'), job)
    await appendAudit(trx, at, { actor, operation: 'backup.verify', subject: backup.id, outcome: 'done' })
  })
  return ended(deps, backup.id, input.waitSeconds, (row) => row.judged)
}

/** Waits for a while; the answer is how it stands then. */
async function ended(
  deps: OperationDeps,
  id: string,
  waitSeconds: number,
  done: (row: { state: string; judged: boolean }) => boolean,
): Promise<unknown> {
  const limit = performance.now() + waitSeconds * 1_000
  for (;;) {
    const row = await rowOf(deps, id)
    const judged = row.verification !== null || row.verify_failure !== null
    if (done({ state: row.state, judged }) || performance.now() >= limit) return show(deps, id)
    await delay(POLL_MS)
  }
}

async function rowOf(deps: OperationDeps, id: string) {
  const row = await deps.database.kysely
    .selectFrom('backup')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst()
  if (row !== undefined) return row
  throw new AppError('not_found', `there is no backup ${id}`, {
    action: 'List them with `erlmcp backup list`.',
  })
}

async function show(deps: OperationDeps, id: string): Promise<unknown> {
  const row = await rowOf(deps, id)
  return {
    id: row.id,
    target: row.target,
    state: row.state,
    cause: row.cause,
    requestedBy: row.requested_by,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    store: row.store,
    key: row.key,
    verifiedAt: row.verified_at,
    failure: row.failure ?? row.verify_failure,
    verification: row.verification,
    manifest: row.manifest,
  }
}

async function list(deps: OperationDeps, input: InputOf<'backup.list'>): Promise<unknown> {
  let query = deps.database.kysely
    .selectFrom('backup')
    .selectAll()
    .orderBy('started_at', 'desc')
    .orderBy('id')
    .limit(input.limit)
  if (input.target !== undefined) query = query.where('target', '=', input.target)
  const rows = await query.execute()
  return {
    backups: rows.map((row) => {
      const manifest = manifestSchema.safeParse(row.manifest)
      return {
        id: row.id,
        target: row.target,
        state: row.state,
        cause: row.cause,
        startedAt: row.started_at,
        sizeBytes: manifest.success ? manifest.data.sizeBytes : null,
        rows: manifest.success
          ? manifest.data.measured.tables.reduce((sum, table) => sum + table.rows, 0)
          : null,
        verifiedAt: row.verified_at,
        failure: row.failure ?? row.verify_failure,
      }
    }),
  }
}

async function prune(deps: OperationDeps, actor: Actor, input: InputOf<'backup.prune'>): Promise<unknown> {
  const target = targetNamed(backupsOf(deps), input.target)
  const dryRun = input.dryRun === 'true'
  const removed = await pruneTarget(deps, target, AbortSignal.timeout(300_000), dryRun)
  await withTransaction(deps.database, (trx) =>
    appendAudit(trx, deps.clock.now(), {
      actor,
      operation: 'backup.prune',
      subject: target.name,
      outcome: 'done',
      data: { removed, dryRun },
    }),
  )
  return dryRun ? { target: target.name, wouldRemove: removed } : { target: target.name, removed }
}

async function schedule(deps: OperationDeps): Promise<unknown> {
  const targets = deps.backups === undefined ? [] : [...deps.backups.targets.values()]
  const last = await lastVerified(deps)
  return {
    targets: targets.map((target: BackupTarget) => ({
      target: target.name,
      cron: target.schedule?.cron ?? null,
      zone: target.schedule?.zone ?? null,
      keep: target.keep,
      store: target.store.where,
      lastVerifiedAt: last.get(target.name) ?? null,
    })),
  }
}

/** When the newest good restore of each target's backups was of: the time that could be gone back to. */
export async function lastVerified(deps: Pick<OperationDeps, 'database'>): Promise<Map<string, Date>> {
  const rows = await deps.database.kysely
    .selectFrom('backup')
    .select((eb) => ['target', eb.fn.max('started_at').as('at')])
    .where('state', '=', 'stored')
    .where('verified_at', 'is not', null)
    .groupBy('target')
    .execute()
  return new Map(rows.map(({ target, at }) => [target, at]))
}

export const backupHandlers: HandlersOf<
  | 'backup.create'
  | 'backup.list'
  | 'backup.show'
  | 'backup.verify'
  | 'backup.prune'
  | 'backup.schedule'
  | 'backup.restore'
  | 'restore.list'
  | 'restore.show'
  | 'restore.approve'
  | 'restore.reject'
  | 'restore.revert'
  | 'restore.release'
> = {
  'backup.create': create,
  'backup.list': (deps, _actor, input) => list(deps, input),
  'backup.show': (deps, _actor, input) => show(deps, input.id),
  'backup.verify': verify,
  'backup.prune': prune,
  'backup.schedule': (deps) => schedule(deps),
  ...restoreHandlers,
}
