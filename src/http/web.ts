import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/**
 * Nothing from elsewhere, no inline script, no HTML from strings (Trusted Types). Inline style attributes are needed by
 * the charts; style can neither run nor send anything under the rest.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
}
/** Addresses of programs; a wrong one is answered as a program expects. */
const NO_PAGE = /^\/(?:assets|api|webhooks|mcp)(?:\/|$)/
const UNBUILT = 'erlmcp: the page has not been built. Build it with `npm run build`; the API is at /api/v1.\n'

interface Asset {
  body: Buffer
  /** Made by the build; `null` where it would not be smaller. */
  brotli: Buffer | null
  type: string
  /** Its name carries a hash of its content. */
  forever: boolean
}

/**
 * Serves `web/dist`, read once at the start: there is no path to escape from. Every address that is no file and no API
 * gets the page, which routes itself.
 */
export function addWeb(server: FastifyInstance, { folder }: { folder: string }): void {
  let assets: Map<string, Asset> | null = null
  server.addHook('onReady', async () => {
    assets = await load(folder)
  })
  server.addHook('onSend', async (_request, reply) => {
    reply.header('content-security-policy', POLICY)
    reply.header('referrer-policy', 'no-referrer')
    reply.header('cross-origin-opener-policy', 'same-origin')
    reply.header('permissions-policy', 'camera=(), microphone=(), geolocation=()')
  })
  const serve = (request: FastifyRequest, reply: FastifyReply): FastifyReply | void => {
    const page = assets?.get('/index.html')
    if (assets === null || page === undefined)
      return reply.code(503).type('text/plain; charset=utf-8').send(UNBUILT)
    const name = request.url.split('?', 1)[0] ?? '/'
    const asset = assets.get(name)
    if (asset === undefined && NO_PAGE.test(name)) return reply.callNotFound()
    return send(request, reply, asset ?? page)
  }
  for (const url of ['/', '/:name', '/:area/*']) server.get(url, serve)
}

function send(request: FastifyRequest, reply: FastifyReply, asset: Asset): FastifyReply {
  reply.type(asset.type)
  reply.header('cache-control', asset.forever ? 'public, max-age=31536000, immutable' : 'no-cache')
  reply.header('vary', 'accept-encoding')
  const accepts = /\bbr\b/.test(request.headers['accept-encoding']?.toString() ?? '')
  if (!accepts || asset.brotli === null) return reply.send(asset.body)
  return reply.header('content-encoding', 'br').send(asset.brotli)
}

async function load(folder: string): Promise<Map<string, Asset>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const assets = new Map<string, Asset>()
  for (const entry of entries) {
    const type = TYPES[path.extname(entry.name)]
    if (!entry.isFile() || type === undefined) continue
    const file = path.join(entry.parentPath, entry.name)
    const name = `/${path.relative(folder, file).split(path.sep).join('/')}`
    assets.set(name, {
      body: await readFile(file),
      brotli: await readFile(`${file}.br`).catch(() => null),
      type,
      forever: name.startsWith('/assets/'),
    })
  }
  return assets
}
