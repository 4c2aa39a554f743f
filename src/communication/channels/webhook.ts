import { createHmac } from 'node:crypto'
import type { Channel, ChannelFinding, ChannelMessage, Sent } from './channel.ts'
import { DEFAULT_LIMITS } from './channel.ts'
import { outcomeOfHttp } from './http-outcome.ts'
import { testMessage } from './test-message.ts'

export interface WebhookEndpoint {
  url: string
  /** Signs every request; at least 16 characters. */
  secret: string
}

export interface WebhookDeps {
  /** By name: what a message's target is. A message without a target goes to `default`. */
  endpoints: Readonly<Record<string, WebhookEndpoint>>
  fetch: typeof globalThis.fetch
  now(): Date
  /** Refuses addresses that erlmcp must not be made to call, with the reason; `null`: this one may be called. */
  refuseUrl(url: URL): Promise<string | null>
}

/**
 * Posts messages as JSON to addresses of the configuration. Headers: `Erlmcp-Delivery` (the message's key, the same at
 * every try), `Erlmcp-Timestamp` (seconds) and `Erlmcp-Signature: v1=<hex>`, HMAC-SHA256 of `<timestamp>.<body>`.
 * Redirects are not followed.
 */
export function createWebhookChannel(deps: WebhookDeps): Channel {
  const send = (message: ChannelMessage, signal: AbortSignal): Promise<Sent> => post(deps, message, signal)
  return {
    name: 'webhook',
    limits: DEFAULT_LIMITS,
    send,
    check: (target, signal) => check(deps, target, signal),
  }
}

/** `v1=<hex>` for a body and the second at which it was sent; what a receiver computes again. */
export const signWebhook = (secret: string, timestamp: number, body: string): string =>
  `v1=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`

async function post(deps: WebhookDeps, message: ChannelMessage, signal: AbortSignal): Promise<Sent> {
  const name = message.target ?? 'default'
  const endpoint = deps.endpoints[name]
  if (endpoint === undefined) return { outcome: 'refused', reason: `no webhook ${name} is configured` }
  const refusal = await deps.refuseUrl(new URL(endpoint.url))
  if (refusal !== null) return { outcome: 'refused', reason: refusal }
  const timestamp = Math.floor(deps.now().getTime() / 1_000)
  const body = JSON.stringify(bodyOf(message))
  const response = await deps.fetch(endpoint.url, {
    method: 'POST',
    redirect: 'manual',
    signal,
    headers: {
      'content-type': 'application/json',
      'user-agent': 'erlmcp',
      'erlmcp-delivery': message.dedupKey.replaceAll(/[^\x21-\x7e]/g, '_'),
      'erlmcp-timestamp': String(timestamp),
      'erlmcp-signature': signWebhook(endpoint.secret, timestamp, body),
    },
    body,
  })
  const said = (await response.text()).slice(0, 2_000)
  return outcomeOfHttp(response.status, response.headers, said, deps.now(), message.id)
}

const bodyOf = (message: ChannelMessage) => ({
  id: message.id,
  key: message.dedupKey,
  incident: message.incidentId,
  kind: message.kind,
  target: message.target,
  subject: message.subject,
  text: message.body,
  data: message.data,
  replaces: message.replaces,
  parent: message.parent,
})

async function check(
  deps: WebhookDeps,
  target: string | null,
  signal: AbortSignal,
): Promise<ChannelFinding[]> {
  const name = target ?? 'default'
  const endpoint = deps.endpoints[name]
  if (endpoint === undefined) {
    const known = Object.keys(deps.endpoints).join(', ') || 'none'
    return [
      {
        ok: false,
        what: 'configuration',
        said: `no webhook ${name} is configured (there are: ${known}); add it under channels.webhooks`,
      },
    ]
  }
  const refusal = await deps.refuseUrl(new URL(endpoint.url))
  if (refusal !== null) return [{ ok: false, what: 'address', said: refusal }]
  const sent = await post(deps, testMessage(target, deps.now()), signal).catch((error: unknown): Sent => ({
    outcome: 'retry',
    reason: reasonOf(error),
    retryAfterMs: null,
  }))
  return [
    {
      ok: sent.outcome === 'sent',
      what: 'test message',
      said:
        sent.outcome === 'sent'
          ? `${new URL(endpoint.url).host} took a signed test message`
          : `${new URL(endpoint.url).host} did not take it: ${sent.reason}`,
    },
  ]
}

/** `fetch failed` hides what happened in its cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return cause instanceof Error ? cause.message : String(cause)
}
