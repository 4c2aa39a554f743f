import { createServer } from 'node:https'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Socket } from 'node:net'
import { ApiStatusError, badRequest, notFound, statusBody, unauthorized } from '../status.ts'
import { ADMIN_GROUP, authorise } from './access.ts'
import type { ApiContext } from './context.ts'
import { discover, VERSION } from './discovery.ts'
import { serveEviction } from './eviction.ts'
import { serveLog } from './log.ts'
import { serveMetrics } from './metrics.ts'
import { emptyOpenApiV2, OPENAPI_V2, openApiDocument, openApiIndex, rootPaths } from './openapi.ts'
import { parsePath, readBody } from './request.ts'
import type { ResourceRequest, User } from './request.ts'
import { serveResource } from './resource.ts'
import type { Answer } from './resource.ts'
import { serveReview } from './review.ts'
import { serveScale } from './scale.ts'
import { serveToken } from './token.ts'
import { acceptSpdy, offersSpdy } from './spdy-session.ts'
import { serveUpgrade } from './upgrade.ts'

export interface ApiServer {
  port: number
  stop(): Promise<void>
}

/** The API over TLS on a loopback address. */
export async function startApiServer(
  context: ApiContext,
  options: { host: string; port: number; key: string; cert: string },
): Promise<ApiServer> {
  const server = createServer(
    { key: options.key, cert: options.cert, keepAlive: true },
    (request, response) => {
      void handle(context, request, response)
    },
  )
  const sockets = new Set<Socket>()
  server.on('secureConnection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
  })
  server.on('tlsClientError', () => undefined)
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    void upgrade(context, request, socket, head)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.host, resolve)
  })
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : options.port,
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

async function handle(
  context: ApiContext,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const answer = await answerFor(context, request, response)
    if (answer !== null) send(response, answer.code, answer.body)
  } catch (error) {
    refuse(context, response, error)
  }
}

async function answerFor(
  context: ApiContext,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Answer | null> {
  const url = new URL(request.url ?? '/', 'https://cluster')
  const user = userOf(context, request)
  const accept = request.headers.accept ?? ''
  if (request.method === 'GET') {
    const plain = plainPage(url.pathname)
    if (plain !== null) {
      response.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8' }).end(plain)
      return null
    }
    if (url.pathname === '/openapi/v2') {
      response.writeHead(200, { 'Content-Type': OPENAPI_V2 }).end(emptyOpenApiV2())
      return null
    }
    const found = discover(url.pathname, accept)
    if (found !== null) {
      send(response, 200, found.body, found.contentType)
      return null
    }
    const page = jsonPage(url.pathname)
    if (page !== null) return { code: 200, body: page }
  }
  const parsed = resourceRequest(request, url, user)
  if (parsed === null) {
    response.writeHead(404, { 'Content-Type': 'text/plain; charset=utf-8' }).end('404 page not found\n')
    return null
  }
  parsed.body = await readBody(request)
  return route(context, parsed, response)
}

function resourceRequest(request: IncomingMessage, url: URL, user: User): ResourceRequest | null {
  const path = parsePath(url.pathname)
  if (path === null) return null
  return {
    ...path,
    method: request.method ?? 'GET',
    query: url.searchParams,
    accept: request.headers.accept ?? '',
    contentType: request.headers['content-type'] ?? 'application/json',
    user,
    body: Buffer.alloc(0),
  }
}

async function route(
  context: ApiContext,
  request: ResourceRequest,
  response: ServerResponse,
): Promise<Answer | null> {
  authorise(context.store, request)
  const review = serveReview(context, request)
  if (review !== null) return review
  if (request.type.group === 'metrics.k8s.io') return serveMetrics(context, request)
  switch (request.subresource) {
    case undefined:
    case 'status':
      return serveResource(context, request, response)
    case 'scale':
      return serveScale(context, request)
    case 'log':
      await serveLog(context, request, response)
      return null
    case 'eviction':
      return serveEviction(context, request)
    case 'token':
      return serveToken(context, request)
    case 'exec':
    case 'attach':
    case 'portforward':
      // the client's second try, by SPDY, gets the reason why the first was refused
      serveUpgrade.check(context, request)
      throw badRequest(UPGRADE)
    default:
      throw notFound(request.type.plural, `${request.name ?? ''}/${request.subresource}`)
  }
}

async function upgrade(
  context: ApiContext,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> {
  socket.on('error', () => socket.destroy())
  try {
    const url = new URL(request.url ?? '/', 'https://cluster')
    const parsed = resourceRequest(request, url, userOf(context, request))
    if (parsed === null) throw notFound('pages', url.pathname)
    authorise(context.store, parsed)
    serveUpgrade.check(context, parsed)
    if (offersSpdy(request, parsed.subresource)) {
      acceptSpdy(context, parsed, socket, head)
      return
    }
    if (request.headers.upgrade?.toLowerCase() !== 'websocket') throw badRequest(UPGRADE)
    serveUpgrade.accept(context, parsed, request, socket, head)
  } catch (error) {
    const status = asStatus(context, error)
    const body = JSON.stringify(statusBody(status))
    socket.end(
      `HTTP/1.1 ${status.httpCode} ${status.reason}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    )
  }
}

const UPGRADE = 'you must upgrade to a websocket (v5.channel.k8s.io) or to SPDY/3.1 (v4.channel.k8s.io)'

function userOf(context: ApiContext, request: IncomingMessage): User {
  const token = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1]
  const user = token === undefined ? null : context.identify(token)
  if (user === null) throw unauthorized()
  const as = request.headers['impersonate-user']
  if (typeof as !== 'string') return user
  if (!user.groups.includes(ADMIN_GROUP)) {
    throw new ApiStatusError(403, 'Forbidden', `users "${as}" is forbidden: User "${user.name}" cannot impersonate resource "users" in API group "" at the cluster scope`) // prettier-ignore
  }
  return { name: as, groups: ['system:authenticated'] }
}

function plainPage(pathname: string): string | null {
  if (['/healthz', '/livez', '/readyz'].includes(pathname)) return 'ok'
  return null
}

function jsonPage(pathname: string): Record<string, unknown> | null {
  if (pathname === '/version') return VERSION
  if (pathname === '/') return { paths: rootPaths() }
  if (pathname === '/openapi/v3') return openApiIndex()
  return pathname.startsWith('/openapi/v3/') ? openApiDocument(pathname) : null
}

function send(
  response: ServerResponse,
  code: number,
  body: Record<string, unknown>,
  type = 'application/json',
): void {
  const text = Buffer.from(`${JSON.stringify(body)}\n`)
  response.writeHead(code, {
    'Content-Type': type,
    'Content-Length': text.length,
    'Cache-Control': 'no-cache, private',
  })
  response.end(text)
}

function refuse(context: ApiContext, response: ServerResponse, error: unknown): void {
  const status = asStatus(context, error)
  if (response.headersSent) response.destroy()
  else send(response, status.httpCode, statusBody(status))
}

function asStatus(context: ApiContext, error: unknown): ApiStatusError {
  if (error instanceof ApiStatusError) return error
  context.log(`internal error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
  return new ApiStatusError(500, 'InternalError', `Internal error occurred: ${error instanceof Error ? error.message : String(error)}`) // prettier-ignore
}
