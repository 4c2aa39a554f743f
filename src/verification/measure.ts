import { z } from 'zod'
import { messageOf } from '../base/error.ts'
import { errorRate, failedTotal, type Scrape } from './error-rate.ts'
import { readSeries } from './exposition.ts'
import type { Measurement, SignalSource } from './model.ts'

export interface MeasureDeps {
  fetch: typeof globalThis.fetch
  now: () => Date
  delay: (ms: number, signal?: AbortSignal) => Promise<void>
}

export interface MeasureRequest {
  /** Name of the signal: `error_rate`. */
  signal: string
  /** Over which time a rate is taken. */
  windowMs: number
}

/** Measures one signal again and again; keeps the scrapes of the window between the calls. Never rejects. */
export interface SignalMeter {
  measure(signal?: AbortSignal): Promise<Measurement>
}

const FETCH_TIMEOUT_MS = 5_000
const MAX_BYTES = 16 * 1_048_576
const REQUESTS = 'http_requests_total'

/** The signal now. A scraped rate needs two scrapes: this waits for the window. Never rejects, except by `signal`. */
export async function measureSignal(
  deps: MeasureDeps,
  source: SignalSource,
  request: MeasureRequest,
  signal?: AbortSignal,
): Promise<Measurement> {
  const meter = createMeter(deps, source, request)
  const first = await meter.measure(signal)
  if (source.kind === 'prometheus' || first.failedRequests === null) return first
  await deps.delay(request.windowMs, signal)
  return meter.measure(signal)
}

export function createMeter(deps: MeasureDeps, source: SignalSource, request: MeasureRequest): SignalMeter {
  const measure =
    source.kind === 'prometheus' ? queryMeter(deps, source, request) : scrapeMeter(deps, source, request)
  return {
    measure: (signal) => measure(signal).catch((error: unknown) => unmeasured(messageOf(error))),
  }
}

const unmeasured = (error: string, failedRequests: number | null = null): Measurement => ({
  value: null,
  error,
  failedRequests,
})

/** Prometheus answers with more than this; only what is used is read. */
const Reply = z.object({
  status: z.enum(['success', 'error']),
  error: z.string().optional(),
  data: z.object({ resultType: z.string(), result: z.unknown() }).optional(),
})
const Point = z.tuple([z.number(), z.string()])
const Vector = z.array(z.object({ value: Point }))

function queryMeter(
  deps: MeasureDeps,
  source: SignalSource & { kind: 'prometheus' },
  { signal: name, windowMs }: MeasureRequest,
) {
  return async (signal?: AbortSignal): Promise<Measurement> => {
    const template = Object.hasOwn(source.queries, name) ? source.queries[name] : undefined
    if (template === undefined) return unmeasured(`there is no query for ${name}`)
    const address = new URL(`${source.url.replace(/\/+$/, '')}/api/v1/query`)
    address.searchParams.set(
      'query',
      template.replaceAll('$window', `${Math.max(1, Math.round(windowMs / 1_000))}s`),
    )
    const { status, text } = await get(deps, address.href, source.headers, signal)
    const reply = Reply.safeParse(parseJson(text))
    if (!reply.success)
      return unmeasured(`${address.origin} answered ${status} with something other than a query result`)
    const { data, error } = reply.data
    if (reply.data.status === 'error' || data === undefined)
      return unmeasured(`Prometheus refused the query: ${(error ?? '').slice(0, 300)}`)
    return numberOf(data)
  }
}

function numberOf({ resultType, result }: { resultType: string; result?: unknown }): Measurement {
  const points =
    resultType === 'scalar'
      ? [Point.parse(result)]
      : resultType === 'vector'
        ? Vector.parse(result).map(({ value }) => value)
        : null
  if (points === null) return unmeasured(`the query gives a ${resultType}, not one number`)
  const [point] = points
  if (point === undefined) return unmeasured('the query gives no value: no data, or nothing happened')
  if (points.length > 1) return unmeasured(`the query gives ${points.length} values, not one`)
  const value = Number(point[1])
  return Number.isFinite(value)
    ? { value, failedRequests: null }
    : unmeasured(`the query gives ${point[1]}: nothing happened in the window`)
}

function scrapeMeter(
  deps: MeasureDeps,
  source: SignalSource & { kind: 'scrape' },
  { signal: name, windowMs }: MeasureRequest,
) {
  let scrapes: Scrape[] = []
  return async (signal?: AbortSignal): Promise<Measurement> => {
    if (name !== 'error_rate')
      return unmeasured(`${name} cannot be read from a metrics page; only error_rate can`)
    const { status, text } = await get(deps, source.url, source.headers, signal)
    if (status !== 200) return unmeasured(`${source.url} answered ${status}`)
    const series = readSeries(text, REQUESTS).filter(({ labels }) =>
      Object.entries(source.labels ?? {}).every(([key, value]) => labels[key] === value),
    )
    const now: Scrape = { atMs: deps.now().getTime(), series }
    const failedRequests = failedTotal(series)
    scrapes = [...withinWindow(scrapes, now.atMs - windowMs), now]
    const [oldest] = scrapes
    if (oldest === undefined || oldest === now)
      return unmeasured('the first look at the counters; a rate needs two', failedRequests)
    return { ...errorRate(oldest, now), failedRequests }
  }
}

/** The scrapes since `startMs`, and the last one before it, so that the window is covered whole. */
function withinWindow(scrapes: readonly Scrape[], startMs: number): Scrape[] {
  const first = scrapes.findLastIndex((scrape) => scrape.atMs <= startMs)
  return scrapes.slice(Math.max(0, first))
}

async function get(
  deps: MeasureDeps,
  url: string,
  headers: Record<string, string> | undefined,
  signal: AbortSignal | undefined,
): Promise<{ status: number; text: string }> {
  const limits = [AbortSignal.timeout(FETCH_TIMEOUT_MS), ...(signal === undefined ? [] : [signal])]
  const response = await deps
    .fetch(url, { headers: headers ?? {}, redirect: 'error', signal: AbortSignal.any(limits) })
    .catch((error: unknown) => {
      throw new Error(`${url} does not answer: ${reasonOf(error)}`, { cause: error })
    })
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of response.body ?? []) {
    size += part.byteLength
    if (size > MAX_BYTES) throw new Error(`${url} answers with more than ${MAX_BYTES / 1_048_576} MiB`)
    parts.push(part)
  }
  return { status: response.status, text: Buffer.concat(parts).toString('utf8') }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError') return `not within ${FETCH_TIMEOUT_MS / 1_000} s`
  return error.cause instanceof Error ? error.cause.message : error.message
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
