import type { Sent } from './channel.ts'

const MAX_PAUSE_MS = 3_600_000

/**
 * What an HTTP answer means for a delivery: 2xx sent; 408, 425, 429 and 5xx later, with `Retry-After` when given;
 * everything else never.
 * @param said the beginning of the body, for people; at most 300 characters are kept.
 */
export function outcomeOfHttp(
  status: number,
  headers: Pick<Headers, 'get'>,
  said: string,
  now: Date,
  reference: string | null = null,
): Sent {
  if (status >= 200 && status < 300) return { outcome: 'sent', reference }
  const text = said.trim().replaceAll(/\s+/g, ' ').slice(0, 300)
  const reason = `HTTP ${status}${text === '' ? '' : `: ${text}`}`
  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    return { outcome: 'retry', reason, retryAfterMs: readRetryAfter(headers.get('retry-after'), now) }
  }
  return { outcome: 'refused', reason }
}

/** `Retry-After` in seconds or as a date (RFC 9110), in milliseconds; at most an hour, `null` when it is neither. */
export function readRetryAfter(header: string | null, now: Date): number | null {
  if (header === null) return null
  const text = header.trim()
  const waitMs = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now.getTime()
  return Number.isFinite(waitMs) ? Math.min(MAX_PAUSE_MS, Math.max(0, waitMs)) : null
}
