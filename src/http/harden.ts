import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { AppError } from '../base/error.ts'
import { createLimiter } from './limits.ts'

/** How browsers and programs reach this server. */
export interface Edge {
  /** `https://erlmcp.example`; `null`: whatever address was asked. */
  publicUrl: string | null
  hosts: readonly string[]
  /** Proxies whose X-Forwarded-* count. */
  trustedProxies: readonly string[]
  tls: { certFile: string; keyFile: string } | null
  requestsPerSecond: number
}

export const PLAIN_EDGE: Edge = {
  publicUrl: null,
  hosts: [],
  trustedProxies: [],
  tls: null,
  requestsPerSecond: 0,
}

const HEADER_BYTES = 16_384

/** Limits that the server itself keeps, before any route: headers, their time, proxies, TLS. */
export const edgeOptions = (edge: Edge) => ({
  trustProxy: edge.trustedProxies.length === 0 ? false : [...edge.trustedProxies],
  http: { maxHeaderSize: HEADER_BYTES, headersTimeout: 15_000 },
  ...(edge.tls === null
    ? {}
    : {
        https: {
          cert: readFileSync(edge.tls.certFile),
          key: readFileSync(edge.tls.keyFile),
          minVersion: 'TLSv1.2' as const,
          maxHeaderSize: HEADER_BYTES,
          headersTimeout: 15_000,
        },
      }),
})

/** Programs that are no browser, and are limited or checked in their own ways. */
const OWN_WAY = /^\/(?:webhooks|api\/v2\/alerts|health|ready|metrics)(?:\/|$|\?)/

/** Headers for every answer, the names under which the server may be asked, and a limit for each address. */
export function addHardening(server: FastifyInstance, edge: Edge): void {
  const limiter = createLimiter(edge.requestsPerSecond)
  const known = knownHosts(edge)
  server.addHook('onRequest', async (request) => {
    if (OWN_WAY.test(request.url)) return
    checkHost(request, known)
    limiter.take(`address:${request.ip}`)
  })
  server.addHook('onSend', async (request, reply) => {
    reply.header('x-content-type-options', 'nosniff')
    reply.header('x-frame-options', 'DENY')
    reply.header('cross-origin-opener-policy', 'same-origin')
    reply.header('cross-origin-resource-policy', 'same-origin')
    reply.header('permissions-policy', 'camera=(), microphone=(), geolocation=(), payment=()')
    if (!reply.hasHeader('referrer-policy')) reply.header('referrer-policy', 'no-referrer')
    if (!reply.hasHeader('content-security-policy'))
      reply.header('content-security-policy', "default-src 'none'; frame-ancestors 'none'; base-uri 'none'")
    if (isSecure(request, edge)) reply.header('strict-transport-security', 'max-age=31536000')
  })
}

/** Whether the browser speaks TLS to us, or to a proxy that we trust. */
export const isSecure = (request: FastifyRequest, edge: Edge): boolean =>
  request.protocol === 'https' || edge.publicUrl?.startsWith('https:') === true

/** The origin of our own page, as the browser names it. */
export function originOf(request: FastifyRequest, edge: Edge): string {
  return edge.publicUrl === null ? `${request.protocol}://${request.host}` : new URL(edge.publicUrl).origin
}

function knownHosts(edge: Edge): ReadonlySet<string> {
  const own = edge.publicUrl === null ? [] : [new URL(edge.publicUrl).hostname]
  return new Set(['localhost', ...own, ...edge.hosts].map((host) => host.toLowerCase()))
}

/**
 * A page elsewhere can give its own name our address and then speak to us as itself (DNS rebinding). It cannot make
 * its name an address, and it does not know a token.
 */
function checkHost(request: FastifyRequest, known: ReadonlySet<string>): void {
  const host = request.hostname.toLowerCase().replace(/^\[|\]$/g, '')
  if (known.has(host) || isIP(host) !== 0) return
  if (/^Bearer /i.test(request.headers.authorization ?? '')) return
  throw new AppError('forbidden', `this server is not known as ${JSON.stringify(host.slice(0, 100))}`, {
    action: 'Set `http.publicUrl`, or add the name to `http.hosts`.',
  })
}
