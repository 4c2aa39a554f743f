import { sql } from 'kysely'
import { delay } from '../base/clock.ts'
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import type { Database } from '../db/index.ts'
import { createMeter } from './measure.ts'
import type { MeasureDeps, SignalMeter } from './measure.ts'
import type { SignalSource } from './model.ts'

export interface HistoryOptions {
  database: Database
  clock: Clock
  log: Logger
  fetch: typeof globalThis.fetch
  /** Services with a source of signals, by name. */
  sources: ReadonlyMap<string, SignalSource>
  /** How often a signal is measured while its service has an open incident. */
  everyMs: number
  /** How often else: the chart of an incident begins before its alert. */
  idleEveryMs: number
}

const KEEP_MS = 3 * 86_400_000
const SWEEP_EVERY_MS = 10 * 60_000
const RESOLVED = ['resolved', 'closed']

/**
 * Keeps what each configured service's signals were. Several replicas may do this at once: of one stretch of time the
 * first sample is stored. Never throws; a gap in the rows is a gap in the knowledge.
 */
export function recordSignals(options: HistoryOptions): { start(): void; stop(): Promise<void> } {
  const stopping = new AbortController()
  const meters = metersOf(options)
  const turn = async (): Promise<void> => {
    const busy = await busyServices(options.database)
    const now = options.clock.now().getTime()
    await Promise.all(
      meters.map(async (each) => {
        const everyMs = busy.has(each.service) ? options.everyMs : options.idleEveryMs
        if (now - each.measuredAtMs < everyMs * 0.9) return
        each.measuredAtMs = now
        await measureOne(options, each, everyMs, stopping.signal)
      }),
    )
  }
  const loop = async (): Promise<void> => {
    let sweptAt = 0
    while (!stopping.signal.aborted) {
      try {
        await turn()
        if (performance.now() - sweptAt > SWEEP_EVERY_MS) {
          sweptAt = performance.now()
          await forgetOld(options)
        }
      } catch (error) {
        if (!stopping.signal.aborted) options.log.debug({ err: error }, 'signals were not recorded')
      }
      await delay(options.everyMs, stopping.signal).catch(() => undefined)
    }
  }
  let done = Promise.resolve()
  return {
    start() {
      if (meters.length > 0) done = loop()
    },
    async stop() {
      stopping.abort()
      await done
    },
  }
}

interface Recorded {
  service: string
  signal: string
  meter: SignalMeter
  measuredAtMs: number
}

function metersOf({ fetch, clock, sources, everyMs }: HistoryOptions): Recorded[] {
  const deps: MeasureDeps = { fetch, now: () => clock.now(), delay }
  return [...sources].flatMap(([service, source]) => {
    const signals = source.kind === 'prometheus' ? Object.keys(source.queries) : ['error_rate']
    return signals.map((signal) => ({
      service,
      signal,
      meter: createMeter(deps, source, { signal, windowMs: everyMs * 4 }),
      measuredAtMs: 0,
    }))
  })
}

async function measureOne(
  { database, clock }: HistoryOptions,
  { service, signal, meter }: Recorded,
  everyMs: number,
  stop: AbortSignal,
): Promise<void> {
  const { value, error } = await meter.measure(stop)
  if (stop.aborted) return
  // replicas agree on the stretch, and with it on the row
  const at = new Date(Math.floor(clock.now().getTime() / everyMs) * everyMs)
  await database.kysely
    .insertInto('signal_sample')
    .values({ service, signal, at, value, error: error?.slice(0, 500) ?? null })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

async function busyServices(database: Database): Promise<Set<string>> {
  const rows = await database.kysely
    .selectFrom('incident')
    .select('service')
    .distinct()
    .where('state', 'not in', RESOLVED)
    .execute()
  return new Set(rows.flatMap(({ service }) => (service === null ? [] : [service])))
}

const forgetOld = ({ database, clock }: HistoryOptions): Promise<unknown> =>
  database.kysely
    .deleteFrom('signal_sample')
    .where('at', '<', new Date(clock.now().getTime() - KEEP_MS))
    .execute()

/** Stored samples in order, at most `limit`: of each even stretch the highest, and a gap where one is longer. */
export async function serviceSignal(
  database: Database,
  wanted: { service: string; signal: string; from: Date; to: Date; limit: number },
): Promise<{ at: Date; value: number | null }[]> {
  const stretchMs = Math.max(1, (wanted.to.getTime() - wanted.from.getTime()) / wanted.limit)
  const { rows } = await sql<{ at: Date; value: number | null }>`
    select min(at) as at, max(value) as value
    from signal_sample
    where service = ${wanted.service} and signal = ${wanted.signal}
      and at between ${wanted.from} and ${wanted.to}
    group by floor(extract(epoch from at) * 1000 / ${stretchMs}::double precision)
    order by 1`.execute(database.kysely)
  return rows
}
