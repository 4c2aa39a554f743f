import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/** The public page as it was last written; asking for it never asks the database. */
export interface PublicStatus {
  /** `index.html`, `atom.xml`, ...; `null`: there is no such file. */
  file(name: string): { body: Buffer; type: string; etag: string; writtenAt: Date } | null
}

const CACHE = 'public, max-age=15, stale-if-error=86400'
const POLICY =
  "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** `/status/` for everybody, without a session or a token: what a person released, and nothing else. */
export function addStatusPage(server: FastifyInstance, status: PublicStatus): void {
  const send = (request: FastifyRequest, reply: FastifyReply, name: string): FastifyReply | void => {
    const file = status.file(name)
    if (file === null) return reply.callNotFound()
    reply.header('cache-control', CACHE)
    reply.header('etag', file.etag)
    reply.header('last-modified', file.writtenAt.toUTCString())
    reply.header('content-security-policy', POLICY)
    reply.header('cross-origin-resource-policy', 'cross-origin')
    if (request.headers['if-none-match'] === file.etag) return reply.code(304).send()
    return reply.type(file.type).send(file.body)
  }
  server.get('/status', (_request, reply) => reply.redirect('/status/', 308))
  server.get('/status/', (request, reply) => send(request, reply, 'index.html'))
  server.get<{ Params: { file: string } }>('/status/:file', (request, reply) =>
    send(request, reply, request.params.file),
  )
}
