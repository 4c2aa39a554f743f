import { DBOS } from '@dbos-inc/dbos-sdk'
import { DBOSError } from '@dbos-inc/dbos-sdk/datasource'
import { sql } from 'kysely'
import { AppError } from '../base/error.ts'
import type { Logger } from '../base/log.ts'
import type { Database, Transaction } from '../db/index.ts'
import { createDatabase, createPool } from '../db/index.ts'
import { createContext, WAITS_FOR } from './context.ts'
import { Drain } from './drain.ts'
import { Heartbeat } from './heartbeat.ts'
import type { Reach, WorkflowContext, WorkflowEngine, WorkflowState } from './model.ts'

export interface EngineOptions {
  url: string
  /** For the ledger and the transactional steps; the engine has connections of its own beside it. */
  database: Database
  /** Unique among living processes: two with one id run each other's steps. */
  executorId: string
  host: string
  log: Logger
  /** Default 2,000 ms. */
  beatMs?: number
  /** Default 6,000 ms. */
  leaseMs?: number
  reach?: Reach
}

type Body = (context: WorkflowContext, input: unknown) => Promise<unknown>

/** Never renamed: the engine scopes its queues and versions by it. */
const APPLICATION = 'erlmcp'
/** Pinned. The engine's own default changes with every build and strands what runs then. */
export const ENGINE_VERSION = 'engine-1'
const QUEUE = 'erlmcp'
const QUEUE_POLL_MS = 100
const ABORT_GRACE_MS = 8_000
/** A run that is recovered very often is a sign, not a reason to give it up. */
const MAX_RECOVERIES = 10_000

/** The durable engine: DBOS Transact on PostgreSQL, with what it lacks. One per process; the engine is global there. */
export function createEngine(options: EngineOptions): WorkflowEngine {
  return new Engine(options)
}

class Engine implements WorkflowEngine {
  readonly #options: EngineOptions
  readonly #bodies = new Map<string, Body>()
  readonly #drain = new Drain()
  readonly #leaseMs: number
  #running: { heartbeat: Heartbeat; close(): Promise<void> } | null = null

  constructor(options: EngineOptions) {
    this.#options = options
    this.#leaseMs = options.leaseMs ?? 6_000
  }

  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- as in the interface
  define<I>(name: string, body: (context: WorkflowContext, input: I) => Promise<unknown>): void {
    if (this.#running !== null) throw new Error(`${name} is defined after the launch`)
    // what a workflow was started with is what its starter gave: the type is theirs to keep
    this.#bodies.set(name, (context, input) => body(context, input as I))
  }

  async launch(): Promise<void> {
    if (DBOS.isInitialized()) {
      throw new AppError('conflict', 'an engine runs in this process already', { action: 'Stop it first.' })
    }
    const { url, executorId, host, log } = this.#options
    for (const [name, body] of this.#bodies) this.#register(name, body)
    const pool = createPool({ url, name: 'engine', poolSize: 12 })
    // its own connection: an exhausted pool elsewhere is no sign of death
    const beats = createDatabase({ url, name: 'heartbeat', poolSize: 1 })
    const heartbeat = new Heartbeat({
      database: beats,
      executorId,
      host,
      engineVersion: ENGINE_VERSION,
      beatMs: this.#options.beatMs ?? 2_000,
      leaseMs: this.#leaseMs,
      log,
    })
    this.#running = {
      heartbeat,
      async close() {
        await heartbeat.stop()
        await Promise.all([beats.close(), pool.end()])
      },
    }
    DBOS.setConfig({
      name: APPLICATION,
      systemDatabaseUrl: url,
      systemDatabasePool: pool,
      executorID: executorId,
      applicationVersion: ENGINE_VERSION,
      enablePatching: true,
      runMigrations: false,
      logger: engineLog(log),
      listenQueues: [QUEUE],
    })
    try {
      await heartbeat.start()
      await DBOS.launch()
      await DBOS.registerQueue(QUEUE, { minPollingIntervalMs: QUEUE_POLL_MS, onConflict: 'always_update' })
    } catch (error) {
      await this.stop({ drainMs: 0 })
      throw error
    }
  }

  #register(name: string, body: Body): void {
    const { database, executorId, log } = this.#options
    const reach: Reach = this.#options.reach ?? (async () => undefined)
    const deps = { database, executorId, drain: this.#drain, reach }
    DBOS.registerWorkflow(
      async (input: unknown): Promise<null> => {
        const workflowId = DBOS.workflowID ?? ''
        try {
          await body(createContext(deps, workflowId), input)
          return null
        } catch (error) {
          // the engine's own: cancelled, or taken over by another replica
          if (!(error instanceof DBOSError)) {
            log.error({ err: error, workflowId, workflow: name }, 'a workflow ended by a fault')
          }
          throw error
        }
      },
      { name, maxRecoveryAttempts: MAX_RECOVERIES },
    )
  }

  async start(trx: Transaction, name: string, workflowId: string, input: unknown): Promise<void> {
    await sql`
      select dbos.enqueue_workflow(
        workflow_name => ${name}, queue_name => ${QUEUE},
        positional_args => array[${JSON.stringify(input ?? null)}::json],
        workflow_id => ${workflowId}, app_version => ${ENGINE_VERSION}, application_name => ${APPLICATION}
      )`.execute(trx)
  }

  async send(
    trx: Transaction,
    workflowId: string,
    topic: string,
    message: unknown,
    key: string,
  ): Promise<void> {
    // the engine's keys are one space for all workflows
    await sql`
      select dbos.send_message(
        ${workflowId}, ${JSON.stringify(message ?? null)}::json, ${topic}, ${`${workflowId}/${topic}/${key}`}
      )`.execute(trx)
  }

  async cancel(workflowId: string): Promise<void> {
    await DBOS.cancelWorkflow(workflowId)
    // wakes the workflow where it waits; it would find out at its next poll
    await sql`
      select pg_notify('dbos_notifications_channel', workflow_uuid || '::' || (value::jsonb #>> '{}'))
      from dbos.workflow_events where workflow_uuid = ${workflowId} and key = ${WAITS_FOR}`.execute(
      this.#options.database.kysely,
    )
  }

  async state(workflowId: string): Promise<WorkflowState | null> {
    const { rows } = await sql<{ status: string }>`
      select status from dbos.workflow_status where workflow_uuid = ${workflowId}`.execute(
      this.#options.database.kysely,
    )
    const status = rows[0]?.status
    if (status === undefined) return null
    if (status === 'SUCCESS') return 'succeeded'
    if (status === 'CANCELLED') return 'cancelled'
    return status === 'PENDING' || status === 'ENQUEUED' || status === 'DELAYED' ? 'pending' : 'failed'
  }

  unwell(): string[] {
    if (this.#running === null) return ['the engine does not run']
    if (this.#drain.draining) return ['draining']
    const { ageMs } = this.#running.heartbeat
    return ageMs > this.#leaseMs ? [`no heartbeat for ${Math.round(ageMs / 1_000)} s`] : []
  }

  async prune(before: Date): Promise<number> {
    const { kysely } = this.#options.database
    for (let pruned = 0; ;) {
      const { rows } = await sql<{ id: string }>`
        select workflow_uuid as id from dbos.workflow_status
        where status in ('SUCCESS', 'ERROR', 'CANCELLED') and updated_at < ${before.getTime()}
        order by updated_at limit 500`.execute(kysely)
      if (rows.length === 0) return pruned
      const ids = rows.map((row) => row.id)
      // ours first: what is left over when this stops in between is found again by the engine's row
      await kysely.deleteFrom('step_attempt').where('workflow_id', 'in', ids).execute()
      await kysely.deleteFrom('step_result').where('workflow_id', 'in', ids).execute()
      await DBOS.deleteWorkflows(ids)
      pruned += ids.length
    }
  }

  async stop(options: { drainMs: number }): Promise<void> {
    const running = this.#running
    if (running === null) return
    await this.#drain.finish(options.drainMs, ABORT_GRACE_MS)
    await DBOS.shutdown({ deregister: true })
    await running.close()
    this.#running = null
  }
}

/** The engine's own log: what it warns of matters, the rest is for debugging. */
function engineLog(log: Logger) {
  const child = log.child({ component: 'engine' })
  const text = (entry: unknown): string => (entry instanceof Error ? entry.message : String(entry))
  return {
    info: (entry: unknown) => child.debug({}, text(entry)),
    debug: (entry: unknown) => child.debug({}, text(entry)),
    // that workflows are left for the next start is what a stop is
    warn: (entry: unknown) =>
      text(entry).startsWith('Shutting down while')
        ? child.debug({}, text(entry))
        : child.warn({}, text(entry)),
    error: (entry: unknown) => child.error({ err: entry }, text(entry)),
  }
}
