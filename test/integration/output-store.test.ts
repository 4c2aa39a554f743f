import { createServer, connect, type Server, type Socket } from 'node:net'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { delay } from '../../src/base/clock.ts'
import { newId } from '../../src/base/id.ts'
import { createRedactor } from '../../src/base/redact.ts'
import { createDatabase, type Database } from '../../src/db/index.ts'
import { createOutputStore, executeBash } from '../../src/step/index.ts'
import { testDatabase, type TestDatabase } from '../support/database.ts'

const AT = new Date('2026-01-01T03:00:00Z')
let db: TestDatabase
let runId = ''

beforeAll(async () => {
  db = await testDatabase()
  const { kysely } = db.database
  const incidentId = newId('inc')
  runId = newId('run')
  const common = { severity: 'P2', title: 'x', source: 'test', group_key: 'x' }
  await kysely
    .insertInto('incident')
    .values({ id: incidentId, state: 'open', opened_at: AT, ...common })
    .execute()
  await kysely
    .insertInto('runbook_revision')
    .values({ content_hash: 'h', path: 'x.md', content: Buffer.from(''), stored_at: AT })
    .execute()
  await kysely
    .insertInto('run')
    .values({
      id: runId,
      incident_id: incidentId,
      page_path: 'x.md',
      page_hash: 'h',
      procedure_id: 'x',
      plan: '{}',
      state: 'executing',
      started_at: AT,
    })
    .execute()
})
afterAll(() => db.drop())

let number = 0
async function newExecution(): Promise<string> {
  const id = newId('exec')
  await db.database.kysely
    .insertInto('execution')
    .values({
      id,
      run_id: runId,
      step_id: 's',
      attempt: (number += 1),
      command_index: 0,
      command: 'x',
      command_hash: 'x',
      risk: 'read',
      identity: 'observer',
      state: 'running',
      started_at: AT,
    })
    .execute()
  return id
}

const endExecution = (id: string): Promise<unknown> =>
  db.database.kysely
    .updateTable('execution')
    .set({ ended_at: AT, state: 'done' })
    .where('id', '=', id)
    .execute()

test('output is read back byte for byte, in the order of the calls, split into chunks of 64 KiB', async () => {
  const store = createOutputStore(db.database)
  const id = await newExecution()
  const binary = Buffer.from(Array.from({ length: 256 }, (_, index) => index))
  await Promise.all([
    store.append(id, 'stdout', binary, AT),
    store.append(id, 'stderr', Buffer.alloc(150_000, 'e'), AT),
    store.append(id, 'stdout', Buffer.from('last'), AT),
  ])
  const { chunks, more, nextSequence } = await store.read(id)
  expect(chunks.map(({ sequence, stream, content }) => [sequence, stream, content.length])).toEqual([
    [0, 'stdout', 256],
    [1, 'stderr', 65_536],
    [2, 'stderr', 65_536],
    [3, 'stderr', 18_928],
    [4, 'stdout', 4],
  ])
  expect(chunks[0]?.content.equals(binary)).toBe(true)
  expect({ more, nextSequence }).toEqual({ more: false, nextSequence: 5 })
})

test('12 MB are stored and paged', async () => {
  const store = createOutputStore(db.database)
  const id = await newExecution()
  const block = Buffer.alloc(65_536, 'x')
  for (let index = 0; index < 192; index += 1) await store.append(id, 'stdout', block, AT)
  let bytes = 0
  let pages = 0
  for (let from = 0; ; pages += 1) {
    const page = await store.read(id, { fromSequence: from, maxBytes: 2_000_000 })
    const size = page.chunks.reduce((sum, { content }) => sum + content.length, 0)
    expect(size).toBeLessThanOrEqual(2_000_000)
    bytes += size
    from = page.nextSequence
    if (!page.more) break
  }
  expect(bytes).toBe(192 * 65_536)
  expect(pages).toBeGreaterThan(4)
})

test('a second writer of the same execution, after a crash, goes on after the first', async () => {
  const id = await newExecution()
  await createOutputStore(db.database).append(id, 'stdout', Buffer.from('before'), AT)
  await createOutputStore(db.database).append(id, 'stdout', Buffer.from('after'), AT)
  const { chunks } = await createOutputStore(db.database).read(id)
  expect(chunks.map(({ content }) => content.toString())).toEqual(['before', 'after'])
})

test('output of an execution that does not exist is refused', async () => {
  const stored = createOutputStore(db.database).append('exec_missing', 'stdout', Buffer.from('x'), AT)
  await expect(stored).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('exec_missing') as string,
  })
})

describe('following', () => {
  test('shows what is there, then what comes, and ends with the execution', async () => {
    const id = await newExecution()
    const writer = createOutputStore(db.database)
    const reader = createOutputStore(db.database)
    await writer.append(id, 'stdout', Buffer.from('early'), AT)
    const seen: string[] = []
    for await (const { content } of reader.follow(id)) {
      seen.push(content.toString())
      if (seen.length === 1) await writer.append(id, 'stderr', Buffer.from('late'), AT)
      if (seen.length === 2) await endExecution(id)
    }
    expect(seen).toEqual(['early', 'late'])
  })

  test('ends when it is aborted, and begins where it is told', async () => {
    const id = await newExecution()
    const store = createOutputStore(db.database)
    await store.append(id, 'stdout', Buffer.from('first'), AT)
    await store.append(id, 'stdout', Buffer.from('second'), AT)
    const stop = new AbortController()
    const seen: string[] = []
    for await (const { content } of store.follow(id, { fromSequence: 1, signal: stop.signal })) {
      seen.push(content.toString())
      stop.abort()
    }
    expect(seen).toEqual(['second'])
  })
})

/** A database behind a connection that can be cut. */
async function behindProxy(): Promise<{
  database: Database
  cut(): Promise<void>
  restore(): Promise<void>
  close(): Promise<void>
}> {
  const url = new URL(db.url)
  const folder = url.searchParams.get('host')
  const sockets = new Set<Socket>()
  const target = () =>
    folder === null
      ? connect(Number(url.port === '' ? 5432 : url.port), url.hostname)
      : connect(path.join(folder, `.s.PGSQL.${url.port === '' ? 5432 : url.port}`))
  const open = (port: number): Promise<Server> =>
    new Promise((resolve) => {
      const server = createServer((socket) => {
        const upstream = target()
        for (const one of [socket, upstream]) {
          sockets.add(one)
          one.on('error', () => {})
          one.on('close', () => [socket, upstream].forEach((end) => end.destroy()))
        }
        socket.pipe(upstream).pipe(socket)
      })
      server.listen(port, '127.0.0.1', () => resolve(server))
    })
  let server = await open(0)
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const shut = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy()
    sockets.clear()
    await new Promise((resolve) => server.close(resolve))
  }
  const proxied = new URL(db.url)
  proxied.searchParams.delete('host')
  proxied.host = `127.0.0.1:${port}`
  const database = createDatabase({ url: proxied.toString(), name: 'proxied', acquireTimeoutMs: 2_000 })
  return {
    database,
    cut: shut,
    async restore() {
      server = await open(port)
    },
    async close() {
      await database.close()
      await shut()
    },
  }
}

describe('a database that goes away and comes back', () => {
  test('loses nothing and doubles nothing, and the command waits', async () => {
    const proxy = await behindProxy()
    const scratchDir = await mkdtemp(path.join(tmpdir(), 'erlmcp-output-'))
    try {
      const store = createOutputStore(proxy.database)
      const id = await newExecution()
      const running = executeBash(
        { now: () => AT, output: store, redactor: createRedactor(), scratchDir },
        {
          executionId: id,
          script: 'for i in {1..40}; do seq -f "$i line %.0f" 1 500; sleep 0.02; done',
          inputs: {},
          environment: {},
          shellState: null,
          limits: { timeoutMs: 50_000, graceMs: 500 },
        },
        new AbortController().signal,
      )
      while ((await store.read(id).catch(() => ({ chunks: [] }))).chunks.length === 0) await delay(10)
      for (let round = 0; round < 2; round += 1) {
        await proxy.cut()
        await delay(200)
        await proxy.restore()
        await delay(200)
      }
      expect(await running).toMatchObject({ kind: 'exited', exitCode: 0 })
      const { chunks } = await createOutputStore(db.database).read(id, { maxBytes: 10_000_000 })
      const text = Buffer.concat(chunks.map(({ content }) => content)).toString()
      const expected = Array.from({ length: 40 }, (_, block) =>
        Array.from({ length: 500 }, (_, line) => `${block + 1} line ${line + 1}\n`),
      )
      expect(text).toBe(expected.flat(2).join(''))
    } finally {
      await proxy.close()
      await rm(scratchDir, { recursive: true, force: true })
    }
  })

  test('is waited for only until the wait is aborted', async () => {
    const proxy = await behindProxy()
    try {
      const store = createOutputStore(proxy.database)
      const id = await newExecution()
      await proxy.cut()
      const stop = new AbortController()
      const stored = store.append(id, 'stdout', Buffer.from('x'), AT, stop.signal)
      setTimeout(() => stop.abort(), 200)
      await expect(stored).rejects.toMatchObject({ code: 'unavailable' })
      await proxy.restore()
    } finally {
      await proxy.close()
    }
  })
})
