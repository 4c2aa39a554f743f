import { createHash, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { BackupStore } from '../../src/backup/index.ts'
import { folderStore, gcsStore, s3Store } from '../../src/backup/index.ts'
import { serveS3 } from '../support/fake-s3.ts'
import type { FakeS3 } from '../support/fake-s3.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'erlmcp-stores-'))
const signal = AbortSignal.timeout(120_000)
const LARGE = 21 * 1_048_576
const sum = (data: Buffer): string => createHash('sha256').update(data).digest('hex')

afterAll(() => rmSync(folder, { recursive: true, force: true }))

const file = (data: Buffer): string => {
  const name = path.join(folder, randomBytes(6).toString('hex'))
  writeFileSync(name, data)
  return name
}

async function read(store: BackupStore, key: string): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of await store.open(key, signal)) parts.push(Buffer.from(part as Uint8Array))
  return Buffer.concat(parts)
}

/** What every store keeps to. */
function contract(open: () => BackupStore): void {
  test('gives back what was put, in one part or in several, lists by prefix, and removes', async () => {
    const store = open()
    const [small, large] = [randomBytes(1_000), randomBytes(LARGE)]
    await store.put(file(small), 'orders/one', signal)
    await store.put(file(large), 'orders/two', signal)
    await store.put(file(small), 'other/one', signal)
    expect(sum(await read(store, 'orders/one'))).toBe(sum(small))
    expect(sum(await read(store, 'orders/two'))).toBe(sum(large))
    expect(await store.list('orders/', signal)).toEqual([
      { key: 'orders/one', sizeBytes: 1_000 },
      { key: 'orders/two', sizeBytes: LARGE },
    ])
    expect(await store.remove('orders/one', signal)).toBe(true)
    expect(await store.remove('orders/one', signal)).toBe(true)
    expect((await store.list('orders/', signal)).map(({ key }) => key)).toEqual(['orders/two'])
    await expect(read(store, 'orders/one')).rejects.toMatchObject({ code: 'not_found' })
  })
}

describe('a folder', () => {
  contract(() => folderStore(path.join(folder, 'kept')))

  test('keeps nothing outside of itself', async () => {
    const store = folderStore(path.join(folder, 'kept'))
    await expect(store.put(file(Buffer.from('x')), '../outside', signal)).rejects.toMatchObject({
      code: 'input_invalid',
    })
  })
})

describe('S3', () => {
  let server: FakeS3
  const credentials = (text: string): string => file(Buffer.from(text))
  const open = (given = 'erlmcp:a/secret+key', endpoint = server.address): BackupStore =>
    s3Store({
      bucket: 'backups-bucket',
      prefix: 'backups',
      region: 'eu-central-1',
      endpoint,
      credentialsFile: credentials(given),
    })

  beforeAll(async () => {
    server = await serveS3({
      bucket: 'backups-bucket',
      accessKeyId: 'erlmcp',
      secretAccessKey: 'a/secret+key',
    })
  })
  afterAll(() => server.stop())

  contract(() => open())

  test('gets large objects in parts, and a part that failed once more', async () => {
    server.parts = 0
    server.failParts = 1
    const data = randomBytes(LARGE)
    await open().put(file(data), 'orders/parts', signal)
    expect(server.parts).toBe(2)
    expect(sum(server.objects.get('backups/orders/parts') ?? Buffer.alloc(0))).toBe(sum(data))
  })

  test('keeps what a lock holds', async () => {
    const store = open()
    await store.put(file(Buffer.from('x')), 'held/one', signal)
    server.locked.add('backups/held/one')
    expect(await store.remove('held/one', signal)).toBe(false)
    expect(await store.list('held/', signal)).toHaveLength(1)
  })

  test('with a wrong key ends in a refusal that says what is missing', async () => {
    await expect(open('erlmcp:wrong').put(file(Buffer.from('x')), 'orders/x', signal)).rejects.toMatchObject({
      code: 'forbidden',
      action: expect.stringContaining('rights'),
    })
  })

  test('that does not answer is away, and can be tried again', async () => {
    const gone = open('a:b', 'http://127.0.0.1:1')
    await expect(gone.list('orders/', signal)).rejects.toMatchObject({ code: 'unavailable', retryable: true })
  })
})

describe('Google Cloud Storage', () => {
  let google: Google
  beforeAll(async () => {
    google = await serveGoogle()
    process.env['STORAGE_EMULATOR_HOST'] = google.address
  })
  afterAll(async () => {
    delete process.env['STORAGE_EMULATOR_HOST']
    await google.stop()
  })
  const open = (): BackupStore =>
    gcsStore({ bucket: 'erlmcp', prefix: 'backups', endpoint: google.address, keyFile: null })

  contract(open)

  test('sends large objects in chunks that can be resumed', () => {
    expect(google.chunks).toBeGreaterThan(2)
  })

  test('keeps what a retention policy holds', async () => {
    const store = open()
    await store.put(file(Buffer.from('x')), 'held/one', signal)
    google.held = true
    expect(await store.remove('held/one', signal)).toBe(false)
    google.held = false
    expect(await store.list('held/', signal)).toHaveLength(1)
  })
})

interface Google {
  address: string
  chunks: number
  held: boolean
  stop(): Promise<void>
}

/** The JSON API as far as a store needs it: resumable uploads by ranges, metadata with CRC32C, media, list, delete. */
async function serveGoogle(): Promise<Google> {
  const objects = new Map<string, Buffer>()
  const uploads = new Map<string, { name: string; data: Buffer }>()
  const meta = (name: string, data: Buffer) => ({
    kind: 'storage#object',
    name,
    bucket: 'erlmcp',
    size: String(data.length),
    crc32c: crc32c(data),
  })
  const state: Google = { address: '', chunks: 0, held: false, stop: async () => undefined }
  const server = createServer((request, response) => {
    const json = (status: number, value: unknown, headers = {}): void => {
      response
        .writeHead(status, { 'content-type': 'application/json', ...headers })
        .end(JSON.stringify(value))
    }
    const answer = async (): Promise<void> => {
      const url = new URL(request.url ?? '/', state.address)
      const body = await bodyOf(request)
      const object = /^(?:\/download)?(?:\/storage\/v1)?\/b\/erlmcp\/o\/([^/]+)$/.exec(url.pathname)?.[1]
      const name = object === undefined ? '' : decodeURIComponent(object)
      const data = objects.get(name)
      if (request.method === 'POST' && url.searchParams.get('uploadType') === 'resumable') {
        const id = String(uploads.size)
        const wanted =
          url.searchParams.get('name') ??
          (JSON.parse(body.toString() || '{}') as { name?: string }).name ??
          ''
        uploads.set(id, { name: wanted, data: Buffer.alloc(0) })
        response.writeHead(200, { location: `${state.address}/upload/${id}` }).end()
        return
      }
      const upload = uploads.get(/^\/upload\/(\d+)$/.exec(url.pathname)?.[1] ?? '')
      if (upload !== undefined) {
        const range = /^bytes (?:(\d+)-(\d+)|\*)\/(\d+|\*)$/.exec(request.headers['content-range'] ?? '')
        if (range?.[1] !== undefined && Number(range[1]) !== upload.data.length)
          return json(400, { error: { code: 400, message: 'out of order' } })
        if (range?.[1] !== undefined) state.chunks += 1
        upload.data = Buffer.concat([upload.data, body])
        const whole = range === null || (range[3] !== '*' && Number(range[3]) === upload.data.length)
        if (!whole) {
          response
            .writeHead(308, upload.data.length === 0 ? {} : { range: `bytes=0-${upload.data.length - 1}` })
            .end()
          return
        }
        objects.set(upload.name, upload.data)
        return json(200, meta(upload.name, upload.data))
      }
      if (/^(?:\/storage\/v1)?\/b\/erlmcp\/o$/.test(url.pathname)) {
        const prefix = url.searchParams.get('prefix') ?? ''
        const items = [...objects]
          .filter(([key]) => key.startsWith(prefix))
          .toSorted(([a], [b]) => (a < b ? -1 : 1))
        return json(200, { kind: 'storage#objects', items: items.map(([key, value]) => meta(key, value)) })
      }
      if (data === undefined) return json(404, { error: { code: 404, message: 'No such object' } })
      if (request.method === 'DELETE') {
        if (state.held)
          return json(403, { error: { code: 403, message: 'Object is subject to a retention policy' } })
        objects.delete(name)
        response.writeHead(204).end()
        return
      }
      if (url.searchParams.get('alt') === 'media') {
        response
          .writeHead(200, { 'x-goog-hash': `crc32c=${crc32c(data)}`, 'content-length': data.length })
          .end(data)
        return
      }
      json(200, meta(name, data))
    }
    void answer()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  state.address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  state.stop = () =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return state
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts)
}

/** Castagnoli's, as Google writes it: the SDK compares it with its own. */
function crc32c(data: Buffer): string {
  let crc = 0xffffffff
  for (const byte of data) crc = (crc >>> 8) ^ (TABLE[(crc ^ byte) & 0xff] ?? 0)
  const out = Buffer.alloc(4)
  out.writeUInt32BE((crc ^ 0xffffffff) >>> 0)
  return out.toString('base64')
}
const TABLE = Array.from({ length: 256 }, (_, index) => {
  let value = index
  for (let bit = 0; bit < 8; bit += 1) value = (value & 1) === 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1
  return value >>> 0
})
