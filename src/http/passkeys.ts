import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { AppError } from '../base/error.ts'
import { checkOrigin, needSession, parse, signedIn, visitorOf } from './session.ts'
import type { AccessDeps } from './session.ts'
import { originOf } from './harden.ts'

const response = z.looseObject({
  id: z.string().min(1).max(1_400),
  rawId: z.string().max(1_400),
  type: z.literal('public-key'),
})
const challengeId = z.string().min(1).max(100)
const add = z.strictObject({ challengeId, name: z.string().trim().min(1).max(100), response })
const use = z.strictObject({ challengeId, response })

export function addPasskeys(server: FastifyInstance, deps: AccessDeps): void {
  const { signIn } = deps
  const party = (request: FastifyRequest) => ({ origin: originOf(request, deps.edge) })
  server.post('/api/v1/passkeys/options', async (request, reply) =>
    signIn.beginPasskey(await needSession(deps, request, reply), party(request)),
  )
  server.post('/api/v1/passkeys', async (request, reply) =>
    signIn.addPasskey(await needSession(deps, request, reply), party(request), parse(add, request.body)),
  )
  server.get('/api/v1/passkeys', async (request, reply) => ({
    passkeys: await signIn.passkeys(await needSession(deps, request, reply)),
  }))
  server.post<{ Params: { id: string } }>('/api/v1/passkeys/:id/remove', async (request, reply) => {
    const removed = await signIn.removePasskey(await needSession(deps, request, reply), request.params.id)
    if (removed) return { removed }
    throw new AppError('not_found', 'there is no such passkey of yours', { action: 'See the list.' })
  })
  server.post('/login/passkey/options', async (request) => {
    checkOrigin(deps, request)
    return signIn.beginPasskeySignIn(party(request))
  })
  server.post('/login/passkey', async (request, reply) => {
    checkOrigin(deps, request)
    const given = parse(use, request.body)
    return signedIn(
      deps,
      request,
      reply,
      await signIn.passkeySignIn(party(request), given, visitorOf(request)),
    )
  })
}
