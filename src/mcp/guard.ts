/** What is asked of a request before anything of its body is read. */
export interface Guard {
  /** `host:port`, exactly, lower case: `127.0.0.1:8080`. */
  hosts: ReadonlySet<string>
  /** `https://erlmcp.example`, exactly. */
  origins: ReadonlySet<string>
}

export type Refused = { status: 403 | 405 | 413 | 415; reason: string } | null

const METHODS = new Set(['POST', 'GET', 'DELETE'])
export const BODY_LIMIT_BYTES = 1_048_576

/**
 * A page in a browser can give its name our address (DNS rebinding), or ask us from another port of this machine: so
 * Host and Origin are compared as a whole, port included. Programs that are no browser send no Origin.
 */
export function refuse(
  guard: Guard,
  request: { method?: string | undefined; headers: Readonly<Record<string, string | string[] | undefined>> },
): Refused {
  const { host, origin, 'content-type': type, 'content-length': length } = request.headers
  if (typeof host !== 'string' || !guard.hosts.has(host.toLowerCase()))
    return { status: 403, reason: 'this server is not known by that host and port' }
  if (origin !== undefined && (typeof origin !== 'string' || !guard.origins.has(origin.toLowerCase())))
    return { status: 403, reason: 'requests from that origin are not taken' }
  if (!METHODS.has(request.method ?? ''))
    return { status: 405, reason: 'POST, or GET and DELETE of a session' }
  if (request.method !== 'POST') return null
  if (typeof type !== 'string' || !/^application\/json\s*(?:;|$)/i.test(type))
    return { status: 415, reason: 'the body has to be application/json' }
  if (typeof length === 'string' && Number(length) > BODY_LIMIT_BYTES)
    return { status: 413, reason: `the body is larger than ${BODY_LIMIT_BYTES} bytes` }
  return null
}

/** The names under which a server is reached that listens here. */
export function guardFor(listening: string, publicUrl: string | null, origins: readonly string[]): Guard {
  const own = new URL(listening)
  const port = own.port === '' ? (own.protocol === 'https:' ? '443' : '80') : own.port
  const loopback = ['127.0.0.1', 'localhost', '[::1]', own.hostname]
  const hosts = loopback.map((name) => `${name}:${port}`)
  const ours = hosts.map((host) => `${own.protocol}//${host}`)
  if (publicUrl !== null) {
    const outside = new URL(publicUrl)
    hosts.push(outside.host)
    ours.push(outside.origin)
  }
  const all = [...ours, ...origins].map((each) => each.toLowerCase().replace(/\/$/, ''))
  return {
    hosts: new Set(hosts.map((each) => each.toLowerCase())),
    origins: new Set(all.filter((each) => each !== 'null' && each !== '*')),
  }
}
