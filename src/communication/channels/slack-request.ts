import { createHmac, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import { readSlackMark, slackNews } from './slack-events.ts'

/** Older requests are repeats; Slack states five minutes. */
const MAX_AGE_SECONDS = 300
/** Clocks differ by this much, no more. */
const MAX_AHEAD_SECONDS = 60

/**
 * Whether a request is Slack's and of now: `v0=` HMAC-SHA256 of `v0:<timestamp>:<raw body>`. @returns why not, or `null`.
 * A stamp from the future is refused as well: whoever has one could use it later.
 */
export function refuseSlackRequest(
  secret: string,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  body: Uint8Array,
  now: Date,
): string | null {
  const timestamp = headers['x-slack-request-timestamp']
  const signature = headers['x-slack-signature']
  if (typeof timestamp !== 'string' || !/^\d{1,12}$/.test(timestamp)) return 'it has no time stamp'
  if (typeof signature !== 'string') return 'it has no signature'
  const age = now.getTime() / 1_000 - Number(timestamp)
  if (age > MAX_AGE_SECONDS) return 'it is older than five minutes'
  if (age < -MAX_AHEAD_SECONDS) return 'its time is in the future'
  const expected = createHmac('sha256', secret).update(`v0:${timestamp}:`).update(body).digest('hex')
  return isSame(signature, `v0=${expected}`) ? null : 'its signature does not fit'
}

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)]
  return a.length === b.length && timingSafeEqual(a, b)
}

const command = z.object({
  command: z.string().min(1).max(100),
  text: z.string().max(4_000).default(''),
  user_id: z.string().min(1).max(50),
  user_name: z.string().max(200).optional(),
  channel_id: z.string().max(50).optional(),
  trigger_id: z.string().min(1).max(200),
  response_url: z.url().max(1_000),
})

const blockActions = z.object({
  type: z.literal('block_actions'),
  user: z.object({ id: z.string().min(1).max(50), username: z.string().max(200).optional() }),
  trigger_id: z.string().min(1).max(200),
  response_url: z.url().max(1_000),
  actions: z
    .array(z.object({ action_id: z.string().max(255), value: z.string().max(2_000).default('') }))
    .min(1)
    .max(1),
})

/** What somebody wants, in Slack. `id` is the same when Slack sends it again. */
export const slackRequest = z.object({
  id: z.string(),
  user: z.string(),
  responseUrl: z.string(),
  ask: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('command'), command: z.string(), text: z.string() }),
    z.object({ kind: z.literal('button'), action: z.string(), value: z.string() }),
    ...slackNews.options,
  ]),
})
export type SlackRequest = z.output<typeof slackRequest>

/** @returns `null` for what erlmcp did not ask Slack to send, such as a form that was closed. */
export function readSlackRequest(body: Uint8Array): SlackRequest | null {
  const form = Object.fromEntries(new URLSearchParams(Buffer.from(body).toString('utf8')))
  const payload = form['payload']
  if (payload !== undefined) {
    const given = parseJson(payload)
    const parsed = blockActions.safeParse(given)
    if (!parsed.success) return readSlackMark(given)
    const { user, trigger_id: id, response_url: responseUrl, actions } = parsed.data
    const [first] = actions
    if (first === undefined) return null
    const ask = { kind: 'button', action: first.action_id, value: unescape(first.value) } as const
    return { id, user: user.id, responseUrl, ask }
  }
  const parsed = command.safeParse(form)
  if (!parsed.success) return null
  const { trigger_id: id, user_id: user, response_url: responseUrl, text } = parsed.data
  return {
    id,
    user,
    responseUrl,
    ask: { kind: 'command', command: parsed.data.command, text: unescape(text) },
  }
}

/** Slack escapes these three in what people type. */
const unescape = (text: string): string =>
  text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
