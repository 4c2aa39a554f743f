import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createBackup } from '../../src/backup/create.ts'
import { endStored, insertBackup, targetNamed } from '../../src/backup/record.ts'
import { RESTORE_WORKFLOW } from '../../src/backup/index.ts'
import { withSession } from '../../src/backup/session.ts'
import { withTransaction } from '../../src/db/index.ts'
import { testDatabase } from '../support/database.ts'
import type { TestDatabase } from '../support/database.ts'
import { debianPostgres, startDebianPostgres } from '../support/debian-postgres.ts'
import type { DebianServer } from '../support/debian-postgres.ts'
import { engineOn, startIn } from '../support/engine.ts'
import { backupWorld, notesOf, replicasFile } from '../support/restore-world.ts'
import type { RestoreChildOptions } from '../support/restore-child.ts'
import { onServer } from '../support/server.ts'

const CHILD = path.resolve('test/support/restore-child.ts')
const STEPS = ['name', 'fill and compare', 'safety backup', 'record replicas', 'stop the application',
  'wait for sessions to end', 'swap', 'start the application', 'check the data'] // prettier-ignore

describe.skipIf(debianPostgres === null)('a restore', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'erlmcp-restore-kill-'))
  let server: DebianServer
  let db: TestDatabase

  beforeAll(async () => {
    db = await testDatabase()
    server = await startDebianPostgres()
    await onServer(server.url('postgres'), 'create database orders')
    await onServer(
      server.url('orders'),
      'create table item (id int primary key); insert into item select generate_series(1, 100)',
    )
  })
  afterAll(async () => {
    await server?.stop()
    await db?.drop()
    rmSync(folder, { recursive: true, force: true })
  })

  const count = (database: string): Promise<number> =>
    withSession(server.url(database), async (session) => {
      const { rows } = await session.query<{ count: number }>('select count(*)::int as count from item')
      return rows[0]?.count ?? -1
    })

  /** @returns the signal that ended it, or `null` where it was told to stop. */
  const child = async (state: () => Promise<string>): Promise<NodeJS.Signals | null> => {
    const options: RestoreChildOptions = { url: db.url, world: { folder, url: server.url('orders') } }
    const started = spawn(process.execPath, [CHILD, JSON.stringify(options)], { stdio: 'inherit' })
    const timer = setInterval(() => {
      void state().then((now) => now !== 'running' && started.kill('SIGTERM'))
    }, 200)
    const [, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) =>
      started.once('exit', (code, by) => resolve([code, by])),
    )
    clearInterval(timer)
    return signal === 'SIGKILL' ? signal : null
  }

  test('killed after every one of its steps ends as if nothing had been, with the replicas that were recorded', async () => {
    const deps = backupWorld(db.database, { folder, url: server.url('orders') })
    const target = targetNamed(deps, 'orders')
    const startedAt = new Date()
    await withTransaction(db.database, (trx) =>
      insertBackup(trx, startedAt, 'bak_kill', target, 'asked', 'person:ada'),
    )
    const made = await createBackup(deps, target, { id: 'bak_kill', startedAt }, AbortSignal.timeout(60_000))
    await withTransaction(db.database, (trx) => endStored(trx, new Date(), 'bak_kill', made))
    await onServer(server.url('orders'), 'delete from item where id > 10')
    await db.database.kysely
      .insertInto('restore')
      .values({
        id: 'rst_kill0001',
        target: 'orders',
        backup_id: 'bak_kill',
        safety_id: null,
        state: 'running',
        plan: '{}',
        plan_hash: '',
        requested_by: 'person:ada',
        reason: 'rows were deleted',
        requested_at: new Date(),
      })
      .execute()
    const engine = engineOn(db)
    await startIn(db, engine, RESTORE_WORKFLOW, 'rst_kill0001', {
      restoreId: 'rst_kill0001',
      target: 'orders',
      backupId: 'bak_kill',
    })
    const state = async (): Promise<string> =>
      (
        await db.database.kysely
          .selectFrom('restore')
          .select('state')
          .where('id', '=', 'rst_kill0001')
          .executeTakeFirstOrThrow()
      ).state
    let kills = 0
    for (; (await state()) === 'running' && kills <= STEPS.length; kills += 1)
      if ((await child(state)) === null) break
    expect(await state()).toBe('done')
    expect(readFileSync(path.join(folder, 'seen'), 'utf8').trim().split('\n')).toEqual(STEPS)
    expect(await count('orders')).toBe(100)
    expect(await count('orders_before_kill0001')).toBe(10)
    expect(notesOf(folder)).toEqual(['scaled to 0', 'scaled to 3'])
    expect(readFileSync(replicasFile(folder), 'utf8')).toBe('3')
    const rows = await db.database.kysely
      .selectFrom('backup')
      .select(['cause', 'state'])
      .orderBy('cause')
      .execute()
    expect(rows).toEqual([
      { cause: 'asked', state: 'stored' },
      { cause: 'safety', state: 'stored' },
    ])
    expect(await target.store.list('orders/', AbortSignal.timeout(5_000))).toHaveLength(4)
  })
})
