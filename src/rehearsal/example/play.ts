import path from 'node:path'
import { delay } from '../../base/clock.ts'
import type { Clock } from '../../base/clock.ts'
import { AppError } from '../../base/error.ts'
import { forTerminal } from '../../base/text.ts'
import type { OrdersService } from './orders.ts'
import { BAD_RELEASE, GOOD_RELEASE } from './orders.ts'
import { ordersWebhook } from './webhook.ts'

/** How the play reaches erlmcp: the same API that everybody uses. */
export interface PlayDeps {
  clock: Clock
  write(text: string): void
  /** Asks the person at the terminal; `null` when there is none. */
  ask(question: string): Promise<string | null>
  /** Calls the API with the identity that answers: the person's, or with `--auto` the rehearsal's. */
  api(method: 'GET' | 'POST', path: string, body?: Record<string, unknown>): Promise<Record<string, unknown>>
  /** Posts to the webhook with its token. */
  webhook(body: Record<string, unknown>): Promise<void>
  /** The error rate as erlmcp itself would measure it; `null` without traffic. */
  errorRate(): Promise<number | null>
  auto: boolean
  signal: AbortSignal
}

type Row = Record<string, unknown>

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
  await deps.webhook(ordersWebhook(startsAt, value))
  const incident = await findIncident(deps, startsAt)
  return follow(deps, forTerminal(incident['name']))
}

/** What a Prometheus rule with `for:` does: above the threshold for the whole time. */
async function waitForAlert(deps: PlayDeps): Promise<number> {
  const limit = deps.clock.now().getTime() + FIRE_LIMIT_MS
  let since: number | null = null
  for (;;) {
    const value = await deps.errorRate()
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
  const list = await deps.api('GET', '/incidents?state=active')
  for (const incident of rows(list['incidents'])) {
    if (incident['alertName'] !== 'OrdersHighErrorRate') continue
    const { runs } = await deps.api('GET', `/incidents/${forTerminal(incident['name'])}`)
    if (rows(runs).some((run) => run['endedAt'] === null)) continue
    const reason = 'an earlier start was interrupted'
    await deps.api('POST', `/incidents/${forTerminal(incident['name'])}/resolve`, { reason })
    for (let tries = 0; tries < 40; tries += 1) {
      const now = await deps.api('GET', `/incidents/${forTerminal(incident['name'])}`)
      if (now['resolvedAt'] !== null) break
      await delay(250, deps.signal)
    }
  }
}

async function findIncident(deps: PlayDeps, since: Date): Promise<Row> {
  const list = await deps.api('GET', '/incidents?limit=20')
  const incident = rows(list['incidents']).find(
    (row) =>
      row['alertName'] === 'OrdersHighErrorRate' &&
      Date.parse(forTerminal(row['openedAt'])) >= since.getTime() - 1_000,
  )
  if (incident !== undefined) return incident
  // an incident of an earlier start is still open: the alert belongs to it
  const open = rows(list['incidents']).find(
    (row) => row['alertName'] === 'OrdersHighErrorRate' && row['resolvedAt'] === null,
  )
  if (open !== undefined) return open
  throw new AppError('internal', 'the alert was accepted but no incident was declared', {
    action: 'Look at the log.',
  })
}

async function follow(deps: PlayDeps, name: string): Promise<string> {
  const limit = deps.clock.now().getTime() + INCIDENT_LIMIT_MS
  let shown = 0
  const answered = new Set<string>()
  for (;;) {
    const incident = await deps.api('GET', `/incidents/${name}`)
    for (const entry of rows(incident['timeline'])) {
      if (Number(entry['id']) <= shown) continue
      shown = Number(entry['id'])
      showEntry(deps, entry)
    }
    const review = rows(incident['timeline']).find((entry) => entry['kind'] === 'review.written')
    if (review !== undefined) {
      const { path: file } = review['data'] as { path: string }
      return finish(deps, incident, file)
    }
    await answerIfAsked(deps, incident, answered)
    const ended = rows(incident['runs']).find((run) => run['state'] === 'failed')
    if (ended !== undefined) {
      throw new AppError(
        'conflict',
        `${name}: ${forTerminal(ended['reason'])}; it stays ${forTerminal(incident['state'])}`,
        {
          action: `Look at it with \`erlmcp incident show ${name}\`; say that it is over with \`erlmcp incident resolve ${name} --reason TEXT\`.`,
        },
      )
    }
    if (deps.clock.now().getTime() > limit) {
      throw new AppError('timeout', `${name} is still ${forTerminal(incident['state'])} after 30 minutes`, {
        action: `Go on with \`erlmcp incident show ${name}\`; nothing is lost.`,
      })
    }
    await delay(250, deps.signal)
  }
}

async function answerIfAsked(deps: PlayDeps, incident: Row, answered: Set<string>): Promise<void> {
  const current = rows(incident['runs']).find((run) => run['endedAt'] === null)
  if (current === undefined) return
  const run = await deps.api('GET', `/runs/${forTerminal(current['id'])}`)
  const waits = run['waitsFor'] as Row | null
  if (waits === null) return
  const key = `${forTerminal(run['id'])} ${forTerminal(waits['askedAt'])}`
  if (answered.has(key)) return
  answered.add(key)
  if (waits['kind'] === 'choose') await choose(deps, run, waits)
  else {
    deps.write(`\n  ${forTerminal((waits['question'] as Row)['text'])}\n`)
    const reply = deps.auto ? 'y' : await deps.ask('  Was it done? [y] yes, [n] no: ')
    const as = reply?.trim().toLowerCase() === 'y' ? 'done' : 'not-done'
    await deps.api('POST', `/runs/${forTerminal(run['id'])}/answer`, {
      as,
      reason: 'answered in the terminal',
    })
  }
}

async function choose(deps: PlayDeps, run: Row, waits: Row): Promise<void> {
  const offered = rows((waits['question'] as Row)['options'])
  const options = offered.flatMap((offer): Row[] => {
    const option = rows(run['options']).find((candidate) => candidate['id'] === offer['id'])
    return option === undefined ? [] : [{ ...option, suggestion: offer['suggestion'] }]
  })
  deps.write('\n  WHAT CAN BE DONE\n')
  for (const [index, option] of options.entries()) showOption(deps, index + 1, option)
  const first = options[0]
  if (first === undefined) return
  const chosen = deps.auto ? first : await askWhich(deps, options)
  if (chosen === null) {
    await deps.api('POST', `/runs/${forTerminal(run['id'])}/reject`, { reason: 'rejected in the terminal' })
    return
  }
  await deps.api('POST', `/runs/${forTerminal(run['id'])}/approve`, {
    option: chosen['id'],
    hashes: chosen['hashes'],
  })
}

async function askWhich(deps: PlayDeps, options: readonly Row[]): Promise<Row | null> {
  for (;;) {
    const others = options.length > 1 ? `, [2${options.length > 2 ? `-${options.length}` : ''}] another` : ''
    const reply = (await deps.ask(`\n  [y] approve option 1${others}, [n] reject all: `))
      ?.trim()
      .toLowerCase()
    if (reply === 'n') return null
    const index = reply === 'y' ? 0 : Number(reply) - 1
    const option = options[index]
    if (option !== undefined && reply !== '') return option
    if (reply === undefined) {
      throw new AppError('usage', 'nobody is at this terminal to decide', {
        action: 'Use `npm start -- --auto`.',
      })
    }
  }
}

function showOption(deps: PlayDeps, number: number, option: Row): void {
  const suggestion = option['suggestion'] === null ? '' : `\n       ${forTerminal(option['suggestion'])}`
  deps.write(
    `\n    ${number}. ${forTerminal(option['title'])}   [${forTerminal(option['risk'])}]${suggestion}\n`,
  )
  for (const command of rows(option['commands']))
    deps.write(`       $ ${forTerminal(command['text']).replaceAll('\n', '\n         ')}\n`)
  const inputs = new Map(
    rows(option['commands']).flatMap((command) =>
      rows(command['inputs']).map((input) => [input['name'], input['value']]),
    ),
  )
  for (const [name, value] of inputs)
    deps.write(`         ${forTerminal(name)} = ${value === null ? 'MISSING' : forTerminal(value)}\n`)
}

function showEntry(deps: PlayDeps, entry: Row): void {
  if (forTerminal(entry['kind']).startsWith('message.')) return
  deps.write(
    `  ${forTerminal(entry['at']).slice(11, 19)}  ${forTerminal(entry['message']).replaceAll(/\s+/g, ' ')}\n`,
  )
}

function finish(deps: PlayDeps, incident: Row, file: string): string {
  deps.write(`\n  ${forTerminal(incident['name'])} is ${forTerminal(incident['state'])}.\n  Its review:\n`)
  return path.resolve(file)
}

const percent = (value: number): string => `${(value * 100).toFixed(1)} %`
const rows = (value: unknown): Row[] => (Array.isArray(value) ? (value as Row[]) : [])
