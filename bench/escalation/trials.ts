import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { delay } from '../../src/base/clock.ts'
import type { Clock } from '../../src/base/clock.ts'
import { signWebhook } from '../../src/communication/index.ts'
import { withTransaction } from '../../src/db/index.ts'
import type { Database } from '../../src/db/index.ts'
import { acknowledgeIncident, declareIncident } from '../../src/incident/index.ts'
import { settleIncident } from '../../src/oncall/index.ts'
import { seededRandom } from '../chaos/random.ts'
import { fastClock } from './clock.ts'
import { escalationDeps, SECRET } from './deps.ts'
import type { ChildOptions } from './deps.ts'

export interface TrialOptions {
  url: string
  database: Database
  /** How often a replica is killed with SIGKILL. */
  kills: number
  seed: number
  /** How often the clock of all processes is faster than the wall's. */
  speed: number
  /** How long it may take at most, after the last kill, until every page has arrived. */
  settleMs: number
  onKill?(number: number): void
}

export interface TrialReport {
  kills: number
  seed: number
  incidents: number
  /** Pages that were decided: one for a person, level and round. */
  pages: number
  /** Pages that reached the person's address. */
  arrived: number
  /** The same page under the same key once more, which a receiver drops by its key. */
  repeats: number
  /** Withdrawn by an acknowledgement before they were sent. */
  withdrawn: number
  /** Two pages with different keys for one person, level and round. */
  duplicates: number
  /** Decided, not withdrawn, and never arrived; or a level that was passed by. */
  lost: number
  /** Decided after the incident was acknowledged. */
  late: number
  badSignatures: number
  seconds: number
}

interface Arrival {
  key: string
  kind: string
  incident: string
  /** Person, reason, level and round. */
  about: string
}

const REPLICAS = 2
const ACTOR = { id: 'person:ada', kind: 'person', role: 'responder' } as const

/** Kills replicas at random moments while incidents escalate, and counts what people were told. */
export async function runEscalationTrials(options: TrialOptions): Promise<TrialReport> {
  const begun = performance.now()
  const random = seededRandom(options.seed)
  const receiver = await openReceiver()
  const epochMs = Date.now()
  const clock = fastClock(epochMs, options.speed)
  const child: ChildOptions = { url: options.url, receiver: receiver.url, epochMs, speed: options.speed }
  const replicas = await Promise.all(Array.from({ length: REPLICAS }, () => startReplica(child)))
  const incidents: string[] = []
  const unacknowledged: string[] = []
  try {
    for (let kill = 1; kill <= options.kills; kill += 1) {
      incidents.push(await declare(options.database, clock.now(), options.seed, kill))
      unacknowledged.push(incidents.at(-1) ?? '')
      const victim = Math.floor(random.between(0, replicas.length))
      // within the first looks of a new replica, and within the pages of the last incidents
      await delay(Math.floor(random.between(0, 120)))
      replicas[victim]?.kill('SIGKILL')
      options.onKill?.(kill)
      replicas[victim] = await startReplica(child)
      if (unacknowledged.length > 6) await acknowledge(options.database, clock, unacknowledged.shift() ?? '')
    }
    // the last ones go through a whole round and into the next
    await delay(Math.min(options.settleMs / 2, 2_000))
    for (const id of unacknowledged) await acknowledge(options.database, clock, id)
    await untilQuiet(options.database, options.settleMs)
  } finally {
    for (const replica of replicas) replica.kill('SIGKILL')
    await receiver.stop()
  }
  const counted = await count(options.database, incidents, receiver.arrivals)
  return {
    kills: options.kills,
    seed: options.seed,
    incidents: incidents.length,
    ...counted,
    badSignatures: receiver.badSignatures(),
    seconds: Math.round((performance.now() - begun) / 1_000),
  }
}

/** What must not be, in words; empty when all is well. */
export function faultsOf(report: TrialReport): string[] {
  const faults: string[] = []
  if (report.duplicates > 0) faults.push(`${report.duplicates} people were paged twice for one level`)
  if (report.lost > 0) faults.push(`${report.lost} pages were lost`)
  if (report.late > 0) faults.push(`${report.late} pages were decided after the acknowledgement`)
  if (report.badSignatures > 0) faults.push(`${report.badSignatures} requests were signed wrongly`)
  if (report.pages < report.incidents) faults.push('not every incident paged somebody')
  return faults
}

async function startReplica(options: ChildOptions): Promise<ChildProcess> {
  const program = fileURLToPath(new URL('replica.ts', import.meta.url))
  const child = spawn(process.execPath, [program, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve())
    child.once('exit', (code) => reject(new Error(`a replica ended with ${code}`)))
  })
  return child
}

const declare = (database: Database, at: Date, seed: number, kill: number): Promise<string> =>
  withTransaction(database, async (trx) => {
    const { incidentId } = await declareIncident(trx, at, {
      source: 'trials',
      groupKey: `${seed}-${kill}`,
      title: `Trial ${kill}`,
      severity: 'P1',
      service: null,
      alertName: null,
      labels: {},
      annotations: {},
    })
    return incidentId
  })

const acknowledge = (database: Database, clock: Clock, incidentId: string): Promise<void> =>
  withTransaction(database, async (trx) => {
    await trx.selectFrom('incident').select('id').where('id', '=', incidentId).forUpdate().execute()
    // the time of the commit, not that of the wait for a replica that pages at this moment
    const at = clock.now()
    await acknowledgeIncident(trx, at, incidentId, ACTOR)
    await settleIncident(trx, at, escalationDeps(), incidentId)
    // the reminders that would follow are another matter
    await trx.updateTable('incident').set({ severity: 'P4' }).where('id', '=', incidentId).execute()
  })

async function untilQuiet(database: Database, limitMs: number): Promise<void> {
  const limit = performance.now() + limitMs
  for (;;) {
    const waiting = await database.kysely
      .selectFrom('message')
      .select('id')
      .where('state', '=', 'pending')
      .limit(1)
      .execute()
    if (waiting.length === 0) return
    if (performance.now() > limit) return
    await delay(100)
  }
}

async function count(database: Database, incidents: readonly string[], arrivals: readonly Arrival[]) {
  const pages = await database.kysely
    .selectFrom('escalation_page')
    .innerJoin('message', 'message.page_id', 'escalation_page.id')
    .innerJoin('incident', 'incident.id', 'escalation_page.incident_id')
    .select([
      'escalation_page.incident_id',
      'escalation_page.round',
      'escalation_page.level',
      'escalation_page.at',
      'message.state',
      'message.dedup_key',
      'incident.acknowledged_at',
    ])
    .where('escalation_page.reason', '=', 'unacknowledged')
    .execute()
  const paged = arrivals.filter((arrival) => arrival.kind === 'page' && arrival.about.startsWith('unack'))
  const keys = new Set(paged.map((arrival) => arrival.key))
  const keysOf = Map.groupBy(paged, (arrival) => `${arrival.incident} ${arrival.about}`)
  const duplicates = [...keysOf.values()].filter((same) => new Set(same.map((one) => one.key)).size > 1)
  const missing = pages.filter((page) => page.state !== 'superseded' && !keys.has(page.dedup_key))
  return {
    pages: pages.length,
    arrived: keys.size,
    repeats: paged.length - keys.size,
    withdrawn: pages.filter((page) => page.state === 'superseded').length,
    duplicates: duplicates.length,
    lost: missing.length + holesOf(incidents, pages),
    late: pages.filter((page) => page.acknowledged_at !== null && page.at > page.acknowledged_at).length,
  }
}

/** Levels that were passed by: they go 1, 2, 3, then the next round, without a hole. */
function holesOf(
  incidents: readonly string[],
  pages: readonly { incident_id: string; round: number; level: number }[],
): number {
  const byIncident = Map.groupBy(pages, (page) => page.incident_id)
  let holes = 0
  for (const incident of incidents) {
    const places = (byIncident.get(incident) ?? []).map((page) => (page.round - 1) * 3 + page.level)
    const last = Math.max(-1, ...places)
    holes += last + 1 - new Set(places).size
  }
  return holes
}

/** The addresses of all people: verifies what it gets, and is sometimes slow, so that kills hit requests under way. */
async function openReceiver() {
  const arrivals: Arrival[] = []
  let bad = 0
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8')
      const stamp = Number(request.headers['erlmcp-timestamp'])
      if (request.headers['erlmcp-signature'] !== signWebhook(SECRET, stamp, text)) bad += 1
      const body = JSON.parse(text) as {
        key: string
        kind: string
        incident: string
        data: { reason?: string; round?: number; level?: number; person?: string }
      }
      const { reason, round, level, person } = body.data
      arrivals.push({
        key: body.key,
        kind: body.kind,
        incident: body.incident,
        about: `${reason} ${round} ${level} ${person}`,
      })
      setTimeout(() => response.writeHead(204).end(), arrivals.length % 3 === 0 ? 30 : 0)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    arrivals,
    badSignatures: () => bad,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
