import type { IncomingMessage, ServerResponse } from 'node:http'
import { createMcpHandler, isLegacyRequest } from '@modelcontextprotocol/server'
import type { Actor } from '../access/index.ts'
import { newUuid } from '../base/id.ts'
import { createBudgets } from './budget.ts'
import type { Budgets } from './budget.ts'
import { challengeOf, PROTECTED_RESOURCE } from './challenge.ts'
import type { McpDeps } from './deps.ts'
import { BODY_LIMIT_BYTES, refuse } from './guard.ts'
import type { Guard } from './guard.ts'
import { BodyTooLarge, readBody, toRequest, writeAnswer } from './node.ts'
import { checkParamHeaders } from './param-headers.ts'
import type { Caller, Registry } from './registry.ts'
import { buildServer } from './server.ts'
import { createSessions } from './session.ts'
import type { SessionLimits } from './session.ts'

export interface EndpointOptions {
  deps: McpDeps
  registry: Registry
  /** Asked anew for each request: the port is known once the server listens. */
  guard(): Guard
  budgets?: Budgets
  sessions?: SessionLimits
}

/** MCP over Streamable HTTP, both eras, for a Node server. */
export interface McpEndpoint {
  /** Answers one request at `/mcp` or at the protected-resource metadata; never throws. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>
  /** Sessions that are open now: 2026-07-28 has none. */
  openSessions(): number
  close(): Promise<void>
}

/** The one assembly: guards, then the token, then the body, then the era. */
export function createEndpoint(options: EndpointOptions): McpEndpoint {
  const { deps, registry } = options
  const budgets = options.budgets ?? createBudgets(deps.now)
  const build = (caller: Caller) => buildServer(deps, registry, budgets, caller)
  const callers = new WeakMap<object, Caller>()
  const modern = createMcpHandler(
    ({ authInfo }) => {
      const caller = authInfo?.extra === undefined ? undefined : callers.get(authInfo.extra)
      if (caller === undefined) throw new Error('a request without a caller')
      return build(caller)
    },
    {
      legacy: 'reject',
      maxRequestBodySize: BODY_LIMIT_BYTES,
      maxSubscriptions: 200,
      onerror: (error) => deps.log.debug({ err: error }, 'an MCP request was refused'),
    },
  )
  const disagreement = checkParamHeaders(registry)
  const sessions = createSessions(deps, build, options.sessions)

  const answer = async (request: IncomingMessage, stopped: AbortSignal): Promise<Response> => {
    const refused = refuse(options.guard(), request)
    if (refused !== null) return plain(refused.status, refused.reason)
    if (PROTECTED_RESOURCE.test(request.url ?? '')) return challengeOf(deps).metadata()
    const actor = await identify(deps, request)
    if (actor === null) return challengeOf(deps).unauthenticated(request.headers.authorization !== undefined)
    if (actor.kind !== 'agent') return challengeOf(deps).notAnAgent()
    const caller: Caller = { actor, client: clientOf(request), channel: channelOf(request) }
    const body = request.method === 'POST' ? await readBody(request, BODY_LIMIT_BYTES) : null
    const web = toRequest(request, body, stopped)
    if (await isLegacyRequest(web)) return sessions.handle(web, caller)
    const disagrees = disagreement(web.headers, body)
    if (disagrees !== null) return disagrees
    const extra = {}
    callers.set(extra, caller)
    return modern.fetch(web, { authInfo: { token: '', clientId: actor.id, scopes: [], extra } })
  }

  return {
    async handle(request, response) {
      const stopped = new AbortController()
      response.on('close', () => stopped.abort())
      try {
        await writeAnswer(response, await answer(request, stopped.signal), stopped.signal)
      } catch (error) {
        const tooLarge = error instanceof BodyTooLarge
        const correlationId = newUuid()
        if (!tooLarge && !stopped.signal.aborted)
          deps.log.error({ err: error, correlationId }, 'an MCP request failed')
        const failure = tooLarge
          ? plain(413, `the body is larger than ${BODY_LIMIT_BYTES} bytes`)
          : plain(500, `an unexpected fault; ${correlationId} finds it in the log`)
        await writeAnswer(response, failure, stopped.signal).catch(() => response.destroy())
      }
    },
    openSessions: () => sessions.size(),
    async close() {
      await sessions.close()
      await modern.close()
    },
  }
}

const BEARER = /^Bearer ([\x21-\x7e]{1,4096})$/i

async function identify(deps: McpDeps, request: IncomingMessage): Promise<Actor | null> {
  const token = BEARER.exec(request.headers.authorization ?? '')?.[1]
  return token === undefined ? null : deps.authenticate(token)
}

const clientOf = (request: IncomingMessage): string =>
  (request.headers['user-agent'] ?? '').replaceAll(/[^\x20-\x7e]/g, '').slice(0, 100)

const channelOf = (request: IncomingMessage): Caller['channel'] =>
  request.headers['x-erlmcp-channel'] === 'stdio' ? 'stdio' : 'http'

const plain = (status: number, message: string): Response =>
  Response.json({ jsonrpc: '2.0', id: null, error: { code: -32_600, message } }, { status })
