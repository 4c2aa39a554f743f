import { assertStillOwnsWorkflow } from '@dbos-inc/dbos-sdk/datasource'
import { AppError, messageOf } from '../base/error.ts'
import { newUuid } from '../base/id.ts'
import type { Database, Transaction } from '../db/index.ts'
import { whenDatabaseIsBack, withTransaction } from '../db/index.ts'
import type { CrashPoint, EffectHooks, Outcome, Refused } from './model.ts'

export interface LedgerPlace {
  workflowId: string
  stepNumber: number
  name: string
  executor: string
}

type Claim =
  | { kind: 'mine' }
  | { kind: 'finished'; outcome: unknown }
  | { kind: 'open'; startedAt: Date; executor: string }

/**
 * Runs an effect at most once for its place in a workflow. The engine alone would silently run an interrupted step
 * again; here a claim without an outcome that is not ours is an unknown outcome.
 */
export async function runEffect<T>(
  database: Database,
  place: LedgerPlace,
  hooks: EffectHooks<T>,
  body: () => Promise<T>,
  reach: (point: CrashPoint) => Promise<void>,
): Promise<Outcome<T> | Refused> {
  const nonce = newUuid()
  let claim: Claim
  try {
    // an outage must not fail the run, and a commit whose answer was lost is recognised by the nonce
    claim = await whenDatabaseIsBack(() =>
      withTransaction(database, (trx) => claimIn(trx, place, nonce, hooks)),
    )
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return { kind: 'refused', code: error.code, message: error.message, action: error.action }
  }
  if (claim.kind === 'finished') return claim.outcome as Outcome<T>
  if (claim.kind === 'open') {
    return settle(database, place, hooks, {
      kind: 'unknown',
      startedAt: claim.startedAt.toISOString(),
      executor: claim.executor,
    })
  }
  await reach('ledger.claimed')
  let outcome: Outcome<T>
  try {
    outcome = { kind: 'done', value: await body() }
  } catch (error) {
    outcome = { kind: 'failed', error: messageOf(error) }
  }
  await reach('effect.done')
  const settled = await settle(database, place, hooks, outcome)
  await reach('outcome.saved')
  return settled
}

async function claimIn<T>(
  trx: Transaction,
  place: LedgerPlace,
  nonce: string,
  hooks: EffectHooks<T>,
): Promise<Claim> {
  const inserted = await trx
    .insertInto('step_attempt')
    .values({
      workflow_id: place.workflowId,
      step_number: place.stepNumber,
      name: place.name,
      executor: place.executor,
      nonce,
    })
    .onConflict((conflict) => conflict.columns(['workflow_id', 'step_number']).doNothing())
    .returning('nonce')
    .executeTakeFirst()
  if (inserted === undefined) {
    const row = await trx
      .selectFrom('step_attempt')
      .selectAll()
      .where('workflow_id', '=', place.workflowId)
      .where('step_number', '=', place.stepNumber)
      .forUpdate()
      .executeTakeFirstOrThrow()
    if (row.nonce === nonce) return { kind: 'mine' }
    if (row.finished_at !== null) return { kind: 'finished', outcome: row.outcome }
    return { kind: 'open', startedAt: row.started_at, executor: row.executor }
  }
  // a replica that was taken over while it slept must not begin anything
  await assertStillOwnsWorkflow(place.workflowId)
  await hooks.claim(trx)
  return { kind: 'mine' }
}

/** Records an outcome unless another execution was first; then that one counts. */
async function settle<T>(
  database: Database,
  place: LedgerPlace,
  hooks: EffectHooks<T>,
  outcome: Outcome<T>,
): Promise<Outcome<T>> {
  return whenDatabaseIsBack(() =>
    withTransaction(database, async (trx) => {
      const updated = await trx
        .updateTable('step_attempt')
        .set({ finished_at: new Date(), outcome: JSON.stringify(outcome) })
        .where('workflow_id', '=', place.workflowId)
        .where('step_number', '=', place.stepNumber)
        .where('finished_at', 'is', null)
        .returning('name')
        .executeTakeFirst()
      if (updated !== undefined) {
        await hooks.settle(trx, outcome)
        return outcome
      }
      const row = await trx
        .selectFrom('step_attempt')
        .select('outcome')
        .where('workflow_id', '=', place.workflowId)
        .where('step_number', '=', place.stepNumber)
        .executeTakeFirstOrThrow()
      return row.outcome as Outcome<T>
    }),
  )
}

/** Runs business SQL and the record of the step in one commit; a step that was committed returns its record. */
export async function runTransaction<T>(
  database: Database,
  place: LedgerPlace,
  body: (trx: Transaction) => Promise<T>,
): Promise<T> {
  return whenDatabaseIsBack(() =>
    withTransaction(database, async (trx) => {
      const key = { workflow_id: place.workflowId, step_number: place.stepNumber }
      const claimed = await trx
        .insertInto('step_result')
        .values({ ...key, result: null })
        .onConflict((conflict) => conflict.columns(['workflow_id', 'step_number']).doNothing())
        .returning('step_number')
        .executeTakeFirst()
      if (claimed === undefined) {
        const row = await trx
          .selectFrom('step_result')
          .select('result')
          .where('workflow_id', '=', place.workflowId)
          .where('step_number', '=', place.stepNumber)
          .executeTakeFirstOrThrow()
        return (row.result as { value: T }).value
      }
      await assertStillOwnsWorkflow(place.workflowId)
      const value = await body(trx)
      await trx
        .updateTable('step_result')
        .set({ result: JSON.stringify({ value }) })
        .where('workflow_id', '=', place.workflowId)
        .where('step_number', '=', place.stepNumber)
        .execute()
      return value
    }),
  )
}
