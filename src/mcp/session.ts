import { randomBytes } from 'node:crypto'
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/server'
import type { Server } from '@modelcontextprotocol/server'
import type { McpDeps } from './deps.ts'
import { BODY_LIMIT_BYTES } from './guard.ts'
import type { Caller } from './registry.ts'

export interface SessionLimits {
  idleMs: number
  /** Of all callers. */
  most: number
  mostPerIdentity: number
}

const DEFAULT_LIMITS: SessionLimits = { idleMs: 30 * 60_000, most: 500, mostPerIdentity: 50 }

interface Session {
  server: Server
  transport: WebStandardStreamableHTTPServerTransport
  identity: string
  usedAt: number
  /** Requests under way; a session that is waited on is not idle. */
  busy: number
}

export interface Sessions {
  handle(request: Request, caller: Caller): Promise<Response>
  size(): number
  close(): Promise<void>
}

/** Sessions of the 2025 revisions: bound to the identity that opened them, ended when idle, capped. */
export function createSessions(
  deps: McpDeps,
  build: (caller: Caller) => Server,
  limits: SessionLimits = DEFAULT_LIMITS,
): Sessions {
  const open = new Map<string, Session>()
  const end = async (id: string): Promise<void> => {
    const session = open.get(id)
    open.delete(id)
    await session?.server.close().catch(() => undefined)
  }
  const sweep = (): void => {
    for (const [id, session] of open)
      if (session.busy === 0 && deps.now() - session.usedAt > limits.idleMs) void end(id)
  }
  const timer = setInterval(sweep, Math.min(60_000, limits.idleMs))
  timer.unref()

  const opened = async (request: Request, caller: Caller): Promise<Response> => {
    sweep()
    const identity = caller.actor.id
    const own = [...open.values()].filter((session) => session.identity === identity).length
    if (open.size >= limits.most || own >= limits.mostPerIdentity)
      return failure(
        429,
        -32_000,
        'Too many sessions are open; end one, or speak 2026-07-28, which needs none',
      )
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => randomBytes(24).toString('base64url'),
      maxRequestBodySize: BODY_LIMIT_BYTES,
      onsessioninitialized: (id) => {
        open.set(id, { server, transport, identity, usedAt: deps.now(), busy: 0 })
      },
      onsessionclosed: (id) => void end(id),
    })
    const server = build(caller)
    await server.connect(transport)
    const response = await transport.handleRequest(request)
    if (transport.sessionId === undefined || !open.has(transport.sessionId)) await server.close()
    return response
  }

  return {
    async handle(request, caller) {
      const id = request.headers.get('mcp-session-id')
      if (id === null) return opened(request, caller)
      const session = open.get(id)
      // one that is another's does not exist
      if (session === undefined || session.identity !== caller.actor.id)
        return failure(404, -32_001, 'Session not found')
      session.usedAt = deps.now()
      session.busy += 1
      try {
        return await session.transport.handleRequest(request)
      } finally {
        session.busy -= 1
        session.usedAt = deps.now()
      }
    },
    size: () => open.size,
    async close() {
      clearInterval(timer)
      await Promise.all([...open.keys()].map(end))
    },
  }
}

const failure = (status: number, code: number, message: string): Response =>
  Response.json({ jsonrpc: '2.0', id: null, error: { code, message } }, { status })
