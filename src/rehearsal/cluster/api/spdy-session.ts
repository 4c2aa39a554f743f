import type { IncomingMessage } from 'node:http'
import { PassThrough, Writable } from 'node:stream'
import type { Duplex } from 'node:stream'
import type { Pod } from 'kubernetes-types/core/v1.js'
import type { ApiContext } from './context.ts'
import { containerOf } from './log.ts'
import { servePortForward } from './port-forward.ts'
import type { ResourceRequest } from './request.ts'
import { current } from './resource.ts'
import { SpdyConnection } from './spdy.ts'
import type { SpdyStream } from './spdy.ts'
import { statusOf } from './upgrade.ts'

/** What `kubectl` before 1.31 speaks instead of websockets, one connection for one session. */
const PROTOCOLS: Record<string, string> = {
  exec: 'v4.channel.k8s.io',
  attach: 'v4.channel.k8s.io',
  portforward: 'portforward.k8s.io',
}

/** Whether the client asks for SPDY in a version that is spoken here. */
export function offersSpdy(incoming: IncomingMessage, subresource: string | undefined): boolean {
  const offered = String(incoming.headers['x-stream-protocol-version'] ?? '').split(/\s*,\s*/)
  const wanted = PROTOCOLS[subresource ?? '']
  return (
    incoming.headers.upgrade?.toLowerCase() === 'spdy/3.1' && wanted !== undefined && offered.includes(wanted)
  )
}

export function acceptSpdy(
  context: ApiContext,
  request: ResourceRequest,
  socket: Duplex,
  head: Buffer,
): void {
  const protocol = PROTOCOLS[request.subresource ?? ''] ?? ''
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: ${protocol}\r\n\r\n`,
  )
  const pod = current(context, request) as Pod
  const write = (bytes: Buffer): void => {
    if (socket.writable) socket.write(bytes)
  }
  const session =
    request.subresource === 'portforward'
      ? servePortForward(context, pod, write)
      : serveStreams(context, request, pod, write, () => socket.end())
  socket.on('data', (bytes: Buffer) => session.receive(bytes))
  socket.on('close', () => session.close())
  socket.on('end', () => socket.end())
  if (head.length > 0) session.receive(head)
}

/** exec and attach: the client opens a stream for each channel; when all are there the command starts. */
function serveStreams(
  context: ApiContext,
  request: ResourceRequest,
  pod: Pod,
  write: (bytes: Buffer) => void,
  end: () => void,
): { receive(bytes: Buffer): void; close(): void } {
  const flag = (key: string): boolean => ['true', '1'].includes(request.query.get(key) ?? '')
  const channels = ['stdin', 'stdout', 'stderr'].filter((name) => flag(name) && !(name === 'stderr' && flag('tty'))) // prettier-ignore
  const wanted = ['error', ...channels, ...(flag('tty') ? ['resize'] : [])]
  const streams = new Map<string, SpdyStream>()
  let stop = (): void => undefined
  const spdy = new SpdyConnection(write, (stream) => {
    streams.set(stream.headers['streamtype'] ?? '', stream)
    if (!wanted.every((name) => streams.has(name))) return
    stop = start(context, request, pod, streams, flag('tty'), end)
  })
  return { receive: (bytes) => spdy.receive(bytes), close: () => stop() }
}

function start(
  context: ApiContext,
  request: ResourceRequest,
  pod: Pod,
  streams: ReadonlyMap<string, SpdyStream>,
  tty: boolean,
  end: () => void,
): () => void {
  const container = containerOf(pod, request.query.get('container'))
  const stdin = inputOf(streams.get('stdin'))
  const stdout = outputOf(streams.get('stdout'))
  const finish = (result: { code: number } | { failure: string }): void => {
    streams.get('error')?.send(Buffer.from(JSON.stringify(statusOf(result))))
    for (const name of ['stdout', 'stderr', 'error']) streams.get(name)?.end()
    // the client reads to the end of its streams, then closes; it is not waited for longer than this
    setTimeout(end, CLOSE_AFTER_MS).unref()
  }
  if (request.subresource === 'attach') {
    const left = new AbortController()
    stdout.on('finish', () => finish({ code: 0 }))
    context.nodes.attach(pod, container, { out: stdout, input: stdin }, left.signal)
    return () => left.abort()
  }
  const session = context.nodes.exec(pod, {
    command: request.query.getAll('command'),
    container,
    tty,
    stdin,
    stdout,
    stderr: outputOf(streams.get('stderr')),
  })
  session.ended.then(finish, (error: unknown) => finish({ failure: String(error) }))
  return () => session.kill()
}

const CLOSE_AFTER_MS = 2_000

function inputOf(stream: SpdyStream | undefined): PassThrough | null {
  if (stream === undefined) return null
  const input = new PassThrough()
  stream.onData = (chunk) => input.write(chunk)
  stream.onEnd = () => input.end()
  return input
}

const outputOf = (stream: SpdyStream | undefined): Writable =>
  new Writable({
    write(chunk: Buffer, _encoding, done) {
      stream?.send(chunk)
      done()
    },
  })
