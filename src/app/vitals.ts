import { chmod } from 'node:fs/promises'
import { hostname } from 'node:os'
import path from 'node:path'
import { writeHeapSnapshot } from 'node:v8'
import { sql } from 'kysely'
import { delay } from '../base/clock.ts'
import type { Clock } from '../base/clock.ts'
import { createVitals } from '../base/vitals.ts'
import type { VitalsSampler } from '../base/vitals.ts'
import type { Database } from '../db/index.ts'
import type { ReplicaDesk } from '../operations/index.ts'
import type { AppOptions, Duty } from './options.ts'

const EVERY_MS = 5_000
const FORGET_AFTER_MS = 600_000

export interface ReplicaWatch {
  desk: ReplicaDesk
  duty: Duty
}

/** What this process says of itself: to those who ask it, and to the others through the database. */
export function watchReplica(
  options: AppOptions,
  clock: Clock,
  database: Database,
  id: string,
): ReplicaWatch {
  const vitals = createVitals(EVERY_MS)
  const desk: ReplicaDesk = {
    id,
    host: hostname(),
    version: options.version ?? '0.0.0',
    vitals,
    async writeHeap() {
      const stamp = clock.now().toISOString().replaceAll(/[:.]/g, '-')
      const file = writeHeapSnapshot(path.join(options.config.dataDir, `heap-${stamp}.heapsnapshot`))
      await chmod(file, 0o600)
      return file
    },
  }
  return { desk, duty: vitalsDuty(options, clock, database, desk, vitals) }
}

function vitalsDuty(
  { log }: AppOptions,
  clock: Clock,
  database: Database,
  desk: ReplicaDesk,
  vitals: VitalsSampler,
): Duty {
  const stopping = new AbortController()
  let loop: Promise<void> = Promise.resolve()
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await say(database, clock, desk).catch((error: unknown) =>
        log.debug({ err: error }, 'the vitals were not written'),
      )
      await delay(EVERY_MS, stopping.signal).catch(() => undefined)
    }
  }
  return {
    name: 'vitals',
    start() {
      loop = run()
    },
    async stop() {
      stopping.abort()
      vitals.stop()
      await loop
      await database.kysely
        .deleteFrom('replica_vitals')
        .where('executor_id', '=', desk.id)
        .execute()
        .catch(() => undefined)
    },
  }
}

async function say(database: Database, clock: Clock, desk: ReplicaDesk): Promise<void> {
  const at = clock.now()
  await sql`
    insert into replica_vitals (executor_id, host, version, at, vitals)
    values (${desk.id}, ${desk.host}, ${desk.version}, ${at}, ${JSON.stringify(desk.vitals.read())})
    on conflict (executor_id) do update
    set host = excluded.host, version = excluded.version, at = excluded.at, vitals = excluded.vitals`.execute(
    database.kysely,
  )
  await database.kysely
    .deleteFrom('replica_vitals')
    .where('at', '<', new Date(at.getTime() - FORGET_AFTER_MS))
    .execute()
}
