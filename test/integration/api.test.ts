import { Validator } from '@seriousme/openapi-schema-validator'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { OPERATION_NAMES, OPERATIONS } from '../../src/operations/index.ts'
import type { Operation } from '../../src/operations/index.ts'
import { openDesk } from '../support/desk.ts'
import type { Desk } from '../support/desk.ts'

let desk: Desk
let token = ''

beforeAll(async () => {
  // no limit: a request that is answered 429 has not reached its operation
  desk = await openDesk({ more: { http: { requestsPerSecond: 0 } } })
  token = await desk.app.issueToken({ id: 'person:fuzz', kind: 'person', role: 'admin' })
}, 120_000)
afterAll(() => desk.stop())

const hostile = fc.oneof(
  fc.constantFrom<unknown>(
    '',
    ' ',
    '\u0000',
    "' or 1=1 --",
    '../../etc/passwd',
    '$(id)',
    '%00',
    '\ud800',
    'INC-999999999999999999999',
    '-1',
    '1e309',
    'x'.repeat(5_000),
    null,
    true,
    -1,
    Number.POSITIVE_INFINITY,
    [],
    {},
    [null],
    { __proto__: null, constructor: 'x' },
  ),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.jsonValue(),
)

describe('whatever is sent to an operation', () => {
  test.each(OPERATION_NAMES)('%s answers without a fault', async (name) => {
    const operation: Operation = OPERATIONS[name]
    const keys = Object.keys(operation.input.shape)
    const input = fc.dictionary(fc.constantFrom(...(keys.length > 0 ? keys : ['x']), 'force'), hostile, {
      maxKeys: keys.length + 1,
    })
    await fc.assert(
      fc.asyncProperty(input, async (value) => {
        const status = await send(operation, value)
        expect(status, JSON.stringify(value)).toBeLessThan(500)
        expect(status).not.toBe(429)
      }),
      { numRuns: 25 },
    )
  })
})

async function send(operation: Operation, value: Record<string, unknown>): Promise<number> {
  const part = (each: unknown): string =>
    encodeURIComponent((typeof each === 'string' ? each.toWellFormed() : JSON.stringify(each ?? '')) || '-')
  const path = operation.http.path.replaceAll(/:(\w+)/g, (_whole, key: string) =>
    part(value[key]).slice(0, 2_000),
  )
  const url = new URL(`${desk.app.address()}/api/v1${path}`)
  if (operation.effect === 'read') {
    for (const [key, each] of Object.entries(value)) url.searchParams.set(key, part(each).slice(0, 500))
  }
  const response = await fetch(url, {
    method: operation.http.method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(operation.effect === 'write' ? { body: JSON.stringify(value) } : {}),
  })
  await response.body?.cancel()
  return response.status
}

test('the description of the API is valid OpenAPI 3.1 and names every operation', async () => {
  const response = await fetch(`${desk.app.address()}/api/v1/openapi.json`)
  const document = (await response.json()) as {
    paths: Record<string, Record<string, { operationId: string }>>
  }
  const verdict = await new Validator().validate(structuredClone(document))
  expect(verdict).toMatchObject({ valid: true })
  const named = Object.values(document.paths).flatMap((path) =>
    Object.values(path).map(({ operationId }) => operationId),
  )
  expect(named.toSorted()).toEqual(OPERATION_NAMES.toSorted())
})

test('what an operation answers is of the shape that its description states', async () => {
  for (const name of OPERATION_NAMES) {
    const operation: Operation = OPERATIONS[name]
    if (operation.effect !== 'read' || operation.output === undefined) continue
    if (!operation.input.safeParse({}).success) continue
    const response = await fetch(`${desk.app.address()}/api/v1${operation.http.path}`, {
      headers: { authorization: `Bearer ${token}` },
    })
    if (response.status === 404) {
      // no cluster is configured here, and it says so
      expect(await response.text(), name).toMatch(/cluster|workload/)
      continue
    }
    expect(response.status, name).toBe(200)
    const verdict = operation.output.safeParse(await response.json())
    expect(verdict.error?.issues ?? [], name).toEqual([])
  }
})

describe('a write with an Idempotency-Key', () => {
  const refresh = async (key: string, source = 'pages'): Promise<Response> =>
    fetch(`${desk.app.address()}/api/v1/sources/${source}/refresh`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'idempotency-key': key,
      },
      body: '{}',
    })

  const auditRows = async (): Promise<number> => {
    const rows = await desk.store.database.kysely
      .selectFrom('audit_entry')
      .select('seq')
      .where('operation', '=', 'source.refresh')
      .where('outcome', '=', 'done')
      .execute()
    return rows.length
  }

  test('is done once, and answered alike the second time', async () => {
    const list = await fetch(`${desk.app.address()}/api/v1/sources`, {
      headers: { authorization: `Bearer ${token}` },
    })
    const { sources } = (await list.json()) as { sources: { name: string }[] }
    const name = sources[0]?.name ?? ''
    const before = await auditRows()
    const first = await refresh('k-1', name)
    const second = await refresh('k-1', name)
    expect([first.status, second.status]).toEqual([200, 200])
    expect(await second.json()).toEqual(await first.json())
    expect(await auditRows()).toBe(before + 1)
  })

  test('is refused where the key stands for another request, and where the first was refused it may be mended', async () => {
    const missing = await refresh('k-2', 'nowhere')
    expect(missing.status).toBe(404)
    const again = await refresh('k-2', 'elsewhere')
    expect(again.status).toBe(404)
    const malformed = await refresh('ü'.repeat(3).normalize() && ' '.repeat(2) + 'a b', 'nowhere')
    expect(malformed.status).toBe(400)
  })

  test('whose process died after it declared an incident declares no second one, also much later', async () => {
    const input = { title: 'declared once', severity: 'P4' }
    const send = () =>
      fetch(`${desk.app.address()}/api/v1/incidents`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${token}`,
          'content-type': 'application/json',
          'idempotency-key': 'k-died',
        },
        body: JSON.stringify(input),
      })
    const count = async (): Promise<number> => {
      const found = await desk.store.database.kysely
        .selectFrom('incident')
        .select('id')
        .where('title', '=', input.title)
        .execute()
      return found.length
    }
    const requests = desk.store.database.kysely
    expect((await send()).status).toBeLessThan(300)
    // as a process leaves it that dies between the commit of the incident and the keeping of the answer
    await requests
      .updateTable('idempotent_request')
      .set({ answer: null })
      .where('key', '=', 'k-died')
      .execute()
    desk.moveClock(10 * 60_000)
    const again = await send()
    expect(again.status).toBe(409)
    expect(await again.json()).toMatchObject({ detail: expect.stringContaining('took effect') as string })
    expect(await count()).toBe(1)
    // and as it leaves it before that commit: the request is done, once
    await requests
      .updateTable('idempotent_request')
      .set({ effect_at: null })
      .where('key', '=', 'k-died')
      .execute()
    expect((await send()).status).toBeLessThan(300)
    expect((await send()).status).toBeLessThan(300)
    expect(await count()).toBe(2)
  })

  test('whose answer is a secret is refused, and nothing of it is kept', async () => {
    const response = await fetch(`${desk.app.address()}/api/v1${OPERATIONS['token.create'].http.path}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'idempotency-key': 'k-secret',
      },
      body: JSON.stringify({ name: 'ci', role: 'viewer' }),
    })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ code: 'input_invalid' })
    const kept = await desk.store.database.kysely
      .selectFrom('idempotent_request')
      .select('operation')
      .where('operation', 'in', ['token.create', 'person.invite'])
      .execute()
    expect(kept).toEqual([])
  })
})
