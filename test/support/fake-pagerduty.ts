import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { z } from 'zod'
import type { ServiceAnswer } from './channel-contract.ts'

const key = z.string().min(1).max(255)
const base = {
  routing_key: z.string().regex(/^[A-Za-z0-9]{32}$/, 'Invalid routing key'),
  client: z.string().optional(),
  client_url: z.url().optional(),
  links: z.array(z.strictObject({ href: z.url(), text: z.string().optional() })).optional(),
}
/** PagerDuty's published shape of an event, with the limits that its text states. */
const EVENT = z.discriminatedUnion('event_action', [
  z.strictObject({
    ...base,
    event_action: z.literal('trigger'),
    dedup_key: key.optional(),
    payload: z.strictObject({
      summary: z.string().min(1).max(1_024),
      source: z.string().min(1),
      severity: z.enum(['critical', 'error', 'warning', 'info']),
      timestamp: z.string().optional(),
      component: z.string().optional(),
      group: z.string().optional(),
      class: z.string().optional(),
      custom_details: z.record(z.string(), z.unknown()).optional(),
    }),
  }),
  z.strictObject({ ...base, event_action: z.enum(['acknowledge', 'resolve']), dedup_key: key }),
])
export type PagerDutyEvent = z.output<typeof EVENT>

const MAX_BYTES = 512 * 1_024
const MAX_A_MINUTE = 120

/** A local Events API v2: refuses what the real one refuses, and keeps the state of each alert. */
export interface FakePagerDuty {
  url: string
  /** Every request, also those that were not taken. */
  requests: PagerDutyEvent[]
  /** `triggered`, `acknowledged`, `resolved`, by key. */
  alerts: Map<string, string>
  answer(how: ServiceAnswer): Promise<void>
  stop(): Promise<void>
}

export async function fakePagerDuty(knownKey: string): Promise<FakePagerDuty> {
  let how: ServiceAnswer = 'take'
  let port = 0
  const requests: PagerDutyEvent[] = []
  const alerts = new Map<string, string>()
  let taken: number[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      if (how === 'silent') return
      const reply = (status: number, body: unknown): void => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
      }
      const bytes = Buffer.concat(chunks)
      const parsed = EVENT.safeParse(JSON.parse(bytes.toString('utf8')))
      const invalid = (errors: unknown): void =>
        reply(400, { status: 'invalid event', message: 'Event object is invalid', errors })
      if (request.method !== 'POST' || request.url !== '/v2/enqueue') return reply(404, {})
      if (bytes.length > MAX_BYTES) return reply(413, {})
      if (!parsed.success) return invalid(parsed.error.issues.map((issue) => issue.message))
      const event = parsed.data
      requests.push(event)
      if (how === 'busy') return reply(429, { status: 'throttle exceeded', message: 'slow down' })
      if (how === 'broken') return reply(500, { message: 'Internal Server Error' })
      if (how === 'refuse' || event.routing_key !== knownKey) return invalid(['Invalid routing key'])
      const now = Date.now()
      taken = taken.filter((at) => at > now - 60_000)
      if (taken.length >= MAX_A_MINUTE) return reply(429, { status: 'throttle exceeded' })
      taken.push(now)
      follow(alerts, event)
      return reply(202, { status: 'success', message: 'Event processed', dedup_key: event.dedup_key })
    })
  })
  const listen = (): Promise<void> =>
    new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve()))
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  await listen()
  port = (server.address() as AddressInfo).port
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    alerts,
    async answer(next) {
      if (next === 'away') await close()
      else if (how === 'away') await listen()
      how = next
    },
    stop: close,
  }
}

/** After its end a key opens a new alert; what was never opened is not acknowledged. */
function follow(alerts: Map<string, string>, event: PagerDutyEvent): void {
  const name = event.dedup_key ?? ''
  const state = alerts.get(name)
  const isOpen = state === 'triggered' || state === 'acknowledged'
  if (event.event_action === 'trigger') {
    if (!isOpen) alerts.set(name, 'triggered')
  } else if (isOpen) {
    alerts.set(name, event.event_action === 'resolve' ? 'resolved' : 'acknowledged')
  }
}
