import { seriesKey, type Series } from './exposition.ts'

/** One look at the counters. */
export interface Scrape {
  /** Milliseconds of a monotonic or wall clock; only differences count. */
  atMs: number
  series: Series[]
}

export type Rate = { value: number } | { value: null; error: string }

/**
 * The share of requests that failed (HTTP 5xx) between two scrapes. A counter that went down was reset by a restart and
 * counts from zero, as does a series that was not there before. No request at all is no value: silence is no health.
 */
export function errorRate(before: Scrape, after: Scrape): Rate {
  if (after.series.length === 0) return { value: null, error: 'the page has no such counter' }
  const earlier = new Map(before.series.map((series) => [seriesKey(series.labels), series.value]))
  let all = 0
  let failed = 0
  for (const { labels, value } of after.series) {
    if (!Number.isFinite(value) || value < 0)
      return { value: null, error: `a counter has the value ${value}` }
    const from = earlier.get(seriesKey(labels)) ?? 0
    const grown = value >= from ? value - from : value
    all += grown
    if (isFailure(labels)) failed += grown
  }
  if (all === 0)
    return { value: null, error: `no requests in ${Math.round((after.atMs - before.atMs) / 1_000)} s` }
  return { value: failed / all }
}

export const failedTotal = (series: readonly Series[]): number =>
  series.filter(({ labels }) => isFailure(labels)).reduce((sum, { value }) => sum + value, 0)

const isFailure = (labels: Record<string, string>): boolean =>
  /^5(?:\d\d|xx)$/i.test(labels['code'] ?? labels['status'] ?? '')
