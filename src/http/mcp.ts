import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'

export interface AgentEndpoint {
  /** Answers a request, from the first byte of its body on. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>
  /** Ends streams and sessions. */
  close(): Promise<void>
}

const PATHS = ['/mcp', '/.well-known/oauth-protected-resource', '/.well-known/oauth-protected-resource/mcp']

/** The place of the MCP endpoint; what comes there is checked before it is read, so nothing parses it here. */
export function addMcp(server: FastifyInstance, agents: AgentEndpoint): void {
  server.addHook('preClose', () => agents.close())
  void server.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, _payload, done) => done(null))
    for (const url of PATHS) {
      scope.route({
        method: ['GET', 'POST', 'DELETE'],
        url,
        handler: async (request, reply) => {
          reply.hijack()
          await agents.handle(request.raw, reply.raw)
        },
      })
    }
  })
}
