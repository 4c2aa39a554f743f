import { spawnSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { BackupTarget } from '../../src/backup/index.ts'
import {
  folderStore,
  localTools,
  manifestKey,
  ownDumper,
  recoverOwn,
  toolsDumper,
  writeKey,
} from '../../src/backup/index.ts'
import { createBackup } from '../../src/backup/create.ts'
import type { Created } from '../../src/backup/create.ts'
import { readIdentities } from '../../src/backup/key.ts'
import { findTools } from '../../src/backup/tools.ts'
import { verifyBackup } from '../../src/backup/verify.ts'
import { appendAudit, SYSTEM_ACTOR } from '../../src/access/index.ts'
import { newId } from '../../src/base/id.ts'
import { withTransaction } from '../../src/db/index.ts'
import { testDatabase } from '../support/database.ts'
import type { TestDatabase } from '../support/database.ts'
import { debianPostgres, startDebianPostgres } from '../support/debian-postgres.ts'
import type { DebianServer } from '../support/debian-postgres.ts'
import { onServer, urlOf } from '../support/server.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'erlmcp-backup-'))
const keyFile = path.join(folder, 'key.txt')
const spool = path.join(folder, 'spool')
const deps = { clock: { now: () => new Date() }, spool }
const signal = AbortSignal.timeout(300_000)
let recipient = ''

beforeAll(async () => {
  recipient = (await writeKey(keyFile)).recipient
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const targetOf = (name: string, url: string, more: Partial<BackupTarget>): BackupTarget => ({
  name,
  dumper: ownDumper,
  url: async () => url,
  store: folderStore(path.join(folder, 'store')),
  storeName: 'default',
  recipients: async () => [recipient],
  identities: () => readIdentities(keyFile),
  checks: [],
  keep: { last: 3, hourly: 0, daily: 0, weekly: 0, monthly: 0 },
  schedule: null,
  workload: null,
  sessionsEndMs: 1_000,
  ...more,
})

const make = (target: BackupTarget): Promise<Created> =>
  createBackup(deps, target, { id: newId('bak'), startedAt: new Date() }, signal)
const verify = (target: BackupTarget, made: Created) =>
  verifyBackup(deps, target, { id: made.manifest.id, ...made }, signal)
const fileOf = (made: Created): string => path.join(folder, 'store', made.key)
const databasesOf = async (url: string): Promise<string[]> => {
  const { withSession } = await import('../../src/backup/session.ts')
  const names = await withSession(url, (session) =>
    session.query<{ name: string }>('select datname::text as name from pg_database order by 1'),
  )
  return names.rows.map(({ name }) => name)
}

describe("erlmcp's own database", () => {
  let db: TestDatabase
  let target: BackupTarget

  beforeAll(async () => {
    db = await testDatabase()
    target = targetOf('own', db.url, {})
    await withTransaction(db.database, async (trx) => {
      for (const subject of ['one', 'two', 'a\ttab and a\nline and \\. alone'])
        await appendAudit(trx, new Date(), {
          actor: SYSTEM_ACTOR,
          operation: 'test.row',
          subject,
          outcome: 'done',
        })
    })
  })
  afterAll(() => db.drop())

  test('is backed up without pg_dump, restored to verify it, and the scratch database is dropped', async () => {
    const before = await databasesOf(db.url)
    const made = await make(target)
    expect(made.manifest).toMatchObject({ format: 'erlmcp', toolsMajor: null })
    expect(readFileSync(fileOf(made)).subarray(0, 21).toString()).toBe('age-encryption.org/v1')
    const found = await verify(target, made)
    expect(found).toMatchObject({ good: true, differences: [] })
    expect(found.checks).toEqual([{ name: 'audit', good: true, answer: '3 rows, unbroken' }])
    expect(await databasesOf(db.url)).toEqual(before)
    expect(readdirSync(spool)).toEqual([])
  })

  test('is recovered on an empty database from the file, its manifest and the key; a full one is refused', async () => {
    const made = await make(target)
    const file = fileOf(made)
    await expect(recoverOwn(db.url, file, keyFile, signal)).rejects.toMatchObject({ code: 'conflict' })
    const name = `erlmcp_empty_${newId('x').slice(2, 10)}`
    await onServer(db.url, `create database ${name}`)
    try {
      const url = urlOf(db.url, name)
      const recovered = await recoverOwn(url, file, keyFile, signal)
      expect(recovered.rows).toBe(made.manifest.measured.tables.reduce((sum, { rows }) => sum + rows, 0))
      const again = await make(targetOf('again', url, {}))
      const rowsOf = (each: Created) =>
        each.manifest.measured.tables.map(({ name: table, rows }) => [table, rows])
      expect(rowsOf(again)).toEqual(rowsOf(made))
    } finally {
      await onServer(db.url, `drop database ${name} with (force)`)
    }
  })

  test('a truncated, a changed and a foreign backup are told apart, and nothing is left', async () => {
    const made = await make(target)
    const whole = readFileSync(fileOf(made))
    truncateSync(fileOf(made), whole.length - 1)
    await expect(verify(target, made)).rejects.toMatchObject({ code: 'backup_damaged' })
    const changed = Buffer.from(whole)
    changed[200] = (changed[200] ?? 0) ^ 1
    writeFileSync(fileOf(made), changed)
    await expect(verify(target, made)).rejects.toMatchObject({ code: 'backup_damaged' })
    writeFileSync(fileOf(made), whole)
    const otherKey = path.join(folder, `${newId('key')}.txt`)
    await writeKey(otherKey)
    const stranger = { ...target, identities: () => readIdentities(otherKey) }
    await expect(verify(stranger, made)).rejects.toMatchObject({ code: 'backup_key' })
    const wrong = structuredClone(made.manifest)
    for (const table of wrong.measured.tables) if (table.name === 'public.audit_entry') table.rows += 1
    expect(await verify(target, { ...made, manifest: wrong })).toMatchObject({
      good: false,
      differences: [{ what: 'public.audit_entry', expected: '4 rows', found: '3 rows' }],
    })
    expect((await databasesOf(db.url)).filter((name) => name.includes('scratch'))).toEqual([])
    expect(readdirSync(spool)).toEqual([])
  })

  const small = path.join(folder, 'small')
  mkdirSync(small)
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4k', 'tmpfs', small]).status === 0
  afterAll(() => void (mounted && spawnSync('umount', [small])))

  test.skipIf(!mounted)('a full disk ends in a refusal, and no part of a backup is left on it', async () => {
    const tight = targetOf('tight', db.url, { store: folderStore(small) })
    await expect(make(tight)).rejects.toMatchObject({
      code: 'data_unwritable',
      action: expect.stringContaining('Free space'),
    })
    expect(await tight.store.list('tight/', signal)).toEqual([])
    expect(readdirSync(path.join(small, '.partial'))).toEqual([])
  })
})

test('where no tool fits, the message names what to install', async () => {
  await expect(findTools(99, [])).rejects.toMatchObject({
    code: 'tools_missing',
    action: expect.stringContaining('postgresql-client-99'),
  })
})

describe.skipIf(debianPostgres === null)('a database of an application', () => {
  let server: DebianServer
  let target: BackupTarget

  beforeAll(async () => {
    server = await startDebianPostgres()
    await onServer(server.url('postgres'), 'create role app login createdb')
    await onServer(server.url('postgres'), 'create role weak login')
    await onServer(server.url('postgres'), 'create database orders owner app')
    await onServer(server.url('orders', 'app'), ORDERS)
    target = targetOf('orders', server.url('orders', 'app'), { dumper: toolsDumper(localTools([])) })
  })
  afterAll(() => server.stop())

  test('is backed up by pg_dump in one snapshot and verified by its checksums and questions', async () => {
    const checks = [
      { name: 'rows', sql: 'select count(*) = 5000 from item', expect: 'true' },
      { name: 'wrong', sql: 'select nothing from item', expect: 'true' },
    ]
    const made = await make(target)
    expect(made.key).toMatch(/^orders\/\d{8}T\d{9}Z-[0-9a-f]{6}-[0-9a-f]{12}\.dump\.zst\.age$/)
    expect(made.key).toContain(made.manifest.sha256.slice(0, 12))
    expect(JSON.parse(readFileSync(path.join(folder, 'store', manifestKey(made.key)), 'utf8'))).toEqual(
      made.manifest,
    )
    const found = await verify({ ...target, checks }, made)
    expect(found).toMatchObject({ good: false, rows: 5_001, differences: [] })
    expect(found.checks.map(({ good }) => good)).toEqual([true, false])
    expect(found.checks[1]?.answer).toContain('does not exist')
  })

  test('what is not in the dump any more is found by its checksum, not only by its count', async () => {
    const made = await make(target)
    const wrong = structuredClone(made.manifest)
    for (const table of wrong.measured.tables) if (table.rows === 5_000) table.checksum = '1'
    expect((await verify(target, { ...made, manifest: wrong })).differences).toMatchObject([
      { what: 'public.item', expected: 'checksum 1' },
    ])
  })

  test('a user who may make no database is told which right is missing; the dump itself needs none', async () => {
    await onServer(server.url('orders'), 'grant pg_read_all_data to weak')
    const weak = { ...target, url: async () => server.url('orders', 'weak') }
    const made = await make(weak)
    await expect(verify(weak, made)).rejects.toMatchObject({
      code: 'forbidden',
      action: expect.stringContaining('CREATEDB'),
    })
  })

  test('a dump that pg_dump could not finish leaves nothing in the store', async () => {
    await onServer(server.url('orders'), 'create table hidden ()')
    const before = await target.store.list('orders/', signal)
    await expect(make(target)).rejects.toThrow(/permission denied/)
    await onServer(server.url('orders'), 'drop table hidden')
    expect(await target.store.list('orders/', signal)).toEqual(before)
  })
})

const ORDERS = `
  create type mood as enum ('good', 'bad');
  create table item (id bigint generated always as identity primary key, name text not null, price numeric(10, 2), at timestamptz default now(), m mood, raw bytea);
  insert into item (name, price, m, raw) select 'item ' || i, i * 1.25, 'good', sha256(i::text::bytea) from generate_series(1, 5000) i;
  create table note (item bigint references item, text text);
  insert into note values (1, E'a\\ttab');
  create index on item (name);
  create view cheap as select * from item where price < 10;`
