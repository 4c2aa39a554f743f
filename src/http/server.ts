import Fastify from 'fastify'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Actor } from '../access/index.ts'
import { AppError } from '../base/error.ts'
import { newUuid } from '../base/id.ts'
import type { Logger } from '../base/log.ts'
import { addAccess } from './access.ts'
import { bearerOf, identify } from './session.ts'
import type { AccessDeps } from './session.ts'
import { OPERATION_NAMES, OPERATIONS } from '../operations/index.ts'
import type { Operation, OperationName } from '../operations/index.ts'
import { addCalendars } from './calendar.ts'
import { addEvents } from './events.ts'
import type { EventDeps } from './events.ts'
import { serveApart } from './metrics.ts'
import type { Metrics } from './metrics.ts'
import { openApiDocument } from './openapi.ts'
import { addHardening, edgeOptions, PLAIN_EDGE } from './harden.ts'
import { createLimiter } from './limits.ts'
import { addMcp } from './mcp.ts'
import type { AgentEndpoint } from './mcp.ts'
import { problemOf } from './problem.ts'
import { addWeb } from './web.ts'
import { addAlertWebhooks } from './webhooks.ts'
import { addPagerDuty } from './pagerduty.ts'
import type { PagerDutyIntake } from './pagerduty.ts'
import { addPreview } from './preview.ts'
import type { PreviewDeps } from './preview.ts'
import { addSlack } from './slack.ts'
import { addStatusPage } from './status.ts'
import type { PublicStatus } from './status.ts'
import type { SlackIntake } from './slack.ts'
import type { AlertIntake } from './webhooks.ts'

export interface HttpDeps {
  /** Of this erlmcp, for the API description. */
  version?: string
  log: Logger
  /** The identity behind a bearer token, or `null`. */
  authenticate(token: string): Promise<Actor | null>
  /** People in browsers. Without it there are only tokens. */
  access?: AccessDeps
  /** `key`: an `Idempotency-Key` that came with it. */
  invoke(actor: Actor, name: OperationName, input: unknown, key?: string): Promise<unknown>
  alerts: AlertIntake
  /** What people are told, as they would see it. Left out: it is not shown. */
  preview?: PreviewDeps['read']
  /** The public status page; `null`: there is none. */
  status?: PublicStatus | null
  /** What people do in chats and pagers; `null`: those are not connected. */
  chat?: { slack: SlackIntake | null; pagerduty: PagerDutyIntake | null }
  /** A push that a forge announces for a source; throws `unauthenticated` for a wrong signature. */
  receivePush(
    source: string,
    headers: Readonly<Record<string, string | string[] | undefined>>,
    body: Uint8Array,
  ): Promise<'polling' | 'ignored'>
  /** What Prometheus is told: at /metrics of this server, or on a port of its own. */
  metrics?: { source: Metrics; apart: { host: string; port: number } | null }
  /** Agents over MCP. Left out: there is none. */
  agents?: AgentEndpoint
  /** Why this process is not ready; empty when it is. */
  notReady(): Promise<string[]>
  /** The page: its built files, and the changes that it follows. Without it there is only the API. */
  page?: { folder: string; changes: EventDeps['changes']; seen: EventDeps['seen'] }
}

const BODY_LIMIT_BYTES = 1_048_576
/** A push of thousands of commits; GitHub sends at most 25 MB and cuts commits off long before. */
const PUSH_LIMIT_BYTES = 5 * 1_048_576

/** The HTTP edge: webhooks in, the operations under /api/v1, health. Thin: everything is in the catalogue. */
export function createServer(deps: HttpDeps): FastifyInstance {
  const edge = deps.access?.edge ?? PLAIN_EDGE
  const server: FastifyInstance = Fastify({
    ...edgeOptions(edge),
    logger: false,
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: 30_000,
    // a longer one is refused by the schema of its operation, in our words
    routerOptions: { maxParamLength: 4_096 },
    genReqId: () => newUuid(),
    forceCloseConnections: 'idle',
  })
  server.setErrorHandler((error, request, reply) => sendError(deps, request, reply, error))
  server.setNotFoundHandler((request, reply) =>
    sendError(
      deps,
      request,
      reply,
      new AppError('not_found', `there is nothing at ${request.method} ${request.url.slice(0, 200)}`, {
        action: 'The operations are under /api/v1.',
      }),
    ),
  )
  addHardening(server, edge)
  if (deps.access !== undefined) addAccess(server, deps.access)
  server.addHook('onSend', async (_request, reply) => {
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store')
  })
  addMetrics(server, deps)
  addHealth(server, deps)
  addAlertWebhooks(server, deps.alerts)
  addPushWebhook(server, deps)
  if (deps.chat?.slack) addSlack(server, deps.chat.slack)
  if (deps.chat?.pagerduty) addPagerDuty(server, deps.chat.pagerduty)
  addCalendars(server, deps)
  if (deps.status != null) addStatusPage(server, deps.status)
  if (deps.preview !== undefined)
    addPreview(server, { authenticate: (request) => whoAsks(deps, request, null), read: deps.preview })
  if (deps.agents !== undefined) addMcp(server, deps.agents)
  const limiter = createLimiter(edge.requestsPerSecond)
  for (const name of OPERATION_NAMES) addOperation(server, deps, name, limiter)
  addApiDescription(server, deps.version)
  if (deps.page !== undefined) {
    const { folder, changes, seen } = deps.page
    addEvents(server, { authenticate: (request) => whoAsks(deps, request, null), changes, seen })
    addWeb(server, { folder })
  }
  return server
}

function addMetrics(server: FastifyInstance, deps: HttpDeps): void {
  if (deps.metrics === undefined) return
  const { source, apart } = deps.metrics
  source.observe(server)
  if (apart !== null) serveApart(server, source, apart)
  else {
    server.get('/metrics', async (_request, reply) => {
      reply.type(source.contentType)
      return source.text()
    })
  }
}

function addHealth(server: FastifyInstance, deps: HttpDeps): void {
  server.get('/health', async () => ({ status: 'alive' }))
  server.get('/ready', async (_request, reply) => {
    const reasons = await deps.notReady()
    reply.code(reasons.length === 0 ? 200 : 503)
    return { ready: reasons.length === 0, reasons }
  })
}

function addApiDescription(server: FastifyInstance, version = '0.0.0'): void {
  let text: string | null = null
  server.get('/api/v1/openapi.json', async (_request, reply) => {
    text ??= JSON.stringify(openApiDocument(version))
    return reply.type('application/json').send(text)
  })
}

/** The signature is over the bytes as they came, so this route alone leaves the body unparsed. */
function addPushWebhook(server: FastifyInstance, deps: HttpDeps): void {
  void server.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser(
      '*',
      { parseAs: 'buffer' },
      async (_request: FastifyRequest, body: Buffer) => body,
    )
    scope.post<{ Params: { source: string } }>(
      '/webhooks/git/:source',
      { bodyLimit: PUSH_LIMIT_BYTES },
      async (request, reply) => {
        const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
        const status = await deps.receivePush(request.params.source.slice(0, 100), request.headers, body)
        reply.code(202)
        return { status }
      },
    )
  })
}

/** A bearer token, or the session of a browser. */
const whoAsks = (
  deps: HttpDeps,
  request: FastifyRequest,
  reply: FastifyReply | null,
): Promise<Actor | null> =>
  deps.access === undefined ? deps.authenticate(bearerOf(request)) : identify(deps.access, request, reply)

function addOperation(
  server: FastifyInstance,
  deps: HttpDeps,
  name: OperationName,
  limiter: ReturnType<typeof createLimiter>,
): void {
  const operation: Operation = OPERATIONS[name]
  server.route({
    method: operation.http.method,
    url: `/api/v1${operation.http.path}`,
    ...(operation.bodyLimitBytes === undefined ? {} : { bodyLimit: operation.bodyLimitBytes }),
    handler: async (request, reply) => {
      const actor = await whoAsks(deps, request, reply)
      if (actor === null) {
        throw new AppError('unauthenticated', 'no valid token was given', {
          action: 'Send `Authorization: Bearer …`; the local token stands in the data folder.',
        })
      }
      limiter.take(actor.id)
      const body = request.body
      const input = {
        ...(request.query as Record<string, unknown>),
        ...(body !== null && typeof body === 'object' && !Array.isArray(body) ? body : {}),
        ...(request.params as Record<string, unknown>),
        ...versionOf(operation, request),
      }
      const key = operation.effect === 'write' ? idempotencyKeyOf(request) : null
      const answer = await (key === null
        ? deps.invoke(actor, name, input)
        : deps.invoke(actor, name, input, key))
      const version = (answer as { version?: unknown } | null)?.version
      if (operation.versioned === true && typeof version === 'number') reply.header('etag', `"${version}"`)
      return answer
    },
  })
}

/** `If-Match: "3"` says which version is meant to be changed, as `version` in the body does. */
function versionOf(operation: Operation, request: FastifyRequest): { version?: string } {
  const given = operation.effect === 'write' && operation.versioned === true && request.headers['if-match']
  if (typeof given !== 'string') return {}
  return { version: /^(?:W\/)?"(\d{1,7})"$/.exec(given)?.[1] ?? given }
}

function idempotencyKeyOf(request: FastifyRequest): string | null {
  const key = request.headers['idempotency-key']
  if (key === undefined) return null
  if (typeof key === 'string' && /^[\x21-\x7e]{1,200}$/.test(key)) return key
  throw new AppError('input_invalid', 'the Idempotency-Key is not 1 to 200 visible ASCII characters', {
    action: 'Send a UUID, for example.',
  })
}

function sendError(
  deps: HttpDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  error: unknown,
): FastifyReply {
  const known = error instanceof AppError ? error : translate(error)
  const problem = problemOf(known, request.id)
  if (problem.status >= 500) {
    deps.log.error(
      { err: error, correlationId: request.id, method: request.method, route: request.routeOptions.url },
      'request failed',
    )
  }
  if (problem.status === 503) reply.header('retry-after', '5')
  if (problem.status === 429) reply.header('retry-after', Number(known?.data['retryAfterSeconds'] ?? 5))
  if (problem.status === 401 && !reply.hasHeader('www-authenticate'))
    reply.header('www-authenticate', 'Bearer')
  return reply.code(problem.status).type('application/problem+json').send(problem)
}

/** Fastify's own refusals and a database that is away, in our words; `null` for what nobody foresaw. */
function translate(error: unknown): AppError | null {
  const code = (error as { code?: unknown } | null)?.code
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return new AppError('too_large', 'the body is larger than the limit', {
      action: 'Send less at once; for Alertmanager set `max_alerts: 1000`.',
      cause: error,
    })
  }
  if (typeof code === 'string' && (code.startsWith('FST_ERR_CTP') || error instanceof SyntaxError)) {
    return new AppError('input_invalid', 'the body is not valid JSON', {
      action: 'Send `Content-Type: application/json` and one JSON object.',
      cause: error,
    })
  }
  if (error instanceof SyntaxError) {
    return new AppError('input_invalid', 'the body is not valid JSON', {
      action: 'Send one JSON object.',
      cause: error,
    })
  }
  if (isDatabaseAway(error)) {
    return new AppError('unavailable', 'the database does not answer', {
      action: 'Try again; nothing was accepted and nothing was lost.',
      retryable: true,
      cause: error,
    })
  }
  return null
}

function isDatabaseAway(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code
  const message = error instanceof Error ? error.message : ''
  return (
    (typeof code === 'string' && /^(08|57P|53|ECONNREFUSED|ECONNRESET|ENOENT|EPIPE|ETIMEDOUT)/.test(code)) ||
    /timeout exceeded when trying to connect|Connection terminated/i.test(message)
  )
}
