import { sql } from 'kysely'
import type { Transaction } from '../db/index.ts'

/** Binds the episodes of one group that belong to no incident yet. An episode keeps the incident it has. */
export async function attachAlerts(
  trx: Transaction,
  source: string,
  groupKey: string,
  incidentId: string,
): Promise<void> {
  await sql`
    update alert set incident_id = ${incidentId}
    where source = ${source} and group_key = ${groupKey} and incident_id is null and status = 'firing'`.execute(
    trx,
  )
}

/** How many episodes of an incident still fire. */
export async function countFiring(trx: Transaction, incidentId: string): Promise<number> {
  const row = await trx
    .selectFrom('alert')
    .select((expression) => expression.fn.countAll<string>().as('n'))
    .where('incident_id', '=', incidentId)
    .where('status', '=', 'firing')
    .executeTakeFirstOrThrow()
  return Number(row.n)
}
