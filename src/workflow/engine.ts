import { DBOS } from '@dbos-inc/dbos-sdk'
import { sql } from 'kysely'
import type pg from 'pg'
import { delay } from '../base/clock.ts'
import { AppError } from '../base/error.ts'
import type { Logger } from '../base/log.ts'
import type { Database, Transaction } from '../db/index.ts'
import { createPool } from '../db/index.ts'
import { Heartbeat } from './heartbeat.ts'
import { runEffect, runTransaction } from './ledger.ts'
import type { LedgerPlace } from './ledger.ts'
import type { CrashPoint, WorkflowContext, WorkflowEngine, WorkflowState } from './model.ts'

export interface EngineOptions {
  url: string
  database: Database
  /** Unique among living processes: two with one id run each other's steps. */
  executorId: string
  host: string
  log: Logger
  /** Default 2,000 ms. */
  beatMs?: number
  /** Default 6,000 ms. */
  leaseMs?: number
  /** Called at each commit point; tests stop the process there. */
  reach?: (point: CrashPoint) => Promise<void>
}

/** Never renamed: the engine scopes its queues and versions by it. */
const APPLICATION = 'erlmcp'
/** Pinned. The engine's own default changes with every build and strands what runs then. */
export const ENGINE_VERSION = 'engine-1'
const QUEUE = 'erlmcp'
const QUEUE_POLL_MS = 50
const RECEIVE_POLL_MS = 1_000
const ABORT_GRACE_MS = 8_000

/** The durable engine: DBOS Transact on PostgreSQL, with what it lacks. One per process; the engine is global there. */
export function createEngine(options: EngineOptions): WorkflowEngine {
  return new Engine(options)
}

class Engine implements WorkflowEngine {
  readonly #options: EngineOptions
  readonly #heartbeat: Heartbeat
  readonly #stopping = new AbortController()
  #draining = false
  #active = 0
  #pool: pg.Pool | null = null

  constructor(options: EngineOptions) {
    this.#options = options
    this.#heartbeat = new Heartbeat({
      database: options.database,
      executorId: options.executorId,
      host: options.host,
      engineVersion: ENGINE_VERSION,
      beatMs: options.beatMs ?? 2_000,
      leaseMs: options.leaseMs ?? 6_000,
      log: options.log,
    })
  }

  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- as in the interface
  define<I>(name: string, body: (context: WorkflowContext, input: I) => Promise<unknown>): void {
    const { log } = this.#options
    DBOS.registerWorkflow(
      async (input: I): Promise<void> => {
        const workflowId = DBOS.workflowID ?? ''
        try {
          await body(this.#context(workflowId), input)
        } catch (error) {
          log.error({ err: error, workflowId, workflow: name }, 'a workflow ended by a fault')
          throw error
        }
      },
      { name, maxRecoveryAttempts: 10_000 },
    )
  }

  async launch(): Promise<void> {
    const { url, executorId, log } = this.#options
    this.#pool = createPool({ url, name: 'engine', poolSize: 12 })
    DBOS.setConfig({
      name: APPLICATION,
      systemDatabaseUrl: url,
      systemDatabasePool: this.#pool,
      executorID: executorId,
      applicationVersion: ENGINE_VERSION,
      enablePatching: true,
      runMigrations: false,
      logger: quiet(log),
      listenQueues: [QUEUE],
    })
    await this.#heartbeat.start()
    await DBOS.launch()
    await DBOS.registerQueue(QUEUE, { minPollingIntervalMs: QUEUE_POLL_MS })
  }

  async start(trx: Transaction, name: string, workflowId: string, input: unknown): Promise<void> {
    await sql`
      select dbos.enqueue_workflow(
        workflow_name => ${name}, queue_name => ${QUEUE}, positional_args => array[${JSON.stringify(input)}::json],
        workflow_id => ${workflowId}, app_version => ${ENGINE_VERSION}, application_name => ${APPLICATION})`.execute(
      trx,
    )
  }

  async send(
    trx: Transaction,
    workflowId: string,
    topic: string,
    message: unknown,
    key: string,
  ): Promise<void> {
    await sql`
      select dbos.send_message(${workflowId}, ${JSON.stringify(message)}::json, ${topic}, ${key})`.execute(
      trx,
    )
  }

  async cancel(workflowId: string): Promise<void> {
    await DBOS.cancelWorkflow(workflowId)
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
    const reasons: string[] = []
    if (this.#draining) reasons.push('draining')
    const ageMs = this.#heartbeat.ageMs
    if (ageMs > (this.#options.leaseMs ?? 6_000))
      reasons.push(`no heartbeat for ${Math.round(ageMs / 1_000)} s`)
    return reasons
  }

  async prune(before: Date): Promise<number> {
    const { rows } = await sql<{ workflow_uuid: string }>`
      select workflow_uuid from dbos.workflow_status
      where status in ('SUCCESS','ERROR','CANCELLED') and updated_at < ${before.getTime()} limit 1000`.execute(
      this.#options.database.kysely,
    )
    const ids = rows.map((row) => row.workflow_uuid)
    if (ids.length === 0) return 0
    await DBOS.deleteWorkflows(ids)
    await this.#options.database.kysely.deleteFrom('step_attempt').where('workflow_id', 'in', ids).execute()
    await this.#options.database.kysely.deleteFrom('step_result').where('workflow_id', 'in', ids).execute()
    return ids.length
  }

  async stop(options: { drainMs: number }): Promise<void> {
    this.#draining = true
    await this.#idle(options.drainMs)
    this.#stopping.abort(new Error('erlmcp is stopping'))
    await this.#idle(ABORT_GRACE_MS)
    await DBOS.shutdown({ deregister: true })
    await this.#heartbeat.stop()
    await this.#pool?.end().catch(() => undefined)
    this.#pool = null
  }

  async #idle(limitMs: number): Promise<void> {
    const limit = performance.now() + limitMs
    while (this.#active > 0 && performance.now() < limit) await delay(20)
  }

  /** While draining no step begins: the workflow stands still here and goes on elsewhere, or at the next start. */
  async #run<T>(body: (place: { stepNumber: number; signal: AbortSignal }) => Promise<T>): Promise<T> {
    if (this.#draining) await new Promise<never>(() => undefined)
    this.#active += 1
    try {
      const stepNumber = DBOS.stepID
      if (stepNumber === undefined) throw new Error('not inside a step of a workflow')
      const cancel = DBOS.stepStatus?.cancelSignal
      const signal =
        cancel === undefined ? this.#stopping.signal : AbortSignal.any([this.#stopping.signal, cancel])
      return await body({ stepNumber, signal })
    } finally {
      this.#active -= 1
    }
  }

  #context(workflowId: string): WorkflowContext {
    const { database, executorId } = this.#options
    const reach = this.#options.reach ?? (async () => undefined)
    const place = (name: string, stepNumber: number): LedgerPlace => ({
      workflowId,
      stepNumber,
      name,
      executor: executorId,
    })
    return {
      workflowId,
      step: (name, body) =>
        DBOS.runStep(
          async () => {
            const result = await this.#run(({ signal }) => body(signal))
            // interrupted by our own stop: that is no result; the step runs again after the next start
            if (this.#stopping.signal.aborted) await new Promise<never>(() => undefined)
            await reach('step.done')
            return result
          },
          { name },
        ),
      transaction: (name, body) =>
        DBOS.runStep(
          () =>
            this.#run(async ({ stepNumber }) => {
              const result = await runTransaction(database, place(name, stepNumber), body)
              await reach('transaction.committed')
              return result
            }),
          { name },
        ),
      effect: (name, hooks, body) =>
        DBOS.runStep(
          () =>
            this.#run(({ stepNumber, signal }) =>
              runEffect(database, place(name, stepNumber), hooks, () => body(signal), reach),
            ),
          { name },
        ),
      receive: async <T>(topic: string, timeoutMs: number): Promise<T | null> => {
        // a recorded marker before every wait: a patch of the code can be told from one that waits here
        await DBOS.setEvent('waits', topic)
        await reach('receive.waiting')
        return DBOS.recv<T>(topic, { timeoutSeconds: timeoutMs / 1_000, pollingIntervalMs: RECEIVE_POLL_MS })
      },
      sleep: (ms) => DBOS.sleep(ms),
    }
  }
}

/** The engine's own log: what it warns of matters, the rest is for debugging. */
function quiet(log: Logger) {
  const child = log.child({ component: 'engine' })
  const text = (entry: unknown): string => (entry instanceof Error ? entry.message : String(entry))
  return {
    info: (entry: unknown) => child.debug({}, text(entry)),
    debug: (entry: unknown) => child.debug({}, text(entry)),
    warn: (entry: unknown) => child.warn({}, text(entry)),
    error: (entry: unknown) => child.error({ err: entry }, text(entry)),
  }
}

/** @throws AppError `usage` when two engines would share one process. */
export function assertNoEngine(): void {
  if (!DBOS.isInitialized()) return
  throw new AppError('usage', 'an engine runs in this process already', { action: 'Stop it first.' })
}
