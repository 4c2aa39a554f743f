import type { FastifyInstance } from 'fastify'
import type { OidcProvider } from '../access/index.ts'
import { AppError } from '../base/error.ts'
import { cookieOptions, keepCookie, visitorOf } from './session.ts'
import type { AccessDeps } from './session.ts'
import { originOf } from './harden.ts'

const STATE_COOKIE = 'erlmcp-oidc'
const CALLBACK = '/login/oidc/callback'

/** The way to the provider and back. What goes wrong is told on the page where people sign in. */
export function addOidc(server: FastifyInstance, deps: AccessDeps, oidc: OidcProvider): void {
  const state = { path: CALLBACK, maxAge: 300 }
  server.get<{ Querystring: { to?: unknown } }>('/login/oidc', async (request, reply) => {
    const begun = await oidc.begin(`${originOf(request, deps.edge)}${CALLBACK}`, ownPath(request.query.to))
    // lax: the provider's page leads back here
    reply.setCookie(STATE_COOKIE, begun.challengeId, {
      ...cookieOptions(request, deps.edge),
      ...state,
      sameSite: 'lax',
    })
    return reply.redirect(begun.url)
  })
  server.get(CALLBACK, async (request, reply) => {
    reply.clearCookie(STATE_COOKIE, { path: CALLBACK })
    try {
      const url = new URL(request.url, originOf(request, deps.edge))
      const { personId, to } = await oidc.finish(url, request.cookies[STATE_COOKIE] ?? '')
      keepCookie(deps, request, reply, await deps.signIn.oidcSignIn(personId, visitorOf(request)))
      return await reply.redirect(to)
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      return reply.redirect(`/login?error=${encodeURIComponent(error.message.slice(0, 300))}`)
    }
  })
}

/** A place on our own page; anything else could lead people elsewhere with our name. */
function ownPath(to: unknown): string {
  if (typeof to !== 'string' || to.length > 500 || !/^\/(?![/\\])/.test(to)) return '/'
  const url = new URL(to, 'http://own.invalid')
  return url.origin === 'http://own.invalid' ? `${url.pathname}${url.search}${url.hash}` : '/'
}
