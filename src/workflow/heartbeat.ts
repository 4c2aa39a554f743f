import { DBOSExecutor } from '@dbos-inc/dbos-sdk/internal/dbos-executor'
import { sql } from 'kysely'
import { delay } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import type { Database } from '../db/index.ts'

export interface HeartbeatOptions {
  database: Database
  executorId: string
  host: string
  engineVersion: string
  beatMs: number
  /** An executor that has not beaten for this long is dead. */
  leaseMs: number
  log: Logger
}

const FORGET_AFTER_MS = 86_400_000

/**
 * Says that this executor lives, and takes over the work of those that do not. The open-source engine recovers only an
 * executor's own work at its own start. After an outage of the database nobody is taken for dead until this executor's
 * own beats have been healthy for a lease: everybody's were missing.
 */
export class Heartbeat {
  readonly #options: HeartbeatOptions
  readonly #stopping = new AbortController()
  #loop: Promise<void> = Promise.resolve()
  #healthySince: number | null = null
  #lastBeat = performance.now()

  constructor(options: HeartbeatOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    await this.#beat()
    this.#loop = this.#run()
  }

  /** Milliseconds since the last beat that reached the database. */
  get ageMs(): number {
    return performance.now() - this.#lastBeat
  }

  /** Stops, and frees this executor's work for the others at once. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#loop
    const { database, executorId } = this.#options
    await database.kysely
      .deleteFrom('executor')
      .where('id', '=', executorId)
      .execute()
      .catch(() => undefined)
  }

  async #run(): Promise<void> {
    const { beatMs, log } = this.#options
    const { signal } = this.#stopping
    while (!signal.aborted) {
      await delay(beatMs, signal).catch(() => undefined)
      if (signal.aborted) return
      try {
        await this.#beat()
        await this.#takeOver()
        await this.#pickUpStranded()
      } catch (error) {
        if (this.#healthySince !== null)
          log.warn({ err: error }, 'no heartbeat: the database does not answer')
        this.#healthySince = null
      }
    }
  }

  async #beat(): Promise<void> {
    const { database, executorId, host, beatMs } = this.#options
    await sql`
      insert into executor (id, host, heartbeat_at) values (${executorId}, ${host}, clock_timestamp())
      on conflict (id) do update set heartbeat_at = clock_timestamp(), host = excluded.host`.execute(
      database.kysely,
    )
    const now = performance.now()
    // also after a pause of this process alone: others may have taken over meanwhile, and been quiet as long
    if (this.#healthySince === null || now - this.#lastBeat > 3 * beatMs) this.#healthySince = now
    this.#lastBeat = now
  }

  async #takeOver(): Promise<void> {
    const { database, executorId, engineVersion, leaseMs, log } = this.#options
    if (this.#healthySince === null || performance.now() - this.#healthySince < leaseMs) return
    const { rows } = await sql<{ id: string }>`
      select distinct w.executor_id as id from dbos.workflow_status w
      left join executor e on e.id = w.executor_id
      where w.status = 'PENDING' and w.application_version = ${engineVersion} and w.executor_id <> ${executorId}
        and (e.id is null or e.heartbeat_at < clock_timestamp() - make_interval(secs => ${leaseMs / 1_000}))`.execute(
      database.kysely,
    )
    if (rows.length > 0) {
      const dead = rows.map((row) => row.id)
      log.warn({ dead }, 'taking over the work of dead executors')
      await DBOSExecutor.globalInstance?.recoverPendingWorkflows(dead)
    }
    await sql`
      delete from executor where heartbeat_at < clock_timestamp() - make_interval(secs => ${FORGET_AFTER_MS / 1_000})
    `.execute(database.kysely)
  }

  /**
   * Work that is this executor's by the rows, and does not run here: an outage between its claim and its start leaves
   * it so. In the same single statement with which the engine recovers.
   */
  async #pickUpStranded(): Promise<void> {
    const { database, executorId, engineVersion, leaseMs, log } = this.#options
    const engine = DBOSExecutor.globalInstance?.systemDatabase
    if (engine === undefined) return
    const { rows } = await sql<{ id: string }>`
      select workflow_uuid as id from dbos.workflow_status
      where status = 'PENDING' and application_version = ${engineVersion} and executor_id = ${executorId}
        and updated_at < (extract(epoch from clock_timestamp()) * 1000)::bigint - ${2 * leaseMs}`.execute(
      database.kysely,
    )
    const stranded = rows.map((row) => row.id).filter((id) => !engine.checkForRunningWorkflow(id))
    if (stranded.length === 0) return
    log.warn({ workflows: stranded }, 'starting again what an outage stranded')
    await sql`
      update dbos.workflow_status set status = 'ENQUEUED', owner_xid = null, started_at_epoch_ms = null,
        updated_at = (extract(epoch from clock_timestamp()) * 1000)::bigint
      where workflow_uuid = any(${stranded}) and status = 'PENDING' and executor_id = ${executorId}`.execute(
      database.kysely,
    )
  }
}
