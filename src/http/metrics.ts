import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'

/** A number that is read when Prometheus asks. */
export interface Reading {
  name: string
  help: string
  /** Default `gauge`; `untyped` where the name of a convention ends in `_count`. */
  type?: 'gauge' | 'counter' | 'untyped'
  /** One value, or one for each set of labels. */
  values: readonly { labels?: Readonly<Record<string, string>>; value: number }[]
}

export interface MetricsOptions {
  version: string
  /** Read at each scrape; what it throws leaves its own metrics out, and is counted. */
  read: readonly (() => Promise<readonly Reading[]>)[]
  /** Connections that may be open at once; one more is answered 503. */
  maxConnections: number
}

/** All series of one name. Of a histogram: those that end in `_bucket`, `_sum` and `_count`. */
export interface MetricFamily {
  name: string
  help: string
  type: 'counter' | 'gauge' | 'histogram' | 'untyped'
  values: readonly { name: string; labels: Readonly<Record<string, string>>; value: number }[]
}

export interface Metrics {
  /** Counts requests and connections of a server, and refuses those past the limit. */
  observe(server: FastifyInstance): void
  /** The text exposition format. */
  text(): Promise<string>
  /** The same numbers, for those who send them. */
  families(): Promise<readonly MetricFamily[]>
  contentType: string
}

/** Their names end in `_total` although they are gauges: `promtool check metrics` refuses them. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
]
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
const SCRAPED = ['/metrics', '/health', '/ready']

/** Everything that this process tells Prometheus. */
export function createMetrics(options: MetricsOptions): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  for (const name of MISNAMED) registry.removeSingleMetric(name)
  const registers = [registry]
  new Gauge({ name: 'erlmcp_build_info', help: 'The version that runs.', labelNames: ['version'], registers })
    .labels(options.version)
    .set(1)
  const requests = new Counter({
    name: 'http_requests_total',
    help: 'Requests answered, by route template and status code.',
    labelNames: ['method', 'route', 'code'] as const,
    registers,
  })
  // without these a first error has no rate
  for (const code of ['200', '500', '503']) requests.labels('GET', 'none', code).inc(0)
  const duration = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the request to the end of its answer.',
    labelNames: ['method', 'route'] as const,
    buckets: BUCKETS,
    registers,
  })
  const connections = connectionMetrics(options.maxConnections, registers)
  const failures = new Counter({
    name: 'erlmcp_metrics_read_failures_total',
    help: 'Times that numbers of the store could not be read for a scrape.',
    registers,
  })
  const readAll = async (): Promise<Reading[]> => {
    const read = await Promise.allSettled(options.read.map((each) => each()))
    failures.inc(read.filter(({ status }) => status === 'rejected').length)
    return read.flatMap((each) => (each.status === 'fulfilled' ? each.value : []))
  }
  return {
    observe(server) {
      connections.observe(server)
      server.addHook('onResponse', async (request, reply) => {
        const route = request.routeOptions.url ?? 'none'
        requests.labels(request.method, route, String(reply.statusCode)).inc()
        if (!SCRAPED.includes(route))
          duration.labels(request.method, route).observe(reply.elapsedTime / 1_000)
      })
    },
    async text() {
      const readings = await readAll()
      return `${await registry.metrics()}\n${readings.map(exposition).join('\n')}\n`
    },
    async families() {
      const readings = await readAll()
      return [...(await registry.getMetricsAsJSON()).map(familyOf), ...readings.map(familyOfReading)]
    },
    contentType: registry.contentType,
  }
}

function connectionMetrics(limit: number, registers: Registry[]): { observe(server: FastifyInstance): void } {
  let open = 0
  const gauge = new Gauge({ name: 'erlmcp_connections_open', help: 'Connections open now.', registers })
  new Gauge({ name: 'erlmcp_connections_limit', help: 'ERLMCP_MAX_CONNECTIONS.', registers }).set(limit)
  const refused = new Counter({
    name: 'erlmcp_connections_refused_total',
    help: 'Requests answered 503 because too many connections were open.',
    registers,
  })
  return {
    observe(server) {
      server.server.on('connection', (socket) => {
        open += 1
        gauge.set(open)
        socket.once('close', () => {
          open -= 1
          gauge.set(open)
        })
      })
      server.addHook('onRequest', (request, reply, done) => {
        if (open <= limit || SCRAPED.includes(request.routeOptions.url ?? '')) {
          done()
          return
        }
        refused.inc()
        void reply
          .code(503)
          .header('retry-after', '5')
          .header('connection', 'close')
          .type('application/problem+json')
          .send({
            type: 'about:blank',
            title: 'unavailable',
            status: 503,
            code: 'unavailable',
            detail: `${open} connections are open; the limit is ${limit}`,
            action: 'Try again in a few seconds, or raise ERLMCP_MAX_CONNECTIONS.',
            correlationId: request.id,
          })
      })
    },
  }
}

type RegistryJson = Awaited<ReturnType<Registry['getMetricsAsJSON']>>[number]

function familyOf({ name, help, type, values }: RegistryJson): MetricFamily {
  const known = ['counter', 'gauge', 'histogram'].find((each) => each === String(type))
  return {
    name,
    help,
    type: (known ?? 'untyped') as MetricFamily['type'],
    values: (values as { value: number; labels: Record<string, unknown>; metricName?: string }[]).map(
      (each) => ({
        name: each.metricName ?? name,
        labels: Object.fromEntries(Object.entries(each.labels).map(([key, label]) => [key, String(label)])),
        value: each.value,
      }),
    ),
  }
}

const familyOfReading = ({ name, help, type = 'gauge', values }: Reading): MetricFamily => ({
  name,
  help,
  type,
  values: values.map(({ labels = {}, value }) => ({ name, labels, value })),
})

const escapeLabel = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')

function exposition({ name, help, type = 'gauge', values }: Reading): string {
  const lines = values.map(({ labels = {}, value }) => {
    const pairs = Object.entries(labels).map(([key, label]) => `${key}="${escapeLabel(label)}"`)
    return `${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}`
  })
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines].join('\n')
}

/** /metrics on a port of its own, for as long as the server listens. */
export function serveApart(
  server: FastifyInstance,
  metrics: Metrics,
  at: { host: string; port: number },
): void {
  const apart = Fastify({ logger: false })
  apart.get('/metrics', async (_request, reply) => {
    reply.type(metrics.contentType)
    return metrics.text()
  })
  server.addHook('onReady', async () => void (await apart.listen(at)))
  server.addHook('onClose', () => apart.close())
}
