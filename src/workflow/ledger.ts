import { assertStillOwnsWorkflow, DBOSError } from '@dbos-inc/dbos-sdk/datasource'
import { sql } from 'kysely'
import { AppError, messageOf } from '../base/error.ts'
import { newUuid } from '../base/id.ts'
import type { Database, Transaction } from '../db/index.ts'
import { isConnectionError, whenDatabaseIsBack, withTransaction } from '../db/index.ts'
import { decode, encode } from './json.ts'
import type { EffectHooks, Outcome, Reach, Refused } from './model.ts'

/** A step of a workflow, and who runs it. */
export interface LedgerPlace {
  workflowId: string
  stepNumber: number
  name: string
  executor: string
}

type Claim<T> =
  | { kind: 'mine'; startedAt: Date }
  | { kind: 'finished'; outcome: Outcome<T> }
  | { kind: 'open'; startedAt: Date; executor: string }

/**
 * Runs an effect at most once for its place in a workflow. The engine alone would silently run an interrupted step
 * again; here a claim without an outcome that is not ours is an unknown outcome.
 */
export async function runEffect<T>(
  database: Database,
  place: LedgerPlace,
  hooks: EffectHooks<T>,
  body: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
  reach: Reach,
): Promise<Outcome<T> | Refused> {
  const nonce = newUuid()
  let claim: Claim<T>
  try {
    // an outage must not fail the run, and a commit whose answer was lost is recognised by the nonce
    claim = await whenDatabaseIsBack(() =>
      withTransaction(database, (trx) => claimIn(trx, place, nonce, hooks)),
    )
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return { kind: 'refused', code: error.code, message: error.message, action: error.action }
  }
  if (claim.kind === 'finished') return claim.outcome
  if (claim.kind === 'open') {
    return settle(database, place, hooks, unknown(claim, 'erlmcp ended before it knew the outcome'))
  }
  await reach('ledger.claimed', place)
  const outcome = await attempt(body, signal, { startedAt: claim.startedAt, executor: place.executor })
  await reach('effect.done', place)
  const settled = await settle(database, place, hooks, outcome)
  await reach('outcome.saved', place)
  return settled
}

async function attempt<T>(
  body: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
  begun: { startedAt: Date; executor: string },
): Promise<Outcome<T>> {
  try {
    return { kind: 'done', value: decode(encode(await body(signal))) as T }
  } catch (error) {
    if (error instanceof DBOSError) throw error
    // how far it got before it was interrupted, nobody can say
    if (signal.aborted) return unknown(begun, `it was stopped: ${messageOf(signal.reason)}`)
    if (isConnectionError(error))
      return unknown(begun, `the database was lost meanwhile: ${messageOf(error)}`)
    return { kind: 'failed', error: messageOf(error) }
  }
}

const unknown = (begun: { startedAt: Date; executor: string }, reason: string) => ({
  kind: 'unknown' as const,
  startedAt: begun.startedAt.toISOString(),
  executor: begun.executor,
  reason,
})

async function claimIn<T>(
  trx: Transaction,
  place: LedgerPlace,
  nonce: string,
  hooks: EffectHooks<T>,
): Promise<Claim<T>> {
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
    .returning('started_at')
    .executeTakeFirst()
  // a replica that was taken over while it slept must neither begin anything nor settle what another has begun
  await assertStillOwnsWorkflow(place.workflowId)
  if (inserted !== undefined) {
    await hooks.claim(trx)
    return { kind: 'mine', startedAt: inserted.started_at }
  }
  const row = await trx
    .selectFrom('step_attempt')
    .selectAll()
    .where('workflow_id', '=', place.workflowId)
    .where('step_number', '=', place.stepNumber)
    .executeTakeFirstOrThrow()
  if (row.finished_at !== null) return { kind: 'finished', outcome: recorded(row.outcome) as Outcome<T> }
  if (row.nonce === nonce) return { kind: 'mine', startedAt: row.started_at }
  return { kind: 'open', startedAt: row.started_at, executor: row.executor }
}

/** Records an outcome unless another execution was first; then that one counts. */
async function settle<T>(
  database: Database,
  place: LedgerPlace,
  hooks: EffectHooks<T>,
  outcome: Outcome<T>,
): Promise<Outcome<T>> {
  const text = encode(outcome)
  return whenDatabaseIsBack(() =>
    withTransaction(database, async (trx) => {
      const updated = await trx
        .updateTable('step_attempt')
        .set({ finished_at: sql<Date>`clock_timestamp()`, outcome: text })
        .where('workflow_id', '=', place.workflowId)
        .where('step_number', '=', place.stepNumber)
        .where('finished_at', 'is', null)
        .returning('name')
        .executeTakeFirst()
      if (updated !== undefined) {
        const kept = decode(text) as Outcome<T>
        await hooks.settle(trx, kept)
        return kept
      }
      const row = await trx
        .selectFrom('step_attempt')
        .select('outcome')
        .where('workflow_id', '=', place.workflowId)
        .where('step_number', '=', place.stepNumber)
        .executeTakeFirstOrThrow()
      return recorded(row.outcome) as Outcome<T>
    }),
  )
}

/** Runs business SQL and the record of the step in one commit; a step that was committed returns its record. */
export async function runTransaction<T>(
  database: Database,
  place: LedgerPlace,
  body: (trx: Transaction) => Promise<T>,
): Promise<T> {
  return whenDatabaseIsBack(() => withTransaction(database, (trx) => transactIn(trx, place, body)))
}

async function transactIn<T>(
  trx: Transaction,
  place: LedgerPlace,
  body: (trx: Transaction) => Promise<T>,
): Promise<T> {
  const claimed = await trx
    .insertInto('step_result')
    .values({ workflow_id: place.workflowId, step_number: place.stepNumber, result: null })
    .onConflict((conflict) => conflict.columns(['workflow_id', 'step_number']).doNothing())
    .returning('step_number')
    .executeTakeFirst()
  // after the insert: a later owner's insert of the same row waits for this commit
  await assertStillOwnsWorkflow(place.workflowId)
  if (claimed === undefined) {
    const row = await trx
      .selectFrom('step_result')
      .select('result')
      .where('workflow_id', '=', place.workflowId)
      .where('step_number', '=', place.stepNumber)
      .executeTakeFirstOrThrow()
    return recorded(row.result) as T
  }
  const text = encode(await body(trx))
  await trx
    .updateTable('step_result')
    .set({ result: text })
    .where('workflow_id', '=', place.workflowId)
    .where('step_number', '=', place.stepNumber)
    .execute()
  return decode(text) as T
}

/** What `encode` wrote, as the driver gives a jsonb column: parsed. It has the type that the step's first run had. */
const recorded = (column: unknown): unknown => decode(JSON.stringify(column))
