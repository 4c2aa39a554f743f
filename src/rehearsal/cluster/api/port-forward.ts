import type { Duplex } from 'node:stream'
import type { Pod } from 'kubernetes-types/core/v1.js'
import type { RawData } from 'ws'
import type { ApiContext } from './context.ts'
import { SpdyConnection } from './spdy.ts'
import type { SpdyStream } from './spdy.ts'

/**
 * Port-forward: a SPDY conversation, in pieces of websocket messages or on the connection itself. Each forwarded
 * connection opens a stream for errors and one for data, both with the pod's port and a request number.
 */
export function servePortForward(
  context: ApiContext,
  pod: Pod,
  write: (bytes: Buffer) => void,
): { receive(bytes: Buffer): void; close(): void } {
  const errors = new Map<string, SpdyStream>()
  const open = new Set<Duplex>()
  const spdy = new SpdyConnection(write, (stream) => {
    const request = stream.headers['requestid'] ?? ''
    if (stream.headers['streamtype'] === 'error') errors.set(request, stream)
    else void forward(context, pod, stream, errors.get(request), open)
  })
  return {
    receive: (bytes) => spdy.receive(bytes),
    close() {
      for (const socket of open) socket.destroy()
    },
  }
}

async function forward(
  context: ApiContext,
  pod: Pod,
  stream: SpdyStream,
  errors: SpdyStream | undefined,
  open: Set<Duplex>,
): Promise<void> {
  const port = Number(stream.headers['port'] ?? 0)
  try {
    const socket = await context.nodes.connect(pod, port)
    open.add(socket)
    stream.onData = (chunk) => socket.write(chunk)
    stream.onEnd = () => socket.end()
    socket.on('data', (chunk: Buffer) => stream.send(chunk))
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      open.delete(socket)
      stream.end()
      errors?.end()
    })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    errors?.send(Buffer.from(`error forwarding port ${port} to pod ${pod.metadata?.uid ?? ''}, uid : failed to connect to localhost:${port} inside the pod: ${reason}`)) // prettier-ignore
    errors?.end()
    stream.end()
  }
}

export function bufferOf(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data)
}
