import {
  KnownEpisodes,
  keyOf,
  settleStarts,
  storeDeliveries,
  writeEpisodes,
  writeSightings,
} from '../alert/index.ts'
import type { AlertBatch, Before, Delivery, EpisodeAlert } from '../alert/index.ts'
import type { Clock } from '../base/clock.ts'
import { newUuid } from '../base/id.ts'
import type { Logger } from '../base/log.ts'
import type { Database, Transaction } from '../db/index.ts'
import { isConnectionError, withTransaction } from '../db/index.ts'
import type { WorkflowEngine } from '../workflow/index.ts'
import type { Page } from './deps.ts'
import { GroupCommit } from './group-commit.ts'
import { noteResolved } from './note-resolved.ts'
import { openIncidents, placeGroups } from './place.ts'
import type { FiringGroup, PlaceSettings } from './place.ts'
import { noteTruncation } from './truncation.ts'
import { noteWatchdogs, withoutWatchdogs } from './watchdog.ts'
import type { Watchdog } from './watchdog.ts'

export interface ReceiveDeps {
  database: Database
  engine: Pick<WorkflowEngine, 'start' | 'send'>
  clock: Clock
  log: Logger
  pages(): Promise<Page[]>
  settings: PlaceSettings
  /** The maintenance that a service is in, in words; `null`: none. Its alerts are recorded and declare nothing. */
  maintenanceOf(service: string | null, at: Date): Promise<string | null>
  watchdogs: readonly Watchdog[]
  /** Whether this source can be asked for alerts that it left out. */
  reconciles(source: string): boolean
}

/** What became of one delivery. */
export interface Received {
  deliveryId: string
  /** The incident of its first alert that fired; `null`: it brought no new firing alert that makes one. */
  incidentId: string | null
  declared: boolean
}

export interface AlertReceiver {
  /** Takes a delivery in; resolves after the commit. @throws AppError `unavailable` when overloaded */
  receive(source: string, batch: AlertBatch, raw: Uint8Array): Promise<Received>
  /** Whether more should be refused before it is read. */
  isFull(): boolean
  /** Writes down what repeats left. */
  flush(): Promise<void>
  stop(): Promise<void>
}

/** The whole way in for one group of deliveries stays below some 50 ms with these. */
const LIMITS = { maxItems: 512, maxWeight: 2_000, maxWaitingWeight: 100_000, writers: 2 }
const FLUSH_AT = 20_000
const PAGES_FRESH_MS = 2_000

/**
 * Takes deliveries in: alerts, incidents and the start of their responses are committed together, before the sender
 * hears 200. Concurrent deliveries share a transaction. Repeats of what is known leave a delivery row and a count.
 */
export function createReceiver(deps: ReceiveDeps): AlertReceiver {
  const known = new KnownEpisodes()
  const pages = lastPages(deps)
  const commit = new GroupCommit<Delivery, Received>({
    ...LIMITS,
    weigh: (delivery) => 1 + delivery.alerts.length,
    write: (group) => writeGroup(deps, known, pages, group),
  })
  let flushing: Promise<void> | null = null
  const flush = async (): Promise<void> => {
    await flushing
    const taken = known.takeSightings()
    flushing = withTransaction(deps.database, (trx) => writeSightings(trx, taken)).catch((error: unknown) => {
      // counts only: the alerts themselves are stored
      deps.log.warn({ err: error, episodes: taken.length }, 'repeats could not be counted')
    })
    await flushing
    flushing = null
  }
  return {
    async receive(source, batch, raw) {
      const settled = batch.alerts.some((alert) => alert.startsAt === null)
        ? await withTransaction(deps.database, (trx) =>
            settleStarts(trx, deps.clock.now(), source, batch.alerts),
          )
        : (batch.alerts as EpisodeAlert[])
      const alerts = latestPerEpisode(source, settled)
      const received = await commit.add({ id: `dlv_${newUuid()}`, source, raw, batch, alerts })
      if (known.unwritten >= FLUSH_AT && flushing === null) void flush()
      return received
    },
    isFull: () => commit.isFull,
    flush,
    async stop() {
      await commit.drained()
      await flush()
    },
  }
}

/** One for each episode; of two states of one episode in a delivery, resolved is the later one. */
function latestPerEpisode(source: string, alerts: readonly EpisodeAlert[]): EpisodeAlert[] {
  if (alerts.length < 2) return [...alerts]
  const byKey = new Map<string, EpisodeAlert>()
  for (const alert of alerts) {
    const key = keyOf(source, alert.fingerprint, alert.startsAt)
    if (byKey.get(key)?.status !== 'resolved') byKey.set(key, alert)
  }
  return [...byKey.values()]
}

/** Pages of a moment ago, read in the background: a title and a severity need no newer ones, and nothing waits. */
function lastPages(deps: Pick<ReceiveDeps, 'pages' | 'log'>): () => Promise<Page[]> {
  let last: Promise<Page[]> | null = null
  let readAt = Number.NEGATIVE_INFINITY
  return () => {
    if (last === null) {
      readAt = performance.now()
      last = deps.pages().catch((error: unknown) => {
        last = null
        throw error
      })
    } else if (performance.now() - readAt > PAGES_FRESH_MS) {
      readAt = performance.now()
      void deps
        .pages()
        .then((pages) => (last = Promise.resolve(pages)))
        .catch((error: unknown) => deps.log.warn({ err: error }, 'pages cannot be read; the last ones stay'))
    }
    return last
  }
}

interface Sorted {
  delivery: Delivery
  /** Alerts that need a look at the database. */
  news: EpisodeAlert[]
  repeats: EpisodeAlert[]
}

async function writeGroup(
  deps: ReceiveDeps,
  known: KnownEpisodes,
  pages: () => Promise<Page[]>,
  group: readonly Delivery[],
): Promise<Received[]> {
  const sorted = group.map((delivery) => sortAlerts(deps, known, delivery))
  // two states of one episode in one group: their order matters, so they are written one after the other
  const rounds = inRounds(sorted)
  const results = new Map<Delivery, Received>()
  for (const round of rounds) {
    const at = deps.clock.now()
    const needsPages = round.some(({ news }) => news.some((alert) => alert.status === 'firing'))
    const current = needsPages ? await pages() : []
    const written = isRepetition(deps, round)
      ? await writeRepetition(deps, at, round)
      : await again(() => withTransaction(deps.database, (trx) => writeRound(trx, deps, at, current, round)))
    for (const { delivery, news, repeats } of round) {
      for (const alert of repeats) known.noteRepeat(delivery.source, alert, at)
      for (const alert of news) {
        const key = keyOf(delivery.source, alert.fingerprint, alert.startsAt)
        if (alert.status === 'firing' && written.settled.has(key)) known.remember(delivery.source, alert, at)
        else known.forget(delivery.source, alert)
      }
      results.set(delivery, written.results.get(delivery) ?? nothing(delivery))
    }
  }
  return group.map((delivery) => results.get(delivery) ?? nothing(delivery))
}

const nothing = (delivery: Delivery): Received => ({
  deliveryId: delivery.id,
  incidentId: null,
  declared: false,
})

function sortAlerts(deps: ReceiveDeps, known: KnownEpisodes, delivery: Delivery): Sorted {
  const news: EpisodeAlert[] = []
  const repeats: EpisodeAlert[] = []
  for (const alert of withoutWatchdogs(deps.watchdogs, delivery)) {
    ;(known.isRepeat(delivery.source, alert) ? repeats : news).push(alert)
  }
  return { delivery, news, repeats }
}

/** Whether a round brings nothing but repeats. */
const isRepetition = (deps: ReceiveDeps, round: readonly Sorted[]): boolean =>
  round.every(
    ({ news, delivery }) =>
      news.length === 0 &&
      delivery.batch.truncated === null &&
      !deps.watchdogs.some((each) => each.source === delivery.source),
  )

/** One statement is its own transaction. */
async function writeRepetition(deps: ReceiveDeps, at: Date, round: readonly Sorted[]): Promise<Written> {
  const deliveries = round.map(({ delivery }) => ({ delivery, isNew: false }))
  await storeDeliveries(deps.database.kysely, at, deliveries)
  return { results: new Map(), settled: new Set() }
}

/** Splits a group so that no episode with news is touched twice in one round; nearly always one round. */
function inRounds(sorted: readonly Sorted[]): Sorted[][] {
  const rounds: Sorted[][] = [[]]
  let touched = new Set<string>()
  for (const each of sorted) {
    const keys = each.news.map((alert) => keyOf(each.delivery.source, alert.fingerprint, alert.startsAt))
    if (keys.some((key) => touched.has(key))) {
      rounds.push([])
      touched = new Set()
    }
    rounds.at(-1)?.push(each)
    for (const key of keys) touched.add(key)
  }
  return rounds
}

/** A second try for what another writer took at this moment. */
async function again<T>(write: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await write()
    } catch (error) {
      if (attempt >= 5 || !(error instanceof Overtaken) || isConnectionError(error)) throw error
    }
  }
}

/** Another writer changed what this one had looked at. */
class Overtaken extends Error {}

interface Written {
  results: Map<Delivery, Received>
  /** Episodes that fire and belong to an incident, by key. */
  settled: Set<string>
}

async function writeRound(
  trx: Transaction,
  deps: ReceiveDeps,
  at: Date,
  pages: readonly Page[],
  round: readonly Sorted[],
): Promise<Written> {
  await storeDeliveries(
    trx,
    at,
    round.map(({ delivery, news }) => ({ delivery, isNew: news.length > 0 })),
  )
  await noteWatchdogs(trx, deps.watchdogs, at, round.map(({ delivery }) => delivery)) // prettier-ignore
  const results = new Map<Delivery, Received>()
  const settled = new Set<string>()
  const entries = round.flatMap(({ delivery, news }) => news.map((alert) => ({ delivery, alert })))
  const open = await openIncidents(trx, entries.map(({ delivery, alert }) => ({ source: delivery.source, groupKey: alert.groupKey }))) // prettier-ignore
  const before = await writeEpisodes(
    trx,
    at,
    entries.map(({ delivery: { source }, alert }) => ({
      source,
      alert,
      incidentId: open.idOf(source, alert.groupKey),
    })),
  )
  const fired = new Map<string, FiringGroup>()
  const resolved: string[] = []
  for (const { delivery, alert } of entries) {
    const key = keyOf(delivery.source, alert.fingerprint, alert.startsAt)
    const was = before.get(key)
    if (was === undefined) throw new Overtaken(`episode ${key} was written by another at this moment`)
    if (isOver(was)) continue
    if (alert.status === 'resolved') {
      if (was?.incidentId != null) resolved.push(was.incidentId)
    } else if (was?.incidentId != null) settled.add(key)
    else if (alert.heldBy === null) addTo(fired, delivery, alert)
  }
  for (const placed of await placeGroups(trx, deps, at, pages, open, [...fired.values()])) {
    if (placed.incidentId === null) continue
    for (const { delivery, alert } of placed.group.members) {
      settled.add(keyOf(delivery.source, alert.fingerprint, alert.startsAt))
      const earlier = results.get(delivery)
      if (earlier === undefined) {
        results.set(delivery, {
          deliveryId: delivery.id,
          incidentId: placed.incidentId,
          declared: placed.declared,
        })
      } else if (placed.declared) earlier.declared = true
    }
  }
  await noteResolved(trx, deps, at, resolved)
  for (const { delivery } of round) {
    await noteTruncation(trx, deps, at, delivery, results.get(delivery)?.incidentId ?? null)
  }
  return { results, settled }
}

const isOver = (was: Before | null): boolean => was?.status === 'resolved'

function addTo(groups: Map<string, FiringGroup>, delivery: Delivery, alert: EpisodeAlert): void {
  const { source } = delivery
  const { groupKey } = alert
  const key = `${source}\n${groupKey}`
  const group = groups.get(key)
  if (group === undefined) groups.set(key, { source, groupKey, members: [{ delivery, alert }] })
  else group.members.push({ delivery, alert })
}
