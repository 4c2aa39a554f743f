import { DEFAULT_LIMITS } from './channel.ts'
import type { Channel, ChannelFinding, ChannelMessage, Sent } from './channel.ts'
import { outcomeOfHttp } from './http-outcome.ts'
import { readPagerDutyOncalls } from './pagerduty-oncalls.ts'
import type { PagerDutyRest } from './pagerduty-oncalls.ts'

export interface PagerDutyDeps {
  /** Integration keys of Events API v2 (32 characters), by name: what a message's target is; `default` without one. */
  routingKeys: Readonly<Record<string, string>>
  /** `https://events.pagerduty.com` */
  eventsUrl: string
  /** With which schedules are read; left out: none are. Only tried out here. */
  rest?: PagerDutyRest
  /** Where people reach erlmcp; `null`: no link is sent. */
  clientUrl: string | null
  fetch: typeof globalThis.fetch
  now(): Date
}

/** PagerDuty takes about 120 events a minute for one key. */
const PER_SECOND = 2
const MAX_SUMMARY = 1_024
const MAX_KEY = 255
const REMINDER = ':reminder'
const SEVERITIES: Record<string, string> = { P1: 'critical', P2: 'error', P3: 'warning', P4: 'info' }

/**
 * Pages through PagerDuty's Events API v2. The key of an incident's alert is the incident's id at every try, so that one that
 * is sent twice pages once. A reminder has a key of its own, because PagerDuty tells nobody again of an alert that is
 * acknowledged; resolving ends both. What is no page is refused, so that the next channel is used.
 */
export function createPagerDutyChannel(deps: PagerDutyDeps): Channel {
  return {
    name: 'pagerduty',
    limits: { ...DEFAULT_LIMITS, perSecond: PER_SECOND },
    send: (message, signal) => send(deps, message, signal),
    check: (target, signal) => check(deps, target, signal),
  }
}

/** The incident that PagerDuty's key stands for, and whether it is its reminder; `null`: a key that is none of ours. */
export function readPagerDutyKey(key: string): { incidentId: string; reminder: boolean } | null {
  const reminder = key.endsWith(REMINDER)
  const incidentId = reminder ? key.slice(0, -REMINDER.length) : key
  return /^inc_[\w-]{1,100}$/.test(incidentId) ? { incidentId, reminder } : null
}

type EventAction = 'trigger' | 'acknowledge' | 'resolve'

async function send(deps: PagerDutyDeps, message: ChannelMessage, signal: AbortSignal): Promise<Sent> {
  const routingKey = deps.routingKeys[message.target ?? 'default']
  if (routingKey === undefined)
    return { outcome: 'refused', reason: `no routing key ${message.target ?? 'default'} is configured` }
  const key = (message.incidentId ?? message.dedupKey).slice(0, MAX_KEY - REMINDER.length)
  switch (message.data['action']) {
    case 'acknowledge':
      return post(deps, eventOf(routingKey, 'acknowledge', key), key, signal)
    case 'resolve': {
      const sent = await post(deps, eventOf(routingKey, 'resolve', key), key, signal)
      if (sent.outcome !== 'sent') return sent
      // a key that was never triggered is taken and does nothing
      return post(deps, eventOf(routingKey, 'resolve', `${key}${REMINDER}`), key, signal)
    }
    case 'remind':
      return post(deps, triggerOf(deps, message, routingKey, `${key}${REMINDER}`), key, signal)
    case 'trigger':
      return post(deps, triggerOf(deps, message, routingKey, key), key, signal)
    default:
      return message.lane === 0
        ? post(deps, triggerOf(deps, message, routingKey, message.dedupKey.slice(0, MAX_KEY)), key, signal)
        : { outcome: 'refused', reason: `PagerDuty is paged for incidents; a ${message.kind} is no page` }
  }
}

const eventOf = (routingKey: string, action: EventAction, key: string) => ({
  routing_key: routingKey,
  event_action: action,
  dedup_key: key,
})

function triggerOf(deps: PagerDutyDeps, message: ChannelMessage, routingKey: string, key: string) {
  const textOf = (name: string): string | null => {
    const value = message.data[name]
    return typeof value === 'string' && value !== '' ? value : null
  }
  const summary = message.subject ?? message.body.split('\n', 1)[0] ?? message.kind
  return {
    ...eventOf(routingKey, 'trigger', key),
    payload: {
      summary: summary.slice(0, MAX_SUMMARY).toWellFormed(),
      source: textOf('service') ?? 'erlmcp',
      severity: SEVERITIES[textOf('severity') ?? ''] ?? 'error',
      ...(textOf('service') === null ? {} : { component: textOf('service') }),
      custom_details: { text: message.body, incident: textOf('incident'), asked: textOf('link') },
    },
    client: 'erlmcp',
    ...(deps.clientUrl === null ? {} : { client_url: deps.clientUrl }),
  }
}

async function post(
  deps: PagerDutyDeps,
  event: ReturnType<typeof eventOf>,
  reference: string,
  signal: AbortSignal,
): Promise<Sent> {
  const response = await deps.fetch(new URL('/v2/enqueue', deps.eventsUrl), {
    method: 'POST',
    redirect: 'manual',
    signal,
    headers: { 'content-type': 'application/json', 'user-agent': 'erlmcp' },
    body: JSON.stringify(event),
  })
  const said = (await response.text()).slice(0, 2_000).replaceAll(event.routing_key, '(the key)')
  return outcomeOfHttp(response.status, response.headers, said, deps.now(), reference)
}

/** Ends an alert that does not exist: PagerDuty looks at the key, and tells nobody. */
async function check(
  deps: PagerDutyDeps,
  target: string | null,
  signal: AbortSignal,
): Promise<ChannelFinding[]> {
  const name = target ?? 'default'
  const key = deps.routingKeys[name]
  if (key === undefined) {
    const known = Object.keys(deps.routingKeys).join(', ') || 'none'
    const said = `no routing key ${name} is configured (there are: ${known}); add its file under channels.pagerduty.routingKeyFiles`
    return [{ ok: false, what: 'configuration', said }]
  }
  const findings: ChannelFinding[] = [shapeOf(name, key)]
  if (findings.some((finding) => !finding.ok)) return findings
  const host = new URL(deps.eventsUrl).host
  const sent = await post(
    deps,
    eventOf(key, 'resolve', `erlmcp-test-${deps.now().getTime()}`),
    name,
    signal,
  ).catch((error: unknown): Sent => ({ outcome: 'retry', reason: reasonOf(error), retryAfterMs: null }))
  const said =
    sent.outcome === 'sent'
      ? `${host} took an event with the routing key ${name}; it paged nobody`
      : sent.outcome === 'refused'
        ? `${host} refuses the event (${sent.reason}); is ${name} the integration key of an Events API v2 integration that is switched on?`
        : `${host} could not be used now: ${sent.reason}; is it reachable from here, and is a proxy between?`
  findings.push({ ok: sent.outcome === 'sent', what: 'an event that pages nobody', said })
  return deps.rest === undefined ? findings : [...findings, await checkRest(deps.rest, deps.now())]
}

async function checkRest(rest: PagerDutyRest, at: Date): Promise<ChannelFinding> {
  const what = 'REST API key'
  try {
    const found = await readPagerDutyOncalls(rest, null, { from: at, to: new Date(at.getTime() + 60_000) })
    const names = [...new Set(found.map((one) => `${one.user.name} (${one.schedule})`))].slice(0, 10)
    return { ok: true, what, said: `on call by its schedules: ${names.join(', ') || 'nobody'}` }
  } catch (error) {
    return { ok: false, what, said: reasonOf(error) }
  }
}

const shapeOf = (name: string, key: string): ChannelFinding => {
  const ok = /^[A-Za-z0-9]{32}$/.test(key)
  const said = ok
    ? `the routing key ${name} has 32 characters`
    : `the routing key ${name} has ${key.length} characters; an integration key of Events API v2 has 32 letters and digits. A REST API key does not do`
  return { ok, what: 'routing key', said }
}

/** `fetch failed` hides what happened in its cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return cause instanceof Error ? cause.message : String(cause)
}
