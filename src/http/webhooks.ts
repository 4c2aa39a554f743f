import type { FastifyInstance, FastifyRequest } from 'fastify'
import { AppError } from '../base/error.ts'

/** Alerts as the rest of erlmcp takes them. */
export interface AlertIntake {
  /** @throws AppError `unauthenticated` for wrong credentials, and alike for a source that is not configured */
  admit(source: string, authorization: string): Promise<void>
  /** Whether more should be refused before it is read. */
  isFull(): boolean
  /** Resolves after the commit. `posted`: the body is Alertmanager's own `POST /api/v2/alerts`. */
  receive(
    source: string,
    form: 'webhook' | 'posted',
    body: Buffer,
  ): Promise<{ incidentId: string | null; declared: boolean }>
}

/** 10,000 alerts in one group are 4 MB. */
const BODY_LIMIT_BYTES = 16 * 1_048_576
/** Of all bodies that are being read or stored at the same time. */
const MAX_READING_BYTES = 192 * 1_048_576
/** Where a sender does not say how long its body is. */
const UNKNOWN_BYTES = 1_048_576

/**
 * Alerts in. Credentials and load are looked at before a body is read. An overload is 503 with `Retry-After`, never 429:
 * Alertmanager tries again after a 5xx, and gives up for good on any 4xx.
 */
export function addAlertWebhooks(server: FastifyInstance, intake: AlertIntake): void {
  let readingBytes = 0
  const held = new WeakMap<FastifyRequest, number>()
  const release = (request: FastifyRequest): void => {
    readingBytes -= held.get(request) ?? 0
    held.delete(request)
  }
  void server.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    // as bytes: they are kept as they came
    scope.addContentTypeParser(
      '*',
      { parseAs: 'buffer', bodyLimit: BODY_LIMIT_BYTES },
      (_request, body, done) => done(null, body),
    )
    scope.addHook('onRequest', async (request) => {
      await intake.admit(sourceOf(request), request.headers.authorization ?? '')
      const bytes = Number(request.headers['content-length'] ?? UNKNOWN_BYTES)
      if (intake.isFull() || readingBytes + bytes > MAX_READING_BYTES) {
        throw new AppError('unavailable', 'more alerts come in than can be stored at the moment', {
          action: 'Send them again; nothing was accepted and nothing was lost.',
          retryable: true,
        })
      }
      readingBytes += bytes
      held.set(request, bytes)
    })
    scope.addHook('onResponse', async (request) => release(request))
    scope.addHook('onRequestAbort', async (request) => release(request))
    for (const [url, form] of ROUTES) {
      scope.post(url, { bodyLimit: BODY_LIMIT_BYTES }, async (request, reply) => {
        const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
        const { incidentId, declared } = await intake.receive(sourceOf(request), form, body)
        reply.header('content-type', 'application/json; charset=utf-8')
        return incidentId === null
          ? REPEATED
          : JSON.stringify({ status: 'stored', incident: incidentId, declared })
      })
    }
  })
}

/** The answer to nearly every post. */
const REPEATED = JSON.stringify({ status: 'stored', incident: null, declared: false })

const ROUTES = [
  ['/webhooks/alertmanager', 'webhook'],
  ['/webhooks/alerts/:source', 'webhook'],
  // Prometheus with `path_prefix`, and without one
  ['/webhooks/alerts/:source/api/v2/alerts', 'posted'],
  ['/api/v2/alerts', 'posted'],
] as const

function sourceOf(request: FastifyRequest): string {
  const { source } = request.params as { source?: string }
  if (source !== undefined) return source.slice(0, 100)
  return request.routeOptions.url === '/api/v2/alerts' ? 'prometheus' : 'alertmanager'
}
