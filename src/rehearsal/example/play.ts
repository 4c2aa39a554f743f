import { delay } from '../../base/clock.ts'
import type { Clock } from '../../base/clock.ts'
import { AppError } from '../../base/error.ts'
import { forTerminal } from '../../base/text.ts'
import type { Host, Responder, Row } from '../story/index.ts'
import { endOfStory, followIncident, rows } from '../story/index.ts'
import type { OrdersService } from './orders.ts'
import { BAD_RELEASE, GOOD_RELEASE } from './orders.ts'
import { ordersWebhook } from './webhook.ts'

export interface PlayDeps {
  clock: Clock
  write(text: string): void
  host: Host
  responder: Responder
  signal: AbortSignal
}

const THRESHOLD = 0.05
const FIRES_AFTER_MS = 10_000
const FIRE_LIMIT_MS = 60_000
const INCIDENT_LIMIT_MS = 30 * 60_000

/**
 * Plays the first incident: a bad release under real load, its alert, and whatever erlmcp does about it.
 * @returns the path of the review.
 */
export async function playIncident(deps: PlayDeps, orders: OrdersService): Promise<string> {
  const { write } = deps
  write(`\n  orders runs release ${GOOD_RELEASE} at ${orders.url}, under load\n`)
  await delay(1_000, deps.signal)
  await orders.deploy(BAD_RELEASE)
  write(`  release ${BAD_RELEASE} was deployed\n`)
  const value = await waitForAlert(deps)
  await endLeftovers(deps)
  const startsAt = deps.clock.now()
  write(
    `\n  ALERT  OrdersHighErrorRate: ${percent(value)} of the requests fail (threshold ${percent(THRESHOLD)})\n\n`,
  )
  await deps.host.webhook(ordersWebhook(startsAt, value))
  const found = await findIncident(deps, startsAt)
  return follow(deps, forTerminal(found['name']))
}

async function follow(deps: PlayDeps, name: string): Promise<string> {
  const limit = AbortSignal.timeout(INCIDENT_LIMIT_MS)
  const following = { ...deps, speed: 1, reason: 'answered in the terminal' }
  try {
    const incident = await followIncident(following, name, AbortSignal.any([deps.signal, limit]))
    return endOfStory(deps.write, incident)
  } catch (error) {
    if (!limit.aborted) throw error
    throw new AppError('timeout', `${name} is not resolved after 30 minutes`, {
      action: `Go on with \`erlmcp incident show ${name}\`; nothing is lost.`,
      cause: error,
    })
  }
}

/** What a Prometheus rule with `for:` does: above the threshold for the whole time. */
async function waitForAlert(deps: PlayDeps): Promise<number> {
  const limit = deps.clock.now().getTime() + FIRE_LIMIT_MS
  let since: number | null = null
  for (;;) {
    const value = await deps.host.measure('orders', 'error_rate')
    const now = deps.clock.now().getTime()
    if (value === null || value <= THRESHOLD) since = null
    else {
      since ??= now
      if (now - since >= FIRES_AFTER_MS) return value
    }
    if (now > limit) {
      throw new AppError(
        'timeout',
        `the error rate did not stay above ${percent(THRESHOLD)}; it is ${value === null ? 'not measurable' : percent(value)}`,
        {
          action: 'Start again; nothing else on this machine should send requests to the example.',
        },
      )
    }
    await delay(1_000, deps.signal)
  }
}

/** An incident of an earlier start whose run has ended would only collect the new alert. */
async function endLeftovers(deps: PlayDeps): Promise<void> {
  const { api } = deps.host
  const list = await api('GET', '/incidents?state=active')
  for (const incident of rows(list['incidents'])) {
    if (incident['alertName'] !== 'OrdersHighErrorRate') continue
    const { runs } = await api('GET', `/incidents/${forTerminal(incident['name'])}`)
    if (rows(runs).some((run) => run['endedAt'] === null)) continue
    const reason = 'an earlier start was interrupted'
    await api('POST', `/incidents/${forTerminal(incident['name'])}/resolve`, { reason })
    for (let tries = 0; tries < 40; tries += 1) {
      const now = await api('GET', `/incidents/${forTerminal(incident['name'])}`)
      if (now['resolvedAt'] !== null) break
      await delay(250, deps.signal)
    }
  }
}

async function findIncident(deps: PlayDeps, since: Date): Promise<Row> {
  const list = await deps.host.api('GET', '/incidents?limit=20')
  const own = rows(list['incidents']).filter((row) => row['alertName'] === 'OrdersHighErrorRate')
  const incident =
    own.find((row) => Date.parse(forTerminal(row['openedAt'])) >= since.getTime() - 1_000) ??
    // an incident of an earlier start is still open: the alert belongs to it
    own.find((row) => row['resolvedAt'] === null)
  if (incident !== undefined) return incident
  throw new AppError('internal', 'the alert was accepted but no incident was declared', {
    action: 'Look at the log.',
  })
}

const percent = (value: number): string => `${(value * 100).toFixed(1)} %`
