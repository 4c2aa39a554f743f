import { createHmac, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'

/**
 * Whether a webhook is PagerDuty's: `v1=` HMAC-SHA256 of the raw body. While a secret is replaced there are several
 * signatures, and several secrets; one that fits is enough.
 */
export function isPagerDutySignature(
  secrets: readonly string[],
  header: string | string[] | undefined,
  body: Uint8Array,
): boolean {
  const given = (Array.isArray(header) ? header.join(',') : (header ?? '')).split(',', 20)
  const expected = secrets.map((secret) => `v1=${createHmac('sha256', secret).update(body).digest('hex')}`)
  let fits = false
  // all of them are compared, however early one fits
  for (const one of given) for (const other of expected) fits = isSame(one.trim(), other) || fits
  return fits
}

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)]
  return a.length === b.length && timingSafeEqual(a, b)
}

const webhook = z.object({
  event: z.object({
    id: z.string().min(1).max(200),
    event_type: z.string().max(100),
    /** Who did it; a user, or an integration: then it is the echo of what was sent there. */
    agent: z
      .object({ id: z.string().max(100), type: z.string().max(100), summary: z.string().max(300).nullish() })
      .nullish(),
    data: z.object({
      incident_key: z.string().max(300).nullish(),
      html_url: z.string().max(1_000).nullish(),
    }),
  }),
})

export const pagerDutyNews = z.object({
  id: z.string(),
  action: z.enum(['acknowledge', 'resolve']),
  /** The key that it was triggered with. */
  key: z.string(),
  user: z.object({ id: z.string(), name: z.string() }),
})
export type PagerDutyNews = z.output<typeof pagerDutyNews>

const ACTIONS: Record<string, 'acknowledge' | 'resolve'> = {
  'incident.acknowledged': 'acknowledge',
  'incident.resolved': 'resolve',
}

/** What a person did there to an alert that has a key; `null` for everything else, echoes among it. */
export function readPagerDutyWebhook(body: Uint8Array): PagerDutyNews | null {
  const parsed = webhook.safeParse(parseJson(Buffer.from(body).toString('utf8')))
  if (!parsed.success) return null
  const { id, event_type: type, agent, data } = parsed.data.event
  const action = ACTIONS[type]
  const key = data.incident_key ?? ''
  if (action === undefined || key === '') return null
  if (agent === null || agent === undefined || !/^user(_reference)?$/.test(agent.type)) return null
  return { id, action, key, user: { id: agent.id, name: agent.summary ?? agent.id } }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
