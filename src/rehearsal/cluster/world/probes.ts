import { createServer, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { annotationsOf, nameOf, namespaceOf } from '../object.ts'
import type { Ports } from '../network/ports.ts'
import type { Store } from '../store.ts'

const EVERY_MS = 2_000
const TIMEOUT_MS = 1_500
/** A service with this annotation is probed: the path that has to answer with 2xx. */
const ANNOTATION = 'prometheus.io/probe'

export interface Probes {
  /** Where `probe_success` is scraped, `host:port`. */
  readonly target: string
  stop(): Promise<void>
}

/** What a blackbox exporter does: asks services by their addresses, as clients do, and says whether they answered. */
export async function startProbes(store: Store, host: string, ports: Ports): Promise<Probes> {
  let text = ''
  const look = async (): Promise<void> => {
    const lines = await Promise.all(
      probedServices(store, ports).map(async ({ url, labels }) => {
        const seconds = await answersWithin(url)
        return `probe_success{${labels}} ${seconds === null ? 0 : 1}\nprobe_duration_seconds{${labels}} ${seconds ?? TIMEOUT_MS / 1_000}\n`
      }),
    )
    text = lines.join('')
  }
  const timer = setInterval(() => void look(), EVERY_MS)
  const server = createServer((_request, response) => response.end(text))
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, host, resolve))
  return {
    target: `${host}:${(server.address() as AddressInfo).port}`,
    stop() {
      clearInterval(timer)
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

function probedServices(store: Store, portMap: Ports): { url: string; labels: string }[] {
  return store.list('services').flatMap((service) => {
    const path = annotationsOf(service)[ANNOTATION]
    const { clusterIP, ports } = service.spec ?? {}
    if (path === undefined || clusterIP === undefined || ports?.[0] === undefined) return []
    return {
      url: `http://${clusterIP}:${portMap.actual(ports[0].port)}${path}`,
      labels: `namespace="${namespaceOf(service)}",service="${nameOf(service)}"`,
    }
  })
}

function answersWithin(url: string): Promise<number | null> {
  const started = performance.now()
  return new Promise((resolve) => {
    const call = get(url, { agent: false, signal: AbortSignal.timeout(TIMEOUT_MS) }, (response) => {
      response.resume()
      const ok = (response.statusCode ?? 500) < 300
      response.on('end', () => resolve(ok ? (performance.now() - started) / 1_000 : null))
      response.on('error', () => resolve(null))
    })
    call.on('error', () => resolve(null))
  })
}
