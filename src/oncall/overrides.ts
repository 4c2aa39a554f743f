import type { Database, Transaction } from '../db/index.ts'
import type { Override } from './rotation.ts'

/** Overrides that were made by operation and are not over at `at`, in the order in which they were made. */
export async function readOverrides(
  trx: Transaction | Database['kysely'],
  at: Date,
): Promise<(Override & { id: string; reason: string; createdBy: string })[]> {
  const rows = await trx
    .selectFrom('oncall_override')
    .selectAll()
    .where('cancelled_at', 'is', null)
    .where('to_at', '>', at)
    .orderBy('created_at')
    .orderBy('id')
    .execute()
  return rows.map((row) => ({
    id: row.id,
    rotation: row.rotation,
    person: row.person,
    from: row.from_at,
    to: row.to_at,
    reason: row.reason,
    createdBy: row.created_by,
  }))
}
