import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import type { Condition } from '../../runbook/index.ts'
import { forTerminal } from '../../base/text.ts'
import { AppError, messageOf } from '../../base/error.ts'
import type { SandboxCluster } from '../cluster/cluster.ts'
import type { Scenario } from './schema.ts'

type Row = Record<string, unknown>

/** erlmcp under rehearsal: the same API as everybody's. */
export interface RehearsalHost {
  api(method: 'GET' | 'POST', path: string, body?: Row): Promise<Row>
  webhook(body: Row): Promise<void>
  /** The signal as the verification measures it. */
  measure(service: string, signal: string): Promise<number | null>
}

export interface RehearseDeps {
  host: RehearsalHost
  cluster: Pick<SandboxCluster, 'inject' | 'environment'>
  /** The trigger of the scenario's procedure, and the page's text. */
  trigger: Condition
  contentHash: string
  service: string
  /** Declared times of the page are divided by this. */
  speed: number
  now(): Date
  write(text: string): void
  signal: AbortSignal
}

/** What one rehearsal showed, for one exact text of a page. Times in seconds of the wall clock. */
export interface Proof {
  scenario: string
  page: string
  procedure: string
  contentHash: string
  target: string
  at: string
  speed: number
  passed: boolean
  reason: string
  incident: string | null
  secondsToDetect: number | null
  secondsToAcknowledge: number | null
  secondsToMitigate: number | null
  secondsToResolve: number | null
  commands: string[]
}

/** Injects the fault, waits for the alert, lets erlmcp work, makes the choices, checks the state. Never rejects for a failure of the rehearsed. */
export async function rehearse(deps: RehearseDeps, scenario: Scenario): Promise<Proof> {
  const started = deps.now().getTime()
  const proof: Proof = {
    scenario: scenario.name,
    page: scenario.page,
    procedure: scenario.procedure,
    contentHash: deps.contentHash,
    target: 'sandbox',
    at: new Date(started).toISOString(),
    speed: deps.speed,
    passed: false,
    reason: '',
    incident: null,
    secondsToDetect: null,
    secondsToAcknowledge: null,
    secondsToMitigate: null,
    secondsToResolve: null,
    commands: [],
  }
  const limit = AbortSignal.any([deps.signal, AbortSignal.timeout(scenario.timeLimitSeconds * 1_000)])
  try {
    await deps.cluster.inject(scenario.fault)
    deps.write(`  fault injected: ${scenario.fault.kind}\n`)
    const value = await waitForTrigger(deps, limit)
    const firedAt = deps.now()
    proof.secondsToDetect = (firedAt.getTime() - started) / 1_000
    deps.write(`  ALERT ${scenario.alert.name}: ${deps.trigger.text} (measured ${value})\n`)
    await deps.host.webhook(webhookOf(scenario, firedAt))
    const incident = await follow(deps, scenario, firedAt, limit)
    fill(proof, incident, firedAt)
    const unmet = await unmetExpectation(deps, scenario)
    proof.passed = incident['state'] === 'resolved' && unmet === null
    proof.reason = unmet ?? forTerminal(incident['reason'])
  } catch (error) {
    proof.reason =
      limit.aborted && !deps.signal.aborted
        ? `not done within ${scenario.timeLimitSeconds} s: ${messageOf(error)}`
        : messageOf(error)
  }
  return proof
}

/** What a Prometheus rule with `for:` does, on the page's own trigger. */
async function waitForTrigger(deps: RehearseDeps, limit: AbortSignal): Promise<number> {
  const { signal, threshold, comparison, forSeconds } = deps.trigger
  if (signal === null || threshold === null || comparison === null) {
    throw new AppError('input_invalid', 'the trigger of the procedure has no number to compare with', {
      action: 'Give the page a trigger such as "Error rate > 5% for 1 minute".',
    })
  }
  const holdMs = ((forSeconds ?? 0) * 1_000) / deps.speed
  let since: number | null = null
  let last: number | null = null
  for (;;) {
    last = await deps.host.measure(deps.service, signal)
    const now = deps.now().getTime()
    if (last === null || !holds(last, comparison, threshold)) since = null
    else {
      since ??= now
      if (now - since >= holdMs) return last
    }
    await wait(500, undefined, { signal: limit }).catch(() => {
      throw new Error(`the alert did not fire; the last measurement was ${last ?? 'none'}`)
    })
  }
}

const holds = (value: number, comparison: string, threshold: number): boolean =>
  comparison === '>'
    ? value > threshold
    : comparison === '>='
      ? value >= threshold
      : comparison === '<'
        ? value < threshold
        : value <= threshold

function webhookOf(scenario: Scenario, startsAt: Date): Row {
  const labels = { alertname: scenario.alert.name, ...scenario.alert.labels }
  const annotations = { summary: scenario.title, runbook_url: `${scenario.page}#${scenario.procedure}` }
  const fingerprint = createHash('sha256').update(JSON.stringify(labels)).digest('hex').slice(0, 16)
  const alert = {
    status: 'firing',
    labels,
    annotations,
    startsAt: startsAt.toISOString(),
    endsAt: '0001-01-01T00:00:00Z',
    fingerprint,
  }
  return {
    version: '4',
    groupKey: `{}:{alertname="${scenario.alert.name}"}`,
    status: 'firing',
    receiver: 'erlmcp',
    groupLabels: { alertname: scenario.alert.name, ...scenario.alert.labels },
    commonLabels: labels,
    commonAnnotations: annotations,
    alerts: [alert],
  }
}

async function follow(
  deps: RehearseDeps,
  scenario: Scenario,
  firedAt: Date,
  limit: AbortSignal,
): Promise<Row> {
  let shown = 0
  let choice = 0
  const answered = new Set<string>()
  for (;;) {
    const list = await deps.host.api('GET', '/incidents?limit=5')
    const found = rows(list['incidents']).find(
      (row) =>
        row['alertName'] === scenario.alert.name &&
        Date.parse(forTerminal(row['openedAt'])) >= firedAt.getTime() - 1_000,
    )
    if (found !== undefined) {
      const incident = await deps.host.api('GET', `/incidents/${forTerminal(found['name'])}`)
      for (const entry of rows(incident['timeline']).filter((row) => Number(row['id']) > shown)) {
        shown = Number(entry['id'])
        if (!forTerminal(entry['kind']).startsWith('message.')) {
          deps.write(
            `  ${forTerminal(entry['at']).slice(11, 19)}  ${forTerminal(entry['message']).replaceAll(/\s+/g, ' ').slice(0, 160)}\n`,
          )
        }
      }
      if (rows(incident['timeline']).some((entry) => entry['kind'] === 'review.written')) return incident
      const run = rows(incident['runs'])[0]
      if (run?.['state'] === 'failed') throw new Error(`the run failed: ${forTerminal(run['reason'])}`)
      if (run !== undefined && run['endedAt'] === null)
        choice = await answer(deps, scenario, forTerminal(run['id']), choice, answered)
    }
    await wait(300, undefined, { signal: limit }).catch(() => {
      throw new Error('the incident was not resolved')
    })
  }
}

/** Makes the scenario's next choice when the run asks; every approval is recorded like anybody's. */
async function answer(
  deps: RehearseDeps,
  scenario: Scenario,
  runId: string,
  choice: number,
  answered: Set<string>,
): Promise<number> {
  const run = await deps.host.api('GET', `/runs/${runId}`)
  const waits = run['waitsFor'] as Row | null
  if (waits === null || answered.has(forTerminal(waits['askedAt']))) return choice
  answered.add(forTerminal(waits['askedAt']))
  if (waits['kind'] !== 'choose') {
    await deps.host.api('POST', `/runs/${runId}/answer`, { as: 'done', reason: 'the scenario goes on' })
    return choice
  }
  const wanted = scenario.choose[choice]
  if (wanted === undefined)
    throw new Error('the chosen fix did not help, and the scenario has no further choice')
  const option = rows(run['options']).find((row) =>
    forTerminal(row['title']).toLowerCase().includes(wanted.toLowerCase()),
  )
  if (option === undefined) throw new Error(`the page offers no option "${wanted}"`)
  await deps.host.api('POST', `/runs/${runId}/approve`, { option: option['id'], hashes: option['hashes'] })
  return choice + 1
}

function fill(proof: Proof, incident: Row, firedAt: Date): void {
  const after = (value: unknown): number | null =>
    value === null ? null : Math.max(0, (Date.parse(forTerminal(value)) - firedAt.getTime()) / 1_000)
  proof.incident = forTerminal(incident['name'])
  proof.secondsToAcknowledge = after(incident['acknowledgedAt'])
  proof.secondsToMitigate = after(incident['mitigatedAt'])
  proof.secondsToResolve = after(incident['resolvedAt'])
  proof.commands = rows(incident['timeline'])
    .filter((entry) => forTerminal(entry['kind']).startsWith('command.'))
    .map((entry) => forTerminal(entry['message']).slice(0, 300))
}

async function unmetExpectation(deps: RehearseDeps, scenario: Scenario): Promise<string | null> {
  for (const { kubectl, equals } of scenario.expect) {
    const output = await run('kubectl', kubectl, deps.cluster.environment('admin'))
    if (output.trim() !== equals.trim()) {
      return `after the mitigation \`kubectl ${kubectl.join(' ')}\` gives "${output.trim().slice(0, 200)}", not "${equals}"`
    }
  }
  return null
}

function run(program: string, args: readonly string[], environment: Record<string, string>): Promise<string> {
  return new Promise((resolve, reject) => {
    const env = { PATH: '/usr/local/bin:/usr/bin:/bin', ...environment }
    execFile(program, [...args], { env, timeout: 30_000, maxBuffer: 4_194_304 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout)
      else reject(new Error(stderr.trim() || error.message))
    })
  })
}

const rows = (value: unknown): Row[] => (Array.isArray(value) ? (value as Row[]) : [])
