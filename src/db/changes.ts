import { sql } from 'kysely'
import { delay } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import { listenTo } from './listen.ts'
import type { Listener } from './listen.ts'
import type { Database } from './pool.ts'

/** That something changed; never what it is now. Whoever wants to know reads it, under their own permissions. */
export interface Change {
  topic: 'incident' | 'run' | 'output' | 'signal'
  /** Empty where it does not apply. */
  incident: string
  run: string
  /** The execution of output, the service of a signal. */
  subject: string
  /** Sequence of the last chunk of output. */
  sequence: number
}

export interface Batch {
  changes: Change[]
  /** Where to go on from. */
  position: string
}

export interface ChangeFeed {
  start(): void
  stop(): Promise<void>
  /** Every batch from now on, in the order of commits. Returns how to leave. */
  subscribe(onBatch: (batch: Batch) => void): () => void
  /** What changed since a position that this feed, or that of another replica, gave; `null` when that is too long ago. */
  since(position: string): Promise<Batch | null>
  /** Since when the database has not been heard of; `null` while it is. */
  awaySince(): Date | null
}

const CHANNEL = 'erlmcp_change'
/** Two reads are at least this far apart: a burst becomes one. */
const READ_GAP_MS = 20
/** In case a notification never came. */
const READ_ANYWAY_MS = 5_000
const KEEP_MS = 15 * 60_000
const RESUME_MS = 10 * 60_000
const SWEEP_EVERY_MS = 60_000
const POSITION = /^(\d{1,15})-(\d{1,20}):(\d{1,20}):((?:\d{1,20},){0,1000}\d{1,20})?$/

/**
 * Follows the table `change` by LISTEN/NOTIFY. A position is a PostgreSQL snapshot: the next read returns exactly what
 * that snapshot did not see, whatever the order of ids and commits, and on any replica.
 */
export function createChangeFeed({
  database,
  url,
  log,
}: {
  database: Database
  url: string
  log: Logger
}): ChangeFeed {
  const viewers = new Set<(batch: Batch) => void>()
  const stopping = new AbortController()
  let position: string | null = null
  let wanted = Promise.withResolvers<void>()
  let away: Date | null = null
  let listener: Listener | null = null
  let loop: Promise<void> | null = null

  const turn = async (): Promise<void> => {
    const batch = position === null ? await begin(database) : await readSince(database, position)
    away = null
    position = batch.position
    if (batch.changes.length > 0) for (const viewer of viewers) viewer(batch)
  }
  const work = async (): Promise<void> => {
    let sweptAt = 0
    while (!stopping.signal.aborted) {
      wanted = Promise.withResolvers<void>()
      try {
        await turn()
        if (performance.now() - sweptAt > SWEEP_EVERY_MS) {
          sweptAt = performance.now()
          await sweep(database)
        }
      } catch (error) {
        if (away === null) log.warn({ err: error }, 'changes cannot be read; viewers are told')
        away ??= new Date()
      }
      const pause = new AbortController()
      await Promise.race([
        wanted.promise,
        delay(away === null ? READ_ANYWAY_MS : 500, pause.signal).catch(() => undefined),
      ])
      pause.abort()
      await delay(READ_GAP_MS, stopping.signal).catch(() => undefined)
    }
  }
  return {
    start() {
      listener = listenTo(url, CHANNEL, {
        onNotify: () => wanted.resolve(),
        onConnection: () => wanted.resolve(),
      })
      loop = work()
    },
    async stop() {
      stopping.abort()
      wanted.resolve()
      await listener?.stop()
      await loop
    },
    subscribe(onBatch) {
      viewers.add(onBatch)
      return () => void viewers.delete(onBatch)
    },
    async since(given) {
      const parsed = POSITION.exec(given)
      if (parsed === null || Date.now() - Number(parsed[1]) > RESUME_MS) return null
      return readSince(database, given)
    },
    awaySince: () => away,
  }
}

async function begin(database: Database): Promise<Batch> {
  const { rows } = await sql<{ seen: string }>`select pg_current_snapshot()::text as seen`.execute(
    database.kysely,
  )
  return { changes: [], position: positionOf(rows[0]?.seen ?? '1:1:') }
}

const positionOf = (snapshot: string): string => `${Date.now()}-${snapshot}`

interface Row {
  seen: string
  topic: Change['topic'] | null
  incident: string
  run: string
  subject: string
  sequence: number
}

/** What `given` did not see: transactions that were running then, and those that began later. */
async function readSince(database: Database, given: string): Promise<Batch> {
  const [, , , xmax = '1', running = ''] = POSITION.exec(given) ?? []
  const open = running === '' ? [] : running.split(',')
  const { rows } = await sql<Row>`
    select now_seen.seen, found.*
    from (select pg_current_snapshot()::text as seen) now_seen
    left join (
      select topic, incident_id as incident, run_id as run, subject, max(sequence) as sequence
      from change
      where xid >= ${xmax}::text::xid8 or xid = any (${open}::text[]::xid8[])
      group by topic, incident_id, run_id, subject
      order by max(id)
    ) found on true`.execute(database.kysely)
  return {
    position: positionOf(rows[0]?.seen ?? '1:1:'),
    changes: rows.flatMap(({ topic, incident, run, subject, sequence }) =>
      topic === null ? [] : [{ topic, incident, run, subject, sequence }],
    ),
  }
}

const sweep = (database: Database): Promise<unknown> =>
  database.kysely
    .deleteFrom('change')
    .where('at', '<', new Date(Date.now() - KEEP_MS))
    .execute()
