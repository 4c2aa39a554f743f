import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { verifyAudit } from '../../src/access/index.ts'
import type { Actor, Role } from '../../src/access/index.ts'
import { ROLES } from '../../src/access/index.ts'
import { AppError } from '../../src/base/error.ts'
import { mayDo } from '../../src/access/index.ts'
import { invoke, OPERATION_NAMES, OPERATIONS } from '../../src/operations/index.ts'
import type { OperationDeps, OperationName } from '../../src/operations/index.ts'
import { createPageService } from '../../src/runbook/sources/index.ts'
import { testDatabase } from '../support/database.ts'
import type { TestDatabase } from '../support/database.ts'
import { openDesk } from '../support/desk.ts'
import type { Desk } from '../support/desk.ts'
import { silentLog } from '../support/log.ts'

let store: TestDatabase
let deps: OperationDeps
const now = () => new Date()

let desk: Desk
let token = ''

beforeAll(async () => {
  desk = await openDesk()
  token = await desk.app.issueToken({ id: 'person:http', kind: 'person', role: 'admin' })
  store = await testDatabase()
  deps = {
    database: store.database,
    engine: { send: async () => undefined, start: async () => undefined },
    clock: { now },
    approvalTtlMs: 60_000,
    pages: createPageService({
      database: store.database,
      clock: { now },
      log: silentLog,
      sources: [],
      dataDir: '/nonexistent',
    }),
  }
})
afterAll(async () => {
  await store.drop()
  await desk.stop()
})

const actorOf = (role: Role): Actor => ({
  id: `${role === 'agent' ? 'agent' : 'person'}:${role}`,
  kind: role === 'agent' ? 'agent' : 'person',
  role,
})

const codeOf = async (name: OperationName, actor: Actor, input: unknown): Promise<string> => {
  try {
    await invoke(deps, actor, name, input)
    return 'done'
  } catch (error) {
    return error instanceof AppError ? error.code : `thrown: ${String(error)}`
  }
}

/** Tried in turn for an input that has to be given. */
const SAMPLES: readonly unknown[] = [
  'nothing',
  'done',
  'viewer',
  'P2',
  'nobody else can be reached at this hour',
  '2026-11-24T03:00:00Z',
  'https://erlmcp.example',
  1,
  true,
  ['nothing'],
  [],
  {},
]

/** The smallest input that fits, for things that do not exist. */
const INPUT: Record<OperationName, Record<string, unknown>> = Object.fromEntries(
  OPERATION_NAMES.map((name) => {
    const shape = OPERATIONS[name].input.shape as Record<
      string,
      { safeParse(value: unknown): { success: boolean } }
    >
    const entries = Object.entries(shape).flatMap(([key, schema]) =>
      schema.safeParse(undefined).success
        ? []
        : [[key, SAMPLES.find((sample) => schema.safeParse(sample).success)]],
    )
    return [name, Object.fromEntries(entries)]
  }),
) as Record<OperationName, Record<string, unknown>>

describe.each(OPERATION_NAMES)('%s', (name) => {
  test.each(ROLES)(
    'allows or refuses the role %s as the one decision function says, and audits a refusal',
    async (role) => {
      const actor = actorOf(role)
      const allowed = mayDo(actor, OPERATIONS[name].need).allowed
      const code = await codeOf(name, actor, INPUT[name])
      expect(code === 'forbidden').toBe(!allowed)
      expect(code).not.toContain('thrown')
      if (allowed) return
      const last = await store.database.kysely
        .selectFrom('audit_entry')
        .select(['operation', 'actor', 'outcome'])
        .orderBy('seq', 'desc')
        .executeTakeFirstOrThrow()
      expect(last).toEqual({ operation: name, actor: actor.id, outcome: 'refused' })
    },
  )

  test('refuses input that it does not know, and says what is wrong', async () => {
    await expect(invoke(deps, actorOf('admin'), name, { ...INPUT[name], force: true })).rejects.toMatchObject(
      {
        code: 'input_invalid',
        message: expect.stringContaining('force'),
      },
    )
  })

  test('is reachable over HTTP with a token, and not without one', async () => {
    const { method, path } = OPERATIONS[name].http
    const url = new URL(`${desk.app.address()}/api/v1${path.replaceAll(/:(\w+)/g, 'nothing')}`)
    const without = await fetch(url, { method })
    expect(without.status).toBe(401)
    const rest = Object.entries(INPUT[name]).filter(([key]) => !path.includes(`:${key}`))
    if (method === 'GET') for (const [key, value] of rest) url.searchParams.set(key, String(value))
    const response = await fetch(url, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(method === 'GET' ? {} : { body: JSON.stringify(Object.fromEntries(rest)) }),
    })
    const answer: unknown = await response.json()
    // things of these names do not exist, and some verbs need one that is in a certain state
    expect([200, 400, 404, 409], JSON.stringify(answer)).toContain(response.status)
    if (response.status !== 200) expect(answer).toMatchObject({ action: expect.any(String) })
  })
})

test('no operation that decides is open to an agent', () => {
  for (const name of OPERATION_NAMES.filter((candidate) => OPERATIONS[candidate].decision)) {
    expect(mayDo(actorOf('agent'), OPERATIONS[name].need).allowed).toBe(false)
  }
})

test('every operation that writes is marked, and those that decide write', () => {
  for (const name of OPERATION_NAMES) {
    const { effect, http, decision } = OPERATIONS[name]
    if (effect === 'write') expect(http.method).not.toBe('GET')
    if (decision) expect(effect).toBe('write')
  }
})

test('the audit of all this is intact, and a changed row is found', async () => {
  expect((await verifyAudit(store.database)).intact).toBe(true)
  await store.database.kysely.transaction().execute(async (trx) => {
    const { sql } = await import('kysely')
    await sql`alter table audit_entry disable trigger audit_no_change`.execute(trx)
    await sql`update audit_entry set actor = 'person:nobody' where seq = 3`.execute(trx)
    await sql`alter table audit_entry enable trigger audit_no_change`.execute(trx)
  })
  expect(await verifyAudit(store.database)).toMatchObject({ intact: false, brokenAt: 3 })
})

test('the database itself refuses to change an audit row', async () => {
  const change = store.database.kysely
    .updateTable('audit_entry')
    .set({ actor: 'x' })
    .where('seq', '=', '1')
    .execute()
  await expect(change).rejects.toThrow('append-only')
})
