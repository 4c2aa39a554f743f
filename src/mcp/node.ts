import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'

/** More came than is taken. */
export class BodyTooLarge extends Error {}

/** The whole body, bounded. @throws BodyTooLarge */
export async function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length
    if (size > limitBytes) throw new BodyTooLarge()
    parts.push(part)
  }
  return Buffer.concat(parts)
}

/** The request as the SDK reads it. Credentials stay here: nothing behind this needs them. */
export function toRequest(request: IncomingMessage, body: Buffer | null, signal: AbortSignal): Request {
  const headers = new Headers()
  for (const [name, value] of Object.entries(request.headers)) {
    if (value === undefined || name === 'authorization' || name === 'cookie') continue
    for (const each of Array.isArray(value) ? value : [value]) headers.append(name, each)
  }
  const url = `http://${request.headers.host ?? 'localhost'}${request.url ?? '/'}`
  const method = request.method ?? 'POST'
  return new Request(url, {
    method,
    headers,
    ...(body === null ? {} : { body: new Uint8Array(body) }),
    signal,
  })
}

/** Writes an answer of the SDK; a stream as it comes, until the client goes. */
export async function writeAnswer(
  response: ServerResponse,
  answer: Response,
  stopped: AbortSignal,
): Promise<void> {
  const headers = Object.fromEntries(answer.headers)
  const streams = headers['content-type']?.startsWith('text/event-stream') === true
  response.writeHead(answer.status, {
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...headers,
    ...(streams ? { 'x-accel-buffering': 'no' } : {}),
  })
  if (answer.body === null) return void response.end()
  if (!streams) return void response.end(Buffer.from(await answer.arrayBuffer()))
  response.flushHeaders()
  const reader = answer.body.getReader()
  const cancel = (): void => void reader.cancel().catch(() => undefined)
  stopped.addEventListener('abort', cancel, { once: true })
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done || stopped.aborted) break
      if (!response.write(value)) await Promise.race([once(response, 'drain'), once(response, 'close')])
    }
  } finally {
    stopped.removeEventListener('abort', cancel)
    response.end()
  }
}
