import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Actor, Role } from '../../src/access/index.ts'
import { defineBackups } from '../../src/app/backup.ts'
import type { BackupDeps } from '../../src/backup/index.ts'
import { latestDue, startDue } from '../../src/backup/schedule.ts'
import { withSession } from '../../src/backup/session.ts'
import { invoke } from '../../src/operations/index.ts'
import type { OperationDeps, OperationName } from '../../src/operations/index.ts'
import { createPageService } from '../../src/runbook/sources/index.ts'
import type { WorkflowEngine } from '../../src/workflow/index.ts'
import { testDatabase } from '../support/database.ts'
import type { TestDatabase } from '../support/database.ts'
import { debianPostgres, startDebianPostgres } from '../support/debian-postgres.ts'
import type { DebianServer } from '../support/debian-postgres.ts'
import { engineOn, eventually } from '../support/engine.ts'
import { silentLog } from '../support/log.ts'
import { backupWorld, notesOf, replicasFile } from '../support/restore-world.ts'
import { onServer } from '../support/server.ts'

type Row = Record<string, unknown>

const actor = (id: string, role: Role): Actor => ({ id: `person:${id}`, kind: 'person', role })
const ADA = actor('ada', 'responder')
const BEN = actor('ben', 'lead')

test('the latest time of a schedule is that of its zone, also when clocks change', async () => {
  const at = async (now: string): Promise<string | undefined> =>
    (await latestDue('30 2 * * *', 'Europe/Berlin', new Date(now)))?.toISOString()
  expect(await at('2026-11-24T12:00:00Z')).toBe('2026-11-24T01:30:00.000Z')
  expect(await at('2026-07-24T00:29:00Z')).toBe('2026-07-23T00:30:00.000Z')
})

describe.skipIf(debianPostgres === null)('backups of a database', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'erlmcp-backup-ops-'))
  let server: DebianServer
  let db: TestDatabase
  let engine: WorkflowEngine
  let deps: OperationDeps
  let backups: BackupDeps

  beforeAll(async () => {
    db = await testDatabase()
    server = await startDebianPostgres()
    await onServer(server.url('postgres'), 'create role reader')
    await onServer(server.url('postgres'), 'create database orders')
    await onServer(server.url('orders'), SETUP)
    await onServer(server.url('orders'), `alter database orders set statement_timeout to '77s'`)
    engine = engineOn(db)
    backups = backupWorld(db.database, { folder, url: server.url('orders') })
    defineBackups(engine, backups)
    await engine.launch()
    const clock = { now: () => new Date() }
    deps = {
      database: db.database,
      engine,
      clock,
      approvalTtlMs: 60_000,
      backups,
      pages: createPageService({
        database: db.database,
        clock,
        log: silentLog,
        sources: [],
        dataDir: folder,
      }),
    }
  })
  afterAll(async () => {
    await engine?.stop({ drainMs: 0 })
    await server?.stop()
    await db?.drop()
    rmSync(folder, { recursive: true, force: true })
  })

  const call = async (who: Actor, name: OperationName, input: Row): Promise<Row> =>
    JSON.parse(JSON.stringify(await invoke(deps, who, name, input))) as Row
  const one = (text: string, database = 'orders'): Promise<unknown> =>
    withSession(
      server.url(database),
      async (session) => Object.values((await session.query<Row>(text)).rows[0] ?? {})[0],
    )
  const ended = async (id: unknown, ...states: string[]): Promise<Row> => {
    let row: Row = {}
    await eventually(async () => {
      row = await call(ADA, 'restore.show', { id })
      return states.includes(String(row['state']))
    })
    return row
  }
  const approved = async (backup: unknown): Promise<Row> => {
    const asked = await call(ADA, 'backup.restore', { id: backup, reason: 'rows are gone' })
    return call(BEN, 'restore.approve', { id: asked['id'], hash: asked['hash'] })
  }

  test('are made and verified when somebody asks, and listed with what was found', async () => {
    const made = await call(ADA, 'backup.create', { target: 'orders', waitSeconds: 60 })
    expect(made).toMatchObject({ state: 'stored', failure: null, verification: { good: true, rows: 50 } })
    const { backups: listed } = await call(ADA, 'backup.list', {})
    expect(listed).toMatchObject([
      { target: 'orders', cause: 'asked', rows: 50, verifiedAt: expect.any(String) },
    ])
  })

  test('start once for one time of their schedule, however often it is looked at', async () => {
    const target = backups.targets.get('orders')
    if (target === undefined) throw new Error('no target')
    const scheduled = { ...target, schedule: { cron: '* * * * *', zone: 'UTC' } }
    const clock = { now: () => new Date('2026-11-24T10:00:30Z') }
    const started = await Promise.all([1, 2, 3].map(() => startDue({ ...backups, clock }, engine, scheduled)))
    expect(started.filter((id) => id !== null)).toHaveLength(1)
    const [id] = started.filter((each) => each !== null)
    await eventually(async () => (await call(ADA, 'backup.show', { id }))['verifiedAt'] !== null)
  })

  test('are restored after another person has approved exactly the plan, and swapped back and released', async () => {
    const made = await call(ADA, 'backup.create', { target: 'orders', waitSeconds: 60 })
    await onServer(server.url('orders'), 'delete from item where id > 5')
    const asked = await call(ADA, 'backup.restore', { id: made['id'], reason: 'rows are gone' })
    expect(asked).toMatchObject({ state: 'awaiting-approval', steps: [] })
    const refused = (who: Actor, hash: unknown) => call(who, 'restore.approve', { id: asked['id'], hash })
    await expect(refused(ADA, asked['hash'])).rejects.toMatchObject({ code: 'forbidden' })
    await expect(refused(BEN, '0'.repeat(64))).rejects.toMatchObject({ code: 'approval_mismatch' })
    await expect(call(BEN, 'backup.restore', { id: made['id'], reason: 'twice' })).rejects.toMatchObject({
      code: 'conflict',
    })
    await call(BEN, 'restore.approve', { id: asked['id'], hash: asked['hash'] })
    const done = await ended(asked['id'], 'done', 'failed', 'unhealthy')
    expect(done).toMatchObject({
      state: 'done',
      failure: null,
      approvedBy: ['person:ben'],
      facts: { replicas: 3 },
    })
    expect(await one('select count(*)::int from item')).toBe(50)
    expect(await one('show statement_timeout')).toBe('77s')
    expect(await one(`select has_table_privilege('reader', 'item', 'select')`)).toBe(true)
    expect(notesOf(folder)).toEqual(['scaled to 0', 'scaled to 3'])

    const mine = { id: asked['id'], reason: 'I asked for it' }
    await expect(call(ADA, 'restore.revert', mine)).rejects.toMatchObject({ code: 'forbidden' })
    await expect(call(ADA, 'restore.release', mine)).rejects.toMatchObject({ code: 'forbidden' })
    await call(BEN, 'restore.revert', { id: asked['id'], reason: 'it was the wrong day' })
    expect(await ended(asked['id'], 'reverted', 'unhealthy')).toMatchObject({ state: 'reverted' })
    expect(await one('select count(*)::int from item')).toBe(5)
    await call(BEN, 'restore.release', { id: asked['id'], reason: 'not needed' })
    expect(await one(`select count(*)::int from pg_database where datname like 'orders%'`)).toBe(1)
    expect(await one('select count(*)::int from item')).toBe(5)
    const used = await db.database.kysely
      .selectFrom('duty_approval')
      .select(['decided_by', 'consumed_at'])
      .where('subject', '=', String(asked['id']))
      .execute()
    expect(used.map(({ decided_by }) => decided_by)).toEqual(['person:ben', 'person:ben'])
    expect(used.every(({ consumed_at }) => consumed_at !== null)).toBe(true)
  })

  test('are not restored over sessions that do not end: all is as before', async () => {
    const made = await call(ADA, 'backup.create', { target: 'orders', waitSeconds: 60 })
    await withSession(server.url('orders'), async (session) => {
      await session.query('select 1')
      const asked = await approved(made['id'])
      const failed = await ended(asked['id'], 'done', 'failed', 'unhealthy')
      expect(failed).toMatchObject({ state: 'failed', failure: { code: 'database_in_use' } })
    })
    expect(readFileSync(replicasFile(folder), 'utf8')).toBe('3')
    expect(await one(`select count(*)::int from pg_database where datname like 'orders%'`)).toBe(1)
    expect(await one('select count(*)::int from item')).toBe(5)
  })

  test('that were damaged in the store are not restored: nothing is stopped', async () => {
    const made = await call(ADA, 'backup.create', { target: 'orders', waitSeconds: 60 })
    const before = notesOf(folder).length
    const file = path.join(folder, 'store', String(made['key']))
    const { writeFileSync } = await import('node:fs')
    writeFileSync(file, readFileSync(file).subarray(0, -1))
    const asked = await approved(made['id'])
    const failed = await ended(asked['id'], 'done', 'failed', 'unhealthy')
    expect(failed).toMatchObject({ state: 'failed', failure: { code: 'backup_damaged' } })
    expect(notesOf(folder)).toHaveLength(before)
    const verified = await call(ADA, 'backup.verify', { id: made['id'], waitSeconds: 60 })
    expect(verified).toMatchObject({ verifiedAt: null, failure: { code: 'backup_damaged' } })
  })

  test('go when the retention lets them, but never the last one that was verified', async () => {
    const { wouldRemove } = await call(BEN, 'backup.prune', { target: 'orders', dryRun: 'true' })
    const { removed } = await call(BEN, 'backup.prune', { target: 'orders' })
    expect(removed).toEqual(wouldRemove)
    const { backups: left } = await call(ADA, 'backup.list', {})
    const stored = (left as Row[]).filter((each) => each['state'] === 'stored')
    // the newest is damaged, so the newest verified one stays beside it
    expect(stored).toHaveLength(2)
    expect(stored.filter((each) => each['verifiedAt'] !== null)).toHaveLength(1)
    await expect(call(ADA, 'backup.prune', { target: 'orders' })).rejects.toMatchObject({ code: 'forbidden' })
  })
})

const SETUP = `
  create table item (id int primary key, name text);
  insert into item select i, 'item ' || i from generate_series(1, 50) i;
  grant select on item to reader;`
