import { DBOS } from '@dbos-inc/dbos-sdk'
import { sql } from 'kysely'
import { delay } from '../base/clock.ts'
import type { Database } from '../db/index.ts'
import { isConnectionError, whenDatabaseIsBack } from '../db/index.ts'
import type { Drain } from './drain.ts'
import { standStill } from './drain.ts'
import { capture, release } from './fault.ts'
import type { Captured } from './fault.ts'
import { runEffect, runTransaction } from './ledger.ts'
import type { LedgerPlace } from './ledger.ts'
import type { Reach, WorkflowContext } from './model.ts'

export interface ContextDeps {
  database: Database
  executorId: string
  drain: Drain
  reach: Reach
}

/** What a waiting workflow waits for; a recorded marker, see `receive`. */
export const WAITS_FOR = 'waits-for'
/** A message wakes its receiver; this is for one that a lost connection swallowed. */
const RECEIVE_POLL_MS = 5_000
/** With growing pauses: about half a minute of a database that comes and goes. */
const STEP_TRIES = 12

export function createContext(deps: ContextDeps, workflowId: string): WorkflowContext {
  const { database, drain, reach } = deps
  return {
    workflowId,
    step: (name, body) =>
      recordedStep(deps, { workflowId, name, repeatable: true }, async (place, signal) => {
        const value = await againAfterOutage(database, signal, () => body(signal))
        await reach('step.done', place)
        return value
      }),
    transaction: (name, body) =>
      recordedStep(deps, { workflowId, name, repeatable: false }, async (place) => {
        const value = await runTransaction(database, place, body)
        await reach('transaction.committed', place)
        return value
      }),
    effect: (name, hooks, body) =>
      recordedStep(deps, { workflowId, name, repeatable: false }, (place, signal) =>
        runEffect(database, place, hooks, body, signal, reach),
      ),
    receive: async <T>(topic: string, timeoutMs: number): Promise<T | null> => {
      // before every wait: the engine's patches mistake a workflow that waits for one that has not come so far
      await drain.hold(DBOS.setEvent(WAITS_FOR, topic))
      await reach('receive.waiting', { workflowId, name: topic })
      return drain.hold(
        DBOS.recv<T>(topic, { timeoutSeconds: timeoutMs / 1_000, pollingIntervalMs: RECEIVE_POLL_MS }),
      )
    },
    sleep: (ms) => drain.hold(DBOS.sleep(ms)),
  }
}

/** The engine numbers steps in the order of these calls, so nothing may be awaited before `runStep`. */
async function recordedStep<T>(
  deps: ContextDeps,
  step: { workflowId: string; name: string; repeatable: boolean },
  body: (place: LedgerPlace, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { drain, executorId } = deps
  const { workflowId, name } = step
  if (DBOS.isInStep()) throw new Error(`"${name}" was begun inside another step of the workflow`)
  const perform = async (): Promise<Captured<T>> => {
    const stepNumber = DBOS.stepID
    const cancelled = DBOS.stepStatus?.cancelSignal
    if (stepNumber === undefined || cancelled === undefined) throw new Error('not inside a workflow')
    const place = { workflowId, stepNumber, name, executor: executorId }
    return capture(() => body(place, AbortSignal.any([drain.signal, cancelled])))
  }
  const recordable = async (): Promise<Captured<T>> => {
    const captured = await drain.run(perform)
    // interrupted by our own stop: that is no result; the step runs again after the next start
    return step.repeatable && drain.signal.aborted ? standStill() : captured
  }
  return release(await drain.hold(DBOS.runStep(recordable, { name })))
}

/** Runs the body again when our database went away under it; an outage is no outcome of a step. */
async function againAfterOutage<T>(
  database: Database,
  signal: AbortSignal,
  body: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await body()
    } catch (error) {
      // the same codes may come from elsewhere, so not for ever
      if (!isConnectionError(error) || attempt >= STEP_TRIES || signal.aborted) throw error
      await delay(Math.min(50 * 2 ** attempt, 5_000), signal)
      await whenDatabaseIsBack(() => sql`select 1`.execute(database.kysely))
    }
  }
}
