import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

/** One bucket of an object store, as far as a store of backups needs it. Every request's signature (version 4) is checked. */
export interface FakeS3 {
  address: string
  objects: Map<string, Buffer>
  /** Parts of uploads that were taken. */
  parts: number
  /** Keys that a lock holds: they are not deleted. */
  locked: Set<string>
  /** How many of the next parts are answered with a fault of the server. */
  failParts: number
  stop(): Promise<void>
}

export interface FakeS3Options {
  bucket: string
  accessKeyId: string
  secretAccessKey: string
}

interface Answer {
  status: number
  body?: string | Buffer
  headers?: Record<string, string>
}

const digest = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex')
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()
const fault = (status: number, code: string): Answer => ({
  status,
  body: `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`,
})

export async function serveS3(options: FakeS3Options): Promise<FakeS3> {
  const uploads = new Map<string, { key: string; parts: Map<number, Buffer> }>()
  const state: FakeS3 = {
    address: '',
    objects: new Map(),
    parts: 0,
    locked: new Set(),
    failParts: 0,
    stop: async () => undefined,
  }
  const server = createServer((request, response) => {
    const respond = async (): Promise<void> => {
      const body = await bodyOf(request)
      const url = new URL(request.url ?? '/', 'http://any')
      const known = isSigned(request, url, body, options)
      const answer = known
        ? answerTo(options, state, uploads, request.method ?? '', url, body)
        : fault(403, 'SignatureDoesNotMatch')
      response.writeHead(answer.status, answer.headers ?? {}).end(answer.body)
    }
    void respond()
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

function answerTo(
  { bucket }: FakeS3Options,
  state: FakeS3,
  uploads: Map<string, { key: string; parts: Map<number, Buffer> }>,
  method: string,
  url: URL,
  body: Buffer,
): Answer {
  const [, named, ...rest] = url.pathname.split('/')
  if (named !== bucket) return fault(404, 'NoSuchBucket')
  const key = decodeURIComponent(rest.join('/'))
  const upload = uploads.get(url.searchParams.get('uploadId') ?? '')
  if (key === '') return list(state, url.searchParams.get('prefix') ?? '')
  if (method === 'POST' && url.searchParams.has('uploads')) {
    const id = `upload-${uploads.size}`
    uploads.set(id, { key, parts: new Map() })
    return {
      status: 200,
      body: `<InitiateMultipartUploadResult><Bucket>${bucket}</Bucket><Key>${key}</Key><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
    }
  }
  if (method === 'PUT' && upload !== undefined) {
    if (state.failParts > 0) {
      state.failParts -= 1
      return fault(503, 'SlowDown')
    }
    upload.parts.set(Number(url.searchParams.get('partNumber')), body)
    state.parts += 1
    return { status: 200, headers: { etag: `"${digest(body)}"` } }
  }
  if (method === 'POST' && upload !== undefined) {
    const wanted = [...body.toString().matchAll(/<PartNumber>(\d+)<\/PartNumber>/g)].map(([, number]) =>
      Number(number),
    )
    state.objects.set(
      upload.key,
      Buffer.concat(wanted.map((number) => upload.parts.get(number) ?? Buffer.alloc(0))),
    )
    return {
      status: 200,
      body: `<CompleteMultipartUploadResult><Bucket>${bucket}</Bucket><Key>${key}</Key><ETag>"x"</ETag></CompleteMultipartUploadResult>`,
    }
  }
  if (method === 'PUT') {
    state.objects.set(key, body)
    return { status: 200, headers: { etag: `"${digest(body)}"` } }
  }
  if (method === 'DELETE') {
    if (state.locked.has(key)) return fault(403, 'AccessDenied')
    state.objects.delete(key)
    return { status: 204 }
  }
  const found = state.objects.get(key)
  return found === undefined ? fault(404, 'NoSuchKey') : { status: 200, body: found }
}

function list(state: FakeS3, prefix: string): Answer {
  const contents = [...state.objects]
    .filter(([key]) => key.startsWith(prefix))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, data]) => `<Contents><Key>${key}</Key><Size>${data.length}</Size></Contents>`)
  return {
    status: 200,
    body: `<?xml version="1.0"?><ListBucketResult><IsTruncated>false</IsTruncated>${contents.join('')}</ListBucketResult>`,
  }
}

/** Signature Version 4, as the service computes it again; a body whose hash is given has to have it. */
function isSigned(request: IncomingMessage, url: URL, body: Buffer, options: FakeS3Options): boolean {
  const form =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/
  const [, id, day = '', region = '', signed = '', given = ''] =
    form.exec(request.headers.authorization ?? '') ?? []
  if (id !== options.accessKeyId) return false
  const hash = String(request.headers['x-amz-content-sha256'])
  if (/^[0-9a-f]{64}$/.test(hash) ? hash !== digest(body) : hash !== 'UNSIGNED-PAYLOAD') return false
  const encode = (text: string): string =>
    encodeURIComponent(text).replaceAll(
      /[!'()*]/g,
      (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
    )
  const query = [...url.searchParams]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .toSorted()
    .join('&')
  const headers = signed
    .split(';')
    .map((name) => `${name}:${String(request.headers[name]).trim()}\n`)
    .join('')
  const canonical = [request.method, url.pathname, query, headers, signed, hash].join('\n')
  const scope = `${day}/${region}/s3/aws4_request`
  const text = ['AWS4-HMAC-SHA256', request.headers['x-amz-date'], scope, digest(canonical)].join('\n')
  const key = [region, 's3', 'aws4_request'].reduce<Buffer>(
    (sofar, part) => hmac(sofar, part),
    hmac(`AWS4${options.secretAccessKey}`, day),
  )
  return timingSafeEqual(hmac(key, text), Buffer.from(given, 'hex'))
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts)
}
