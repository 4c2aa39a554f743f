import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { delay } from '../../src/base/clock.ts'
import { newUuid } from '../../src/base/id.ts'
import {
  createDatabase,
  createPool,
  isConnectionError,
  isUniqueViolation,
  migrate,
  whenDatabaseIsBack,
  withMigrationLock,
  withTransaction,
} from '../../src/db/index.ts'
import type { Transaction } from '../../src/db/index.ts'
import { migrateAll } from '../../src/workflow/index.ts'
import { testDatabase } from '../support/database.ts'
import type { TestDatabase } from '../support/database.ts'
import { eventually } from '../support/engine.ts'
import { onServer, urlOf } from '../support/server.ts'

let db: TestDatabase

beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db.drop())

const writeRow = async (trx: Transaction, name: string): Promise<void> => {
  const row = { id: newUuid(), name, role: 'reader', token_hash: newUuid(), created_at: new Date() }
  await trx.insertInto('api_token').values(row).execute()
}
const names = async (like: string): Promise<string[]> =>
  (
    await db.database.kysely
      .selectFrom('api_token')
      .select('name')
      .where('name', 'like', `${like}%`)
      .execute()
  ).map((row) => row.name)

test('the types of the tables are those of the migrations, column by column', async () => {
  const source = readdirSync('src/db')
    .filter((name) => /^schema.*\.ts$/.test(name))
    .map((name) => readFileSync(`src/db/${name}`, 'utf8'))
    .join('\n')
  const columnsOf = (type: string): string[] => {
    const body = new RegExp(`export interface ${type} \\{([^}]*)\\}`).exec(source)?.[1] ?? ''
    return [...body.matchAll(/^ {2}(\w+):/gm)].map(([, column = '']) => column).toSorted()
  }
  const tables = [...source.matchAll(/export interface \w*Schema\b[^{]*\{([^}]*)\}/g)].map(
    ([, body = '']) => body,
  )
  const typed = new Map(
    [...tables.join('\n').matchAll(/^ {2}(\w+): (\w+)/gm)].map(([, table = '', type = '']) => [
      table,
      columnsOf(type),
    ]),
  )
  const { rows } = await sql<{ table: string; columns: string[] }>`
    select table_name as table, array_agg(column_name::text order by column_name collate "C") as columns
    from information_schema.columns
    where table_schema = 'public' and table_name not like 'kysely_%' group by table_name`.execute(
    db.database.kysely,
  )
  expect(Object.fromEntries(typed)).toEqual(Object.fromEntries(rows.map((row) => [row.table, row.columns])))
})

describe('a transaction', () => {
  test('is rolled back whole by an error, which the caller sees', async () => {
    const failing = withTransaction(db.database, async (trx) => {
      await writeRow(trx, 'undone')
      throw new Error('changed my mind')
    })
    await expect(failing).rejects.toThrow('changed my mind')
    expect(await names('undone')).toEqual([])
  })

  test('that meets a deadlock is run again, and both get through', async () => {
    await withTransaction(db.database, async (trx) => {
      for (const name of ['lock-a', 'lock-b']) await writeRow(trx, name)
    })
    let arrived = 0
    let runs = 0
    const crossing = (first: string, second: string) =>
      withTransaction(db.database, async (trx) => {
        runs += 1
        const touch = (name: string) =>
          trx.updateTable('api_token').set({ role: 'operator' }).where('name', '=', name).execute()
        await touch(first)
        arrived += 1
        await eventually(() => arrived >= 2)
        await touch(second)
      })
    await Promise.all([crossing('lock-a', 'lock-b'), crossing('lock-b', 'lock-a')])
    expect(runs).toBeGreaterThan(2)
  })

  test('whose connection is cut between two statements fails as a lost connection, and harms nobody', async () => {
    const failing = withTransaction(db.database, async (trx) => {
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(trx)
      await sql`select pg_terminate_backend(${rows[0]?.pid})`.execute(db.database.kysely)
      await eventually(async () => {
        const found = await sql`select 1 from pg_stat_activity where pid = ${rows[0]?.pid}`.execute(
          db.database.kysely,
        )
        return found.rows.length === 0
      })
      await writeRow(trx, 'cut')
    })
    const error: unknown = await failing.catch((reason: unknown) => reason)
    expect(isConnectionError(error)).toBe(true)
    expect(await names('cut')).toEqual([])
  })
})

describe('an error', () => {
  test('of a second row with the same key is known as one', async () => {
    await withTransaction(db.database, (trx) => writeRow(trx, 'twice'))
    const again: unknown = await withTransaction(db.database, (trx) => writeRow(trx, 'twice')).catch(
      (reason: unknown) => reason,
    )
    expect([isUniqueViolation(again), isConnectionError(again)]).toEqual([true, false])
  })

  test('of a server that is not there is a lost connection, also over a Unix socket', async () => {
    for (const url of ['postgres://x@localhost:5432/x?host=%2Fnowhere', 'postgres://x@127.0.0.1:1/x']) {
      const away = createDatabase({ url, name: 'away', acquireTimeoutMs: 2_000 })
      const error: unknown = await sql`select 1`.execute(away.kysely).catch((reason: unknown) => reason)
      expect(isConnectionError(error)).toBe(true)
      await away.close()
    }
  })

  test.each([
    ['of a missing file', Object.assign(new Error('no such file'), { code: 'ENOENT' })],
    ['of a wrong statement', Object.assign(new Error('syntax error'), { code: '42601' })],
    ['of ours', new Error('a mistake')],
    ['that is none', null],
  ])('%s is no lost connection', (_what, error) => {
    expect(isConnectionError(error)).toBe(false)
  })

  test('of a lost connection is waited out, any other is not', async () => {
    let tries = 0
    const answer = await whenDatabaseIsBack(async () => {
      tries += 1
      if (tries < 3) throw Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })
      return 'back'
    })
    expect([answer, tries]).toEqual(['back', 3])
    await expect(whenDatabaseIsBack(() => Promise.reject(new Error('a mistake')))).rejects.toThrow(
      'a mistake',
    )
  })
})

test('a pipe that breaks under a query is a reset connection, which the engine waits out', async () => {
  const pool = createPool({ url: db.url, name: 'pipe', poolSize: 1 })
  const client = await pool.connect()
  client.on('error', () => undefined)
  const { stream } = (client as unknown as { connection: { stream: Socket } }).connection
  const asked = client.query('select pg_sleep(10)')
  stream.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
  await expect(asked).rejects.toMatchObject({ code: 'ECONNRESET' })
  client.release(true)
  await pool.end()
})

test('a pool tells how full it is, and does not wait for ever', async () => {
  const small = createDatabase({ url: db.url, name: 'small', poolSize: 1, acquireTimeoutMs: 200 })
  const error: unknown = await withTransaction(small, async () => {
    const second = sql`select 1`.execute(small.kysely).catch((reason: unknown) => reason)
    expect(small.gauges()).toMatchObject({ total: 1, idle: 0, acquired: 1, waiting: 1, max: 1, timeouts: 0 })
    return second
  })
  expect(isConnectionError(error)).toBe(true)
  expect(small.gauges()).toMatchObject({ total: 1, idle: 1, waiting: 0, timeouts: 1 })
  await small.close()
})

test('big integers come as text and times as dates', async () => {
  const { rows } = await sql`select 9007199254740993::bigint as big, now() as at`.execute(db.database.kysely)
  expect(rows).toEqual([{ big: '9007199254740993', at: expect.any(Date) }])
})

describe('migrating', () => {
  test('by several at once, first and again, ends the same', async () => {
    const server = inject('testServer')
    const name = `erlmcp_test_${newUuid().slice(0, 8)}`
    await onServer(server.url, `create database ${name}`)
    const url = urlOf(server.url, name)
    await Promise.all([migrateAll(url), migrateAll(url), migrateAll(url)])
    await migrateAll(url)
    const fresh = createDatabase({ url, name: 'test' })
    const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(
      fresh.kysely,
    )
    expect(rows.map((row) => row.name).slice(0, 2)).toEqual(['0001_initial', '0002_engine'])
    await fresh.close()
    await onServer(server.url, `drop database ${name} with (force)`)
  })

  test('excludes others for as long as it lasts, and lets them on after an error', async () => {
    const order: string[] = []
    const failing = withMigrationLock(db.url, async () => {
      order.push('first begins')
      await delay(300)
      order.push('first fails')
      throw new Error('no')
    })
    const failure = expect(failing).rejects.toThrow('no')
    await eventually(() => order.length > 0)
    const next = withMigrationLock(db.url, async () => void order.push('second'))
    await failure
    await next
    expect(order).toEqual(['first begins', 'first fails', 'second'])
  })

  test('refuses a database of a newer erlmcp', async () => {
    const other = await testDatabase()
    await sql`insert into kysely_migration (name, timestamp) values ('9999_future', 'x')`.execute(
      other.database.kysely,
    )
    await expect(migrate(other.url)).rejects.toMatchObject({
      code: 'data_newer',
      data: { unknown: ['9999_future'] },
    })
    await other.drop()
  })

  test('of a server that is not there, or an address that is none, says so', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'erlmcp-none-'))
    const nowhere = `postgres://x@localhost:5432/x?host=${encodeURIComponent(folder)}`
    await expect(migrateAll(nowhere)).rejects.toMatchObject({ code: 'database_missing' })
    await expect(migrateAll('postgres:///x?host=/tmp')).rejects.toMatchObject({ code: 'input_invalid' })
    await rm(folder, { recursive: true })
  })
})
