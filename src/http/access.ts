import cookie from '@fastify/cookie'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { addOidc } from './oidc.ts'
import { addPasskeys } from './passkeys.ts'
import {
  checkOrigin,
  cookieName,
  cookieOptions,
  needSession,
  parse,
  sessionOf,
  signedIn,
  visitorOf,
} from './session.ts'
import type { AccessDeps } from './session.ts'

const text = (max: number) => z.string().min(1).max(max)
const login = z.strictObject({ login: text(100), password: text(1_000) })
const change = z.strictObject({ current: text(1_000).nullable().default(null), password: text(1_000) })
const look = z.strictObject({ token: text(100) })
const welcome = z.strictObject({
  token: text(100),
  login: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, 'lower-case letters, digits, . _ and -, at most 63'),
  name: z.string().trim().min(1).max(100),
  password: text(1_000).optional(),
})

/** Signing in and out: who somebody is, before there is anything that they may do. */
export function addAccess(server: FastifyInstance, deps: AccessDeps): void {
  const { signIn } = deps
  void server.register(cookie)
  void server.register(async (scope) => {
    scope.get('/api/v1/session', async (request, reply) => {
      const session = await sessionOf(deps, request, reply)
      return signIn.state(session)
    })
    scope.post('/login', async (request, reply) => {
      checkOrigin(deps, request)
      const { login: name, password } = parse(login, request.body)
      return signedIn(
        deps,
        request,
        reply,
        await signIn.login(name.toLowerCase(), password, visitorOf(request)),
      )
    })
    scope.post('/logout', async (request, reply) => {
      const session = await needSession(deps, request, reply)
      await signIn.logout(session)
      reply.clearCookie(cookieName(request, deps.edge), cookieOptions(request, deps.edge))
      return { signedIn: false }
    })
    scope.post('/api/v1/session/password', async (request, reply) => {
      const session = await needSession(deps, request, reply)
      const { current, password } = parse(change, request.body)
      await signIn.changePassword(session, current, password, visitorOf(request))
      return signIn.state(session)
    })
    scope.post('/api/v1/welcome/look', async (request) => {
      checkOrigin(deps, request)
      const { personId: _, ...link } = await signIn.lookAtLink(parse(look, request.body).token)
      return link
    })
    scope.post('/api/v1/welcome', async (request, reply) => {
      checkOrigin(deps, request)
      const given = parse(welcome, request.body)
      const token = await signIn.welcome({ ...given, password: given.password ?? null }, visitorOf(request))
      return signedIn(deps, request, reply, token)
    })
    addPasskeys(scope, deps)
    if (signIn.oidc !== null) addOidc(scope, deps, signIn.oidc)
  })
}
