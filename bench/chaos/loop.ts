import { chmodSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import type { Counts } from './count.ts'
import { countAll, listIncidents } from './count.ts'
import type { Address } from './keeper.ts'
import { Keeper } from './keeper.ts'
import { startLedgerService } from './ledger-service.ts'
import { answerQuestions, call, sendAlerts } from './people.ts'
import type { World } from './people.ts'
import { seededRandom } from './random.ts'
import type { Random } from './random.ts'

export interface KillLoopOptions {
  /** For everything: data, pages, the side-effect log, the server's log. */
  folder: string
  kills: number
  seed: number
  /** Alerts at most. */
  alerts: number
  alertEveryMs: number
  /** How long everything may take to come to its end once the killing is over. */
  settleMs: number
  onKill?(number: number): void
}

export interface KillLoopReport extends Counts {
  seed: number
  kills: number
  /** Of these, how many before it listened. */
  killsWhileStarting: number
  failedStarts: string[]
  medianStartMs: number
  unsettled: string[]
  seconds: number
}

/** Kills the real server at random moments while alerts come in and a person answers; then counts what is left. */
export async function runKillLoop(options: KillLoopOptions): Promise<KillLoopReport> {
  const began = performance.now()
  const random = seededRandom(options.seed)
  // PostgreSQL's own user has to pass through
  chmodSync(options.folder, 0o711)
  const service = await startLedgerService(options.folder)
  const keeper = new Keeper(options.folder, service.configFile)
  const sending = new AbortController()
  const answering = new AbortController()
  const accepted = new Map<string, string>()
  const worldUntil = (signal: AbortSignal): World => ({
    address: () => keeper.address,
    random,
    signal,
    accepted,
  })
  try {
    let start = keeper.start()
    await start.ready
    const sender = sendAlerts(worldUntil(sending.signal), options.alertEveryMs, options.alerts)
    // two people, who often answer the same question at once
    const people = [
      answerQuestions(worldUntil(answering.signal)),
      answerQuestions(worldUntil(answering.signal)),
    ]
    let killsWhileStarting = 0
    for (let number = 1; number <= options.kills; number += 1) {
      await untilTheMoment(keeper, random, start.ready)
      if (keeper.address === null) killsWhileStarting += 1
      await keeper.kill()
      start = keeper.start()
      options.onKill?.(number)
      if (keeper.failedStarts.length > 5) break
    }
    if (!(await start.ready)) throw new Error(`the last start failed: ${keeper.log.slice(-2_000)}`)
    sending.abort()
    await sender
    const unsettled = await settle(keeper, options.settleMs)
    answering.abort()
    await Promise.all(people)
    const { address } = keeper
    if (address === null) throw new Error('the server is gone')
    const counts = await countAll(address, accepted, service.effectsFile)
    return {
      seed: options.seed,
      kills: options.kills,
      killsWhileStarting,
      failedStarts: keeper.failedStarts,
      medianStartMs: keeper.startMs.toSorted((a, b) => a - b)[Math.floor(keeper.startMs.length / 2)] ?? 0,
      unsettled,
      ...counts,
      seconds: Math.round((performance.now() - began) / 1_000),
    }
  } finally {
    sending.abort()
    answering.abort()
    await keeper.kill('SIGTERM')
    await service.stop()
  }
}

/** A fifth while it starts; two fifths while an approved command is about to run or runs; else whenever. */
async function untilTheMoment(keeper: Keeper, random: Random, ready: Promise<boolean>): Promise<void> {
  if (random.chance(0.2)) return delay(random.between(50, 1_500))
  if (!(await ready)) return
  if (random.chance(0.5)) await untilExecuting(keeper)
  else await delay(random.between(100, 3_000))
  return delay(random.between(0, 500))
}

async function untilExecuting(keeper: Keeper): Promise<void> {
  const limit = performance.now() + 20_000
  while (keeper.address !== null && performance.now() < limit) {
    const { address } = keeper
    const answer = await call(address, address.token, 'GET', '/api/v1/runs?limit=50')
    const runs = (answer?.value['runs'] ?? []) as Record<string, unknown>[]
    if (runs.some((run) => run['state'] === 'executing')) return
    await delay(50)
  }
}

/** Waits until every incident is resolved and has its review; names those that do not when the time is up. */
async function settle(keeper: Keeper, limitMs: number): Promise<string[]> {
  const limit = performance.now() + limitMs
  const settled = new Set<string>()
  for (;;) {
    const open = keeper.address === null ? null : await openIncidents(keeper.address, settled)
    if (open !== null && (open.length === 0 || performance.now() > limit)) return open
    await delay(500)
  }
}

async function openIncidents(address: Address, settled: Set<string>): Promise<string[] | null> {
  const open: string[] = []
  for await (const incident of listIncidents((at) => call(address, address.token, 'GET', `/api/v1${at}`))) {
    const name = String(incident['name'])
    if (settled.has(name)) continue
    const review = await call(address, address.token, 'GET', `/api/v1/incidents/${name}/review`)
    if (review?.status === 200 && review.value['path'] !== null) settled.add(name)
    else open.push(`${name} ${String(incident['state'])}`)
  }
  return open
}

/** What must not be there, in words; empty when nothing was lost and nothing doubled. */
export function faultsOf(report: KillLoopReport): string[] {
  const lists = {
    'accepted alerts without an incident': report.lostAlerts,
    'tickets with more than one incident': report.doubledIncidents,
    'commands that took effect twice': report.doubledEffects,
    'commands recorded as done without an effect': report.lostEffects,
    'effects without an approval': report.effectsWithoutApproval,
    'runs without an end or a question': report.runsWithoutEnd,
    'commands left as running': report.executionsLeftRunning,
    'resolved incidents without a review': report.incidentsWithoutReview,
    'timeline entries written twice': report.doubledTimeline,
    'starts that failed': report.failedStarts,
    'incidents without an end and a review': report.unsettled,
  }
  const faults = Object.entries(lists).flatMap(([what, found]) =>
    found.length === 0 ? [] : [`${what}: ${found.join('; ')}`],
  )
  return report.auditIntact ? faults : [...faults, 'the audit chain is broken']
}
