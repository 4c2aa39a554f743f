import type { FastifyReply, FastifyRequest } from 'fastify'
import type { z } from 'zod'
import type { Actor, OpenSession, SignIn, Visitor } from '../access/index.ts'
import { csrfMatches } from '../access/index.ts'
import { AppError, messageOf } from '../base/error.ts'
import { isSecure, originOf } from './harden.ts'
import type { Edge } from './harden.ts'

export interface AccessDeps {
  signIn: SignIn
  edge: Edge
}

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS'])
/** A cookie dies with the session at the latest. */
const COOKIE_SECONDS = 7 * 24 * 3_600

/**
 * Who sends this request: a bearer token, or the cookie of a session. With the cookie a request that changes anything
 * has to come from our own page and carry its CSRF token. `reply` is where a new cookie goes; without one there is none.
 * @throws AppError `forbidden`.
 */
export async function identify(
  deps: AccessDeps,
  request: FastifyRequest,
  reply: FastifyReply | null,
): Promise<Actor | null> {
  if (request.headers.authorization !== undefined) return deps.signIn.token(bearerOf(request))
  return (await sessionOf(deps, request, reply))?.actor ?? null
}

export const bearerOf = (request: FastifyRequest): string =>
  /^Bearer ([\x21-\x7e]{1,512})$/i.exec(request.headers.authorization ?? '')?.[1] ?? ''

export async function sessionOf(
  deps: AccessDeps,
  request: FastifyRequest,
  reply: FastifyReply | null,
): Promise<OpenSession | null> {
  const token = request.cookies[cookieName(request, deps.edge)]
  if (token === undefined) return null
  const session = await deps.signIn.session(token, reply !== null)
  if (session === null) return null
  if (!SAFE.has(request.method)) {
    try {
      checkOrigin(deps, request)
      checkToken(session, request)
    } catch (error) {
      const path = request.url.split('?', 1)[0] ?? ''
      await deps.signIn.refused(session, `${request.method} ${path}`, messageOf(error))
      throw error
    }
  }
  if (session.newToken !== null && reply !== null) keepCookie(deps, request, reply, session.newToken)
  return session
}

function checkToken(session: OpenSession, request: FastifyRequest): void {
  const given = request.headers['x-csrf-token']
  if (typeof given === 'string' && csrfMatches(session, given)) return
  throw new AppError('forbidden', 'the request does not carry the token of the page', {
    action: 'Load the page again; programs use a bearer token.',
  })
}

/** @throws AppError `unauthenticated`. */
export async function needSession(
  deps: AccessDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<OpenSession> {
  const session = await sessionOf(deps, request, reply)
  if (session !== null) return session
  throw new AppError('unauthenticated', 'nobody is signed in here', { action: 'Sign in.' })
}

/** A form elsewhere cannot sign somebody in as another, nor act for them. Programs send no Origin. */
export function checkOrigin(deps: AccessDeps, request: FastifyRequest): void {
  const { origin } = request.headers
  const site = request.headers['sec-fetch-site']
  const own = originOf(request, deps.edge)
  if (origin === undefined ? site === undefined || site === 'same-origin' : origin === own) return
  throw new AppError(
    'forbidden',
    `the request comes from ${String(origin ?? site).slice(0, 200)}, not from ${own}`,
    {
      action: 'Set `http.publicUrl` to the address that people use.',
    },
  )
}

export async function signedIn(
  deps: AccessDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  token: string,
): Promise<unknown> {
  keepCookie(deps, request, reply, token)
  return deps.signIn.state(await deps.signIn.session(token, false))
}

export function keepCookie(
  deps: AccessDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  token: string,
): void {
  const options = { ...cookieOptions(request, deps.edge), maxAge: COOKIE_SECONDS }
  reply.setCookie(cookieName(request, deps.edge), token, options)
}

/** With TLS the browser itself refuses a cookie of this name that another host or path has set. */
export const cookieName = (request: FastifyRequest, edge: Edge): string =>
  isSecure(request, edge) ? '__Host-erlmcp' : 'erlmcp'

export const cookieOptions = (request: FastifyRequest, edge: Edge) => ({
  path: '/',
  httpOnly: true,
  secure: isSecure(request, edge),
  sameSite: 'strict' as const,
})

export const visitorOf = (request: FastifyRequest): Visitor => ({
  address: request.ip,
  agent: (request.headers['user-agent'] ?? '').slice(0, 300),
})

/** @throws AppError `input_invalid`; names what is wrong, never what was given. */
export function parse<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const parsed = schema.safeParse(body ?? {})
  if (parsed.success) return parsed.data
  const details = parsed.error.issues
    .slice(0, 5)
    .map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`)
  throw new AppError('input_invalid', details.join('; '), { action: 'Mend what is named.' })
}
