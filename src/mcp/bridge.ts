import { createInterface } from 'node:readline'
import { messageOf } from '../base/error.ts'

export interface BridgeDeps {
  /** The server: `http://127.0.0.1:8080`. */
  url: string
  token: string
  input: NodeJS.ReadableStream
  /** One message, without its line end. */
  write(line: string): void
  fetch?: typeof globalThis.fetch
}

interface Message {
  jsonrpc?: unknown
  id?: string | number | null
  method?: string
  params?: Record<string, unknown>
  result?: { protocolVersion?: unknown }
}

const VERSION_KEY = 'io.modelcontextprotocol/protocolVersion'
/** What is named in a header beside the method, for those who route without reading bodies. */
const NAMED: Record<string, string> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
}

/**
 * MCP on standard input and output, carried to a server over HTTP: the same endpoint, the same gate, the same audit.
 * Both eras pass; resolves when the input ends.
 */
export async function bridge(deps: BridgeDeps): Promise<void> {
  const fetch = deps.fetch ?? globalThis.fetch
  const session: { id: string | null; version: string | null } = { id: null, version: null }
  const underWay = new Map<string, AbortController>()
  const waiting = new Set<Promise<void>>()

  const send = async (line: string, message: Message): Promise<void> => {
    const stop = new AbortController()
    const key = message.id === undefined || message.id === null ? null : JSON.stringify(message.id)
    if (key !== null && message.method !== undefined) underWay.set(key, stop)
    try {
      const response = await fetch(new URL('/mcp', deps.url), {
        method: 'POST',
        headers: headersFor(deps, session, message),
        body: line,
        signal: stop.signal,
      })
      session.id = response.headers.get('mcp-session-id') ?? session.id
      await relay(deps, response, message, (text) => {
        if (message.method === 'initialize') session.version = versionIn(text) ?? session.version
      })
    } catch (error) {
      if (!stop.signal.aborted)
        fail(deps, message, `erlmcp at ${deps.url} does not answer: ${messageOf(error)}`)
    } finally {
      if (key !== null) underWay.delete(key)
    }
  }

  for await (const line of createInterface({ input: deps.input, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line.trim() === '') continue
    const message = parsed(line)
    if (message === null) {
      deps.write(errorLine(null, -32_700, 'that line is no JSON object'))
      continue
    }
    if (message.method === 'notifications/cancelled')
      underWay.get(JSON.stringify(message.params?.['requestId']))?.abort()
    const sent = send(line, message)
    waiting.add(sent)
    void sent.finally(() => waiting.delete(sent))
    // what follows the handshake needs what it answers
    if (message.method === 'initialize') await sent
  }
  for (const stop of underWay.values()) stop.abort()
  await Promise.allSettled(waiting)
  if (session.id !== null)
    await fetch(new URL('/mcp', deps.url), {
      method: 'DELETE',
      headers: headersFor(deps, session, {}),
    }).catch(() => undefined)
}

function parsed(line: string): Message | null {
  try {
    const value: unknown = JSON.parse(line)
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : null
  } catch {
    return null
  }
}

function headersFor(
  deps: BridgeDeps,
  session: { id: string | null; version: string | null },
  { method, params }: Message,
): Record<string, string> {
  const headers: Record<string, string> = {
    authorization: `Bearer ${deps.token}`,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'x-erlmcp-channel': 'stdio',
  }
  const modern = (params?.['_meta'] as Record<string, unknown> | undefined)?.[VERSION_KEY]
  if (typeof modern === 'string') {
    headers['mcp-protocol-version'] = modern
    if (method !== undefined) headers['mcp-method'] = method
    const named = params?.[NAMED[method ?? ''] ?? '']
    if (typeof named === 'string') headers['mcp-name'] = headerSafe(named)
    return headers
  }
  if (session.id !== null) headers['mcp-session-id'] = session.id
  if (session.version !== null) headers['mcp-protocol-version'] = session.version
  return headers
}

/** As the revision has it: what is no visible ASCII goes in base64. */
const headerSafe = (text: string): string =>
  /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(text) && !/^=\?base64\?.*\?=$/.test(text)
    ? text
    : `=?base64?${Buffer.from(text).toString('base64')}?=`

async function relay(
  deps: BridgeDeps,
  response: Response,
  message: Message,
  see: (text: string) => void,
): Promise<void> {
  const type = response.headers.get('content-type') ?? ''
  if (response.status === 202 || response.body === null) return
  if (type.startsWith('text/event-stream')) return relayStream(deps, response.body, see)
  const text = (await response.text()).trim()
  const answer = parsed(text)
  if (answer === null) return fail(deps, message, `erlmcp answered ${response.status}`)
  // a refusal at the door does not know which request it is for
  const isOurs = answer.id !== null && answer.id !== undefined
  const line = isOurs || message.id === undefined ? text : JSON.stringify({ ...answer, id: message.id })
  see(line)
  if (message.id !== undefined || isOurs) deps.write(JSON.stringify(JSON.parse(line)))
}

async function relayStream(
  deps: BridgeDeps,
  body: ReadableStream<Uint8Array>,
  see: (text: string) => void,
): Promise<void> {
  const decoder = new TextDecoder()
  let kept = ''
  for await (const part of body as unknown as AsyncIterable<Uint8Array>) {
    kept += decoder.decode(part, { stream: true })
    const events = kept.split(/\r?\n\r?\n/)
    kept = events.pop() ?? ''
    for (const event of events) {
      const data = event
        .split(/\r?\n/)
        .filter((line) => line.startsWith('data:'))
        .map((line) => line.slice(5).trimStart())
        .join('\n')
      if (data === '') continue
      see(data)
      deps.write(JSON.stringify(JSON.parse(data)))
    }
  }
}

const versionIn = (text: string): string | null => {
  const version = parsed(text)?.result?.protocolVersion
  return typeof version === 'string' ? version : null
}

function fail(deps: BridgeDeps, message: Message, why: string): void {
  if (message.id !== undefined && message.method !== undefined)
    deps.write(errorLine(message.id, -32_000, why))
}

const errorLine = (id: string | number | null, code: number, message: string): string =>
  JSON.stringify({ jsonrpc: '2.0', id, error: { code, message } })
