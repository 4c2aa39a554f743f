import { existsSync, statSync } from 'node:fs'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createRemoteClient } from '../../src/cli/client.ts'
import type { Client } from '../../src/cli/client.ts'
import { openDesk } from '../support/desk.ts'
import type { Desk } from '../support/desk.ts'

let desk: Desk
let admin: Client
let responder: Client

beforeAll(async () => {
  desk = await openDesk()
  const as = async (role: 'admin' | 'responder'): Promise<Client> =>
    createRemoteClient(
      desk.app.address(),
      await desk.app.issueToken({ id: `person:${role}`, kind: 'person', role }),
    )
  admin = await as('admin')
  responder = await as('responder')
})
afterAll(() => desk.stop())

interface Seen {
  answeredBy: string
  replicas: { id: string; silent: boolean; vitals: { rssBytes: number } }[]
  pool: { max: number }
}

test('an administrator sees every replica and what moves; nobody else does', async () => {
  await expect.poll(async () => ((await admin.call('replica.observe', {})) as Seen).replicas.length).toBe(1)
  const seen = (await admin.call('replica.observe', {})) as Seen
  expect(seen.replicas[0]).toMatchObject({ id: seen.answeredBy, silent: false })
  expect(seen.replicas[0]?.vitals.rssBytes).toBeGreaterThan(0)
  expect(seen.pool.max).toBeGreaterThan(0)
  await expect(responder.call('replica.observe', {})).rejects.toMatchObject({ code: 'forbidden' })
})

test('a replica that has said nothing for a while is silent', async () => {
  await sql`
    insert into replica_vitals (executor_id, host, version, at, vitals)
    select 'gone', host, version, now() - interval '1 minute', vitals from replica_vitals limit 1`.execute(
    desk.app.database().kysely,
  )
  const { replicas } = (await admin.call('replica.list', {})) as Seen
  expect(replicas.find(({ id }) => id === 'gone')).toMatchObject({ silent: true })
})

test('who holds a connection for long is named, with what they wait for, and no secret', async () => {
  const { kysely } = desk.app.database()
  await kysely.transaction().execute(async (trx) => {
    await sql`select pg_advisory_xact_lock(4711)`.execute(trx)
    await sql`select 'postgres://ada:hunter2secret@db/erlmcp'`.execute(trx)
    const { connections } = (await admin.call('replica.pool', {})) as {
      connections: { state: string; query: string; seconds: number }[]
    }
    const held = connections.find(({ state }) => state === 'idle in transaction')
    expect(held?.query).toContain('postgres://')
    expect(JSON.stringify(connections)).not.toContain('hunter2secret')
  })
})

test('a profile and the functions on top are taken from the live process, and audited', async () => {
  const taken = (await admin.call('replica.profile', { seconds: 1 })) as {
    profile: { nodes: unknown[] }
    functions: unknown[]
  }
  expect(taken.profile.nodes.length).toBeGreaterThan(0)
  expect(await admin.call('replica.top', { seconds: 1 })).toMatchObject({ functions: expect.any(Array) })
  const rows = await desk.app
    .database()
    .kysely.selectFrom('audit_entry')
    .select(['operation', 'actor'])
    .where('operation', '=', 'replica.profile')
    .execute()
  expect(rows).toEqual([{ operation: 'replica.profile', actor: 'person:admin' }])
})

test('a heap snapshot is written beside the data, for its owner only, and never of another replica', async () => {
  const reason = 'memory grows'
  await expect(admin.call('replica.heap-snapshot', { id: 'gone', reason })).rejects.toMatchObject({
    code: 'not_found',
  })
  const { answeredBy } = (await admin.call('replica.observe', {})) as Seen
  const { file } = (await admin.call('replica.heap-snapshot', { id: answeredBy, reason })) as { file: string }
  expect(existsSync(file)).toBe(true)
  expect(statSync(file).mode & 0o777).toBe(0o600)
})
