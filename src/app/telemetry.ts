import { delay } from '../base/clock.ts'
import type { Clock } from '../base/clock.ts'
import type { MetricFamily, Metrics } from '../http/index.ts'
import { attribute, nanoseconds, otlpResource } from '../review/index.ts'
import type { AppOptions, Duty } from './options.ts'
import type { Store } from './store.ts'
import { postOtlp, traceDuty } from './traces.ts'

/** What is sent to a collector, where one is configured; where it is away, nothing waits for it. */
export function telemetryDuties(options: AppOptions, clock: Clock, store: Store, metrics: Metrics): Duty[] {
  const { telemetry } = options.config
  const traces = traceDuty(options, clock, store.database, store.executorId)
  if (traces === null || telemetry.otlpEndpoint === null) return []
  if (telemetry.metricsEverySeconds === 0) return [traces]
  return [traces, metricsDuty(options, clock, store.executorId, metrics, telemetry.otlpEndpoint)]
}

function metricsDuty(
  { config: { telemetry }, log, version = '0.0.0' }: AppOptions,
  clock: Clock,
  instance: string,
  metrics: Metrics,
  endpoint: string,
): Duty {
  const stopping = new AbortController()
  const startedAt = clock.now()
  let loop: Promise<void> = Promise.resolve()
  const send = async (): Promise<void> => {
    const body = otlpMetrics(await metrics.families(), { version, instance, startedAt, at: clock.now() })
    await postOtlp(endpoint, 'v1/metrics', telemetry.headersFile, body)
  }
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await delay(telemetry.metricsEverySeconds * 1_000, stopping.signal).catch(() => undefined)
      if (stopping.signal.aborted) return
      await send().catch((error: unknown) => log.debug({ err: error }, 'metrics were not taken'))
    }
  }
  return {
    name: 'metrics',
    start() {
      loop = run()
    },
    async stop() {
      stopping.abort()
      await loop
    },
  }
}

interface Sent {
  version: string
  instance: string
  startedAt: Date
  at: Date
}

/** The body of `POST /v1/metrics` in OTLP's JSON encoding: counters as cumulative sums, histograms with their bounds. */
export function otlpMetrics(
  families: readonly MetricFamily[],
  { version, instance, startedAt, at }: Sent,
): unknown {
  const time = { startTimeUnixNano: nanoseconds(startedAt), timeUnixNano: nanoseconds(at) }
  return {
    resourceMetrics: [
      {
        resource: { attributes: otlpResource({ version, instance }) },
        scopeMetrics: [
          {
            scope: { name: 'erlmcp', version },
            metrics: families.map((family) => ({
              name: family.name,
              description: family.help,
              ...points(family, time),
            })),
          },
        ],
      },
    ],
  }
}

type Time = { startTimeUnixNano: string; timeUnixNano: string }

function points(family: MetricFamily, time: Time): Record<string, unknown> {
  if (family.type === 'histogram')
    return { histogram: { aggregationTemporality: 2, dataPoints: histogramPoints(family, time) } }
  const dataPoints = family.values.map(({ labels, value }) => ({
    ...time,
    attributes: attributes(labels),
    asDouble: value,
  }))
  return family.type === 'counter'
    ? { sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints } }
    : { gauge: { dataPoints } }
}

const attributes = (labels: Readonly<Record<string, string>>): unknown[] =>
  Object.entries(labels).map(([key, value]) => attribute(key, value))

/** Prometheus counts what is at most a bound; OTLP what is between two. */
function histogramPoints(family: MetricFamily, time: Time): unknown[] {
  const series = new Map<
    string,
    { labels: Record<string, string>; sum: number; count: number; upTo: [number, number][] }
  >()
  for (const { name, labels, value } of family.values) {
    const { le, ...rest } = labels
    const key = JSON.stringify(rest)
    const each = series.get(key) ?? { labels: rest, sum: 0, count: 0, upTo: [] }
    series.set(key, each)
    if (name.endsWith('_sum')) each.sum = value
    else if (name.endsWith('_count')) each.count = value
    else if (le !== undefined && le !== '+Inf') each.upTo.push([Number(le), value])
  }
  return [...series.values()].map(({ labels, sum, count, upTo }) => {
    const bounds = upTo.toSorted(([left], [right]) => left - right)
    const below = [...bounds.map(([, total]) => total), count]
    return {
      ...time,
      attributes: attributes(labels),
      sum,
      count: String(count),
      explicitBounds: bounds.map(([bound]) => bound),
      bucketCounts: below.map((total, index) => String(total - (below[index - 1] ?? 0))),
    }
  })
}
