import { DBOSExecutor } from '@dbos-inc/dbos-sdk/internal/dbos-executor'
import { sql } from 'kysely'
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

/**
 * Says that this executor lives, and takes over the work of those that do not. The open-source engine recovers only an
 * executor's own work at its own start. After an outage of the database nobody is taken for dead until this executor's
 * own beats have been healthy for a lease: everybody's were missing.
 */
export class Heartbeat {
  readonly #options: HeartbeatOptions
  readonly #timers: NodeJS.Timeout[] = []
  #healthySince = Number.POSITIVE_INFINITY
  #lastBeat = 0

  constructor(options: HeartbeatOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    await this.#beat()
    const { beatMs, log } = this.#options
    this.#timers.push(
      setInterval(() => {
        this.#beat().catch(() => {
          this.#healthySince = Number.POSITIVE_INFINITY
        })
      }, beatMs),
      setInterval(
        () => {
          this.#takeOver().catch((error: unknown) =>
            log.warn({ err: error }, 'could not look for dead executors'),
          )
        },
        Math.max(250, Math.floor(beatMs / 2)),
      ),
    )
  }

  /** Milliseconds since the last beat that reached the database. */
  get ageMs(): number {
    return performance.now() - this.#lastBeat
  }

  /** Stops, and frees this executor's work for the others at once. */
  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    await this.#options.database.kysely
      .deleteFrom('executor')
      .where('id', '=', this.#options.executorId)
      .execute()
      .catch(() => undefined)
  }

  async #beat(): Promise<void> {
    const { database, executorId, host, beatMs } = this.#options
    await sql`
      insert into executor (id, host, heartbeat_at) values (${executorId}, ${host}, clock_timestamp())
      on conflict (id) do update set heartbeat_at = clock_timestamp(), host = excluded.host`.execute(
      database.kysely,
    )
    const now = performance.now()
    if (this.#healthySince === Number.POSITIVE_INFINITY || now - this.#lastBeat > 3 * beatMs)
      this.#healthySince = now
    this.#lastBeat = now
  }

  async #takeOver(): Promise<void> {
    const { database, executorId, engineVersion, leaseMs, log } = this.#options
    if (performance.now() - this.#healthySince < leaseMs) return
    const { rows } = await sql<{ executor_id: string }>`
      select distinct w.executor_id from dbos.workflow_status w
      left join executor e on e.id = w.executor_id
      where w.status = 'PENDING' and w.application_version = ${engineVersion} and w.executor_id <> ${executorId}
        and (e.id is null or e.heartbeat_at < clock_timestamp() - make_interval(secs => ${leaseMs / 1_000}))`.execute(
      database.kysely,
    )
    if (rows.length === 0) return
    const dead = rows.map((row) => row.executor_id)
    log.warn({ dead }, 'taking over the work of dead executors')
    await DBOSExecutor.globalInstance?.recoverPendingWorkflows(dead)
  }
}
