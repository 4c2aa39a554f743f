import type { FastifyInstance } from 'fastify'

/** What people do in Slack, as the rest of erlmcp takes it. */
export interface SlackIntake {
  /** Why a request is not taken; `null`: it is Slack's, and of now. */
  refuse(headers: Readonly<Record<string, string | string[] | undefined>>, body: Uint8Array): string | null
  /** Resolves when it is stored, or known already; it is worked on afterwards. @returns what Slack wants to hear. */
  receive(body: Uint8Array): Promise<string | null>
}

const BODY_LIMIT_BYTES = 1_048_576

/** Commands and buttons of Slack. Slack waits three seconds: what is stored is answered at once, and told later. */
export function addSlack(server: FastifyInstance, intake: SlackIntake): void {
  void server.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    // the signature is over the bytes as they came
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, async (_request: unknown, body: Buffer) => body)
    scope.post('/webhooks/slack', { bodyLimit: BODY_LIMIT_BYTES }, async (request, reply) => {
      const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
      const refusal = intake.refuse(request.headers, body)
      if (refusal !== null) {
        reply.code(401)
        return { status: 'refused', why: refusal }
      }
      const answer = await intake.receive(body)
      reply.code(200)
      return answer === null ? reply.send() : reply.type('text/plain; charset=utf-8').send(answer)
    })
  })
}
