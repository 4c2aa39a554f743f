import type { Selectable } from 'kysely'
import type { Database, Transaction } from '../../db/index.ts'
import type { RehearsalProofTable } from '../../db/schema.ts'
import type { Proof } from './model.ts'

/** Stores proofs that are not there yet. @returns how many were new. */
export async function recordProofs(
  trx: Transaction,
  at: Date,
  by: string,
  proofs: readonly Proof[],
): Promise<number> {
  if (proofs.length === 0) return 0
  const stored = await trx
    .insertInto('rehearsal_proof')
    .values(proofs.map((proof) => rowOf(proof, at, by)))
    .onConflict((conflict) => conflict.column('id').doNothing())
    .returning('id')
    .execute()
  return stored.length
}

const rowOf = (proof: Proof, at: Date, by: string) => ({
  id: proof.id,
  scenario: proof.scenario,
  target: proof.target,
  page_path: proof.page,
  procedure_id: proof.procedure,
  content_hash: proof.contentHash,
  commit_id: proof.commit,
  started_at: new Date(proof.at),
  speed: proof.speed,
  passed: proof.passed,
  reason: proof.reason,
  incident: proof.incident,
  severity: proof.severity,
  response_time_seconds: proof.responseTimeSeconds,
  seconds_to_detect: proof.secondsToDetect,
  seconds_to_acknowledge: proof.secondsToAcknowledge,
  seconds_to_mitigate: proof.secondsToMitigate,
  seconds_to_resolve: proof.secondsToResolve,
  commands: JSON.stringify(proof.commands),
  recorded_at: at,
  recorded_by: by,
})

export interface StoredProof extends Proof {
  recordedAt: string
  recordedBy: string
}

export interface ProofFilter {
  page?: string | undefined
  procedure?: string | undefined
  scenario?: string | undefined
  passed?: boolean | undefined
  limit: number
}

/** Newest first. */
export async function listProofs(database: Database, filter: ProofFilter): Promise<StoredProof[]> {
  let query = database.kysely
    .selectFrom('rehearsal_proof')
    .selectAll()
    .orderBy('started_at', 'desc')
    .orderBy('id')
    .limit(filter.limit)
  if (filter.page !== undefined) query = query.where('page_path', '=', filter.page)
  if (filter.procedure !== undefined) query = query.where('procedure_id', '=', filter.procedure)
  if (filter.scenario !== undefined) query = query.where('scenario', '=', filter.scenario)
  if (filter.passed !== undefined) query = query.where('passed', '=', filter.passed)
  return (await query.execute()).map(proofOf)
}

export async function findProof(database: Database, id: string): Promise<StoredProof | null> {
  const row = await database.kysely
    .selectFrom('rehearsal_proof')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst()
  return row === undefined ? null : proofOf(row)
}

/** The newest rehearsal of each scenario on each text: all that decides how a page stands. */
export async function decidingProofs(database: Database): Promise<StoredProof[]> {
  const rows = await database.kysely
    .selectFrom('rehearsal_proof')
    .distinctOn(['scenario', 'target', 'page_path', 'procedure_id', 'content_hash'])
    .selectAll()
    .orderBy('scenario')
    .orderBy('target')
    .orderBy('page_path')
    .orderBy('procedure_id')
    .orderBy('content_hash')
    .orderBy('started_at', 'desc')
    .execute()
  return rows.map(proofOf)
}

const proofOf = (row: Selectable<RehearsalProofTable>): StoredProof => ({
  id: row.id,
  scenario: row.scenario,
  page: row.page_path,
  procedure: row.procedure_id,
  contentHash: row.content_hash,
  commit: row.commit_id,
  target: row.target,
  at: row.started_at.toISOString(),
  speed: row.speed,
  passed: row.passed,
  reason: row.reason,
  incident: row.incident,
  severity: row.severity,
  responseTimeSeconds: row.response_time_seconds,
  secondsToDetect: row.seconds_to_detect,
  secondsToAcknowledge: row.seconds_to_acknowledge,
  secondsToMitigate: row.seconds_to_mitigate,
  secondsToResolve: row.seconds_to_resolve,
  commands: row.commands as string[],
  recordedAt: row.recorded_at.toISOString(),
  recordedBy: row.recorded_by,
})
