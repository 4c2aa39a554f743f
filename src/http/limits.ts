import { AppError } from '../base/error.ts'

interface Bucket {
  tokens: number
  at: number
}

/** How many seconds of requests can come at once. */
const BURST_SECONDS = 5
const MAX_BUCKETS = 20_000

/**
 * A token bucket for each key, in this process. The least recently used is forgotten first, so that many addresses cost
 * no memory.
 */
export function createLimiter(perSecond: number, now: () => number = () => performance.now()) {
  const buckets = new Map<string, Bucket>()
  const most = perSecond * BURST_SECONDS
  return {
    /** @throws AppError `throttled`. */
    take(key: string, cost = 1): void {
      if (perSecond === 0) return
      const at = now()
      const known = buckets.get(key) ?? { tokens: most, at }
      const tokens = Math.min(most, known.tokens + ((at - known.at) / 1_000) * perSecond)
      buckets.delete(key)
      buckets.set(key, { tokens: Math.max(0, tokens - cost), at })
      if (buckets.size > MAX_BUCKETS) buckets.delete(buckets.keys().next().value ?? '')
      if (tokens >= cost) return
      const seconds = Math.max(1, Math.ceil((cost - tokens) / perSecond))
      throw new AppError('throttled', `more than ${perSecond} requests a second came from here`, {
        action: `Try again in ${seconds} s.`,
        retryable: true,
        data: { retryAfterSeconds: seconds },
      })
    },
  }
}
