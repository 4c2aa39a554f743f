import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  appendAudit,
  createLink,
  createSignIn,
  noteFailure,
  openSigner,
  readChain,
  verifyAudit,
  verifyExport,
  writeCheckpoint,
} from '../../src/access/index.ts'
import type { Actor, AuditSigner, ChainedRow } from '../../src/access/index.ts'
import { createDatabase, limitAppRole, withTransaction } from '../../src/db/index.ts'
import { createServer } from '../../src/http/index.ts'
import { testDatabase } from '../support/database.ts'
import type { TestDatabase } from '../support/database.ts'
import { silentLog } from '../support/log.ts'

const OWN = 'http://localhost'
const PASSWORD = 'a few words at night'
const ADA: Actor = { id: 'person:ada', kind: 'person', role: 'admin' }
let store: TestDatabase
let server: ReturnType<typeof createServer>
let folder: string
let aheadMs = 0
const clock = { now: () => new Date(Date.now() + aheadMs) }

beforeAll(async () => {
  store = await testDatabase()
  folder = await mkdtemp(path.join(tmpdir(), 'erlmcp-access-'))
  const signIn = createSignIn({ database: store.database, clock, oidc: null })
  server = createServer({
    log: silentLog,
    authenticate: signIn.token,
    access: {
      signIn,
      edge: { publicUrl: null, hosts: [], trustedProxies: [], tls: null, requestsPerSecond: 0 },
    },
    invoke: async (actor, name) => ({ actor: actor.id, name }),
    alerts: {
      admit: async () => undefined,
      isFull: () => false,
      receive: async () => ({ incidentId: null, declared: false }),
    },
    receivePush: async () => 'ignored',
    notReady: async () => [],
  })
})
afterAll(async () => {
  await server.close()
  await store.drop()
  await rm(folder, { recursive: true, force: true })
})

const post = (url: string, payload: unknown, headers: Record<string, string> = {}) =>
  server.inject({
    method: 'POST',
    url,
    payload: payload as object,
    headers: { host: 'localhost', origin: OWN, ...headers },
  })
const cookieOf = (answer: { headers: Record<string, unknown> }): string =>
  String(answer.headers['set-cookie']).split(';', 1)[0] ?? ''
const link = (): Promise<string> =>
  withTransaction(store.database, (trx) =>
    createLink(trx, clock.now(), { kind: 'owner', personId: null, by: 'test' }),
  )

describe('signing in', () => {
  test('the first owner comes in by a link that works once, and no password was ever there before', async () => {
    const before = await server.inject({ url: '/api/v1/session', headers: { host: 'localhost' } })
    expect(before.json()).toMatchObject({ signedIn: false, ownerMissing: true })
    const token = await link()
    const given = { token, login: 'ada', name: 'Ada', password: PASSWORD }
    const short = await post('/api/v1/welcome', { ...given, password: 'short' })
    expect(short.statusCode).toBe(400)
    const first = await post('/api/v1/welcome', given)
    expect(first.json()).toMatchObject({ signedIn: true, role: 'admin', person: { id: 'person:ada' } })
    expect(String(first.headers['set-cookie'])).toMatch(/HttpOnly.*SameSite=Strict/)
    expect((await post('/api/v1/welcome', given)).statusCode).toBe(404)
  })

  test('a wrong name and a wrong password are answered alike, and five failures make the sixth wait', async () => {
    const wrong = await post('/login', { login: 'ada', password: 'not the password' })
    const unknown = await post('/login', { login: 'nobody', password: 'not the password' })
    expect(wrong.statusCode).toBe(401)
    expect(unknown.json()).toMatchObject({ detail: wrong.json<{ detail: string }>().detail })
    for (let more = 0; more < 5; more += 1)
      await noteFailure(store.database, clock.now(), { login: 'ada', address: '127.0.0.1' })
    const waits = await post('/login', { login: 'ada', password: PASSWORD })
    expect(waits.statusCode).toBe(429)
    expect(Number(waits.headers['retry-after'])).toBeGreaterThan(0)
    aheadMs += 3_600_000
    expect((await post('/login', { login: 'ada', password: PASSWORD })).statusCode).toBe(200)
  })

  test('a change needs the token of the page and the page itself; a bearer token needs neither', async () => {
    const answer = await post('/login', { login: 'ada', password: PASSWORD })
    const { csrfToken } = answer.json<{ csrfToken: string }>()
    const cookie = cookieOf(answer)
    const url = '/api/v1/runs/x/reject'
    expect((await post(url, {}, { cookie })).statusCode).toBe(403)
    const elsewhere = { cookie, 'x-csrf-token': csrfToken, origin: 'https://elsewhere.example' }
    expect((await post(url, {}, elsewhere)).statusCode).toBe(403)
    const own = await post(url, {}, { cookie, 'x-csrf-token': csrfToken })
    expect(own.json()).toEqual({ actor: 'person:ada', name: 'run.reject' })
    expect(
      (await post('/login', { login: 'ada', password: PASSWORD }, { origin: 'https://elsewhere.example' }))
        .statusCode,
    ).toBe(403)
    await post('/logout', {}, { cookie, 'x-csrf-token': csrfToken })
    expect((await post(url, {}, { cookie, 'x-csrf-token': csrfToken })).statusCode).toBe(401)
  })

  test('a session changes its token, and the old one dies soon after the new one was seen', async () => {
    const first = cookieOf(await post('/login', { login: 'ada', password: PASSWORD }))
    const see = (cookie: string) =>
      server.inject({ url: '/api/v1/session', headers: { cookie, host: 'localhost' } })
    aheadMs += 31 * 60_000
    const turned = await see(first)
    const second = cookieOf(turned)
    expect(second).not.toBe(first)
    expect((await see(second)).json()).toMatchObject({ signedIn: true })
    expect((await see(first)).json()).toMatchObject({ signedIn: true })
    aheadMs += 61_000
    expect((await see(first)).json()).toMatchObject({ signedIn: false })
    aheadMs += 13 * 3_600_000
    expect((await see(second)).json()).toMatchObject({ signedIn: false })
  })

  test('a host that nobody told us of is refused, and every answer carries the headers', async () => {
    const rebound = await server.inject({ url: '/api/v1/session', headers: { host: 'attacker.example' } })
    expect(rebound.statusCode).toBe(403)
    expect(rebound.headers).toMatchObject({ 'x-frame-options': 'DENY', 'x-content-type-options': 'nosniff' })
    expect(String(rebound.headers['content-security-policy'])).toContain("default-src 'none'")
  })
})

describe('the audit', () => {
  let signer: AuditSigner
  let rows: ChainedRow[]
  const text = (given: readonly ChainedRow[], seq = given.length): string => {
    const last = rows[seq - 1]
    const checkpoint = signer.sign({ seq, hash: last?.hash ?? '', at: clock.now().toISOString() })
    return [...given, { checkpoint }].map((line) => `${JSON.stringify(line)}\n`).join('')
  }

  beforeAll(async () => {
    signer = await openSigner(folder)
    const together = Array.from({ length: 20 }, (_each, index) =>
      withTransaction(store.database, (trx) =>
        appendAudit(trx, clock.now(), {
          actor: ADA,
          operation: 'test.write',
          subject: `row ${index}`,
          outcome: 'done',
          data: {
            previousHash: '@',
            role: 'x',
            seq: 0,
            text: 'nul \u0000, half \ud800, whole 😀 "quoted"',
            number: 1.5e-7,
          },
        }),
      ),
    )
    await Promise.all(together)
    rows = await readChain(store.database, 0, 5_000)
  })

  test('is one chain, also when many write at once', async () => {
    expect(await verifyAudit(store.database)).toMatchObject({ intact: true, entries: rows.length })
    expect((await stat(path.join(folder, 'audit-key.pem'))).mode & 0o777).toBe(0o600)
  })

  test('verifies offline from its export', () => {
    expect(verifyExport(text(rows), signer.publicKey)).toMatchObject({ intact: true, entries: rows.length })
  })

  test('a changed row is found, and so is a single changed byte', () => {
    const changed = rows.map((row) => (row.seq === 3 ? { ...row, actor: 'person:eve' } : row))
    expect(verifyExport(text(changed), signer.publicKey)).toMatchObject({ intact: false, brokenAt: 3 })
    const whole = text(rows)
    for (let at = 7; at < whole.length; at += 997) {
      const byte = whole[at] === '0' ? '1' : '0'
      const other = whole.slice(0, at) + byte + whole.slice(at + 1)
      expect(verifyExport(other, signer.publicKey).intact, `byte ${at}`).toBe(false)
    }
  })

  test('a removed row is found', () => {
    const removed = rows.filter((row) => row.seq !== 4)
    expect(verifyExport(text(removed, rows.length), signer.publicKey)).toMatchObject({
      intact: false,
      brokenAt: 4,
    })
  })

  test('a reordered row is found', () => {
    const [first, second, ...rest] = rows
    if (first === undefined || second === undefined) throw new Error('there are no rows')
    expect(verifyExport(text([second, first, ...rest]), signer.publicKey)).toMatchObject({
      intact: false,
      brokenAt: 1,
    })
  })

  test('a truncated export is found, also when its end was signed anew by nobody', async () => {
    const whole = text(rows)
    const cut = whole.slice(0, whole.lastIndexOf('{"checkpoint"'))
    expect(verifyExport(cut, signer.publicKey)).toMatchObject({ intact: false })
    expect(verifyExport(text(rows.slice(0, -2), rows.length), signer.publicKey)).toMatchObject({
      intact: false,
    })
    // the server itself left its last rows out; the checkpoint written outside the database tells
    await writeCheckpoint(store.database, clock.now(), signer, folder, 0)
    const kept = await readFile(path.join(folder, 'audit-checkpoints.jsonl'), 'utf8')
    const shorter = rows.slice(0, -2)
    expect(verifyExport(text(shorter, shorter.length), signer.publicKey)).toMatchObject({ intact: true })
    expect(verifyExport(text(shorter, shorter.length), signer.publicKey, kept)).toMatchObject({
      intact: false,
    })
  })

  test('the role of the application can neither change nor remove a row, nor switch the trigger off', async () => {
    const role = await limitAppRole(store.url)
    expect(role).toBe('erlmcp_app')
    const limited = createDatabase({ url: store.url, name: 'limited', poolSize: 1, role: role ?? '' })
    try {
      const { kysely } = limited
      await expect(kysely.updateTable('audit_entry').set({ actor: 'x' }).execute()).rejects.toThrow(
        'permission denied',
      )
      await expect(kysely.deleteFrom('audit_entry').execute()).rejects.toThrow('permission denied')
      const { sql } = await import('kysely')
      await expect(sql`alter table audit_entry disable trigger all`.execute(kysely)).rejects.toThrow('owner')
      await withTransaction(limited, (trx) =>
        appendAudit(trx, clock.now(), { actor: ADA, operation: 'test.write', subject: 'x', outcome: 'done' }),
      )
    } finally {
      await limited.close()
    }
    expect((await verifyAudit(store.database)).intact).toBe(true)
  })
})
