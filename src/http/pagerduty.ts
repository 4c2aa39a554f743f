import type { FastifyInstance } from 'fastify'

/** What PagerDuty says, as the rest of erlmcp takes it. */
export interface PagerDutyIntake {
  /** Whether the signature is one of ours over these bytes. */
  admit(signature: string | string[] | undefined, body: Uint8Array): boolean
  /** Resolves when it is stored, or known already. `webhookId`: the same when it is sent again. */
  receive(webhookId: string | null, body: Uint8Array): Promise<void>
}

const BODY_LIMIT_BYTES = 1_048_576

/**
 * Webhooks v3 of PagerDuty. It drops what is answered 4xx, and switches the subscription off after three: only a wrong
 * signature gets one. What erlmcp does not understand is taken and left alone; troubles of ours are 5xx, and come again.
 */
export function addPagerDuty(server: FastifyInstance, intake: PagerDutyIntake): void {
  void server.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, async (_request: unknown, body: Buffer) => body)
    scope.post('/webhooks/pagerduty', { bodyLimit: BODY_LIMIT_BYTES }, async (request, reply) => {
      const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
      if (!intake.admit(request.headers['x-pagerduty-signature'], body)) {
        reply.code(401)
        return { status: 'refused', why: 'no signature fits' }
      }
      const id = request.headers['x-webhook-id']
      await intake.receive(typeof id === 'string' && id.length <= 200 ? id : null, body)
      reply.code(202)
      return { status: 'taken' }
    })
  })
}
