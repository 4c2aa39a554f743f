import { sql } from 'kysely'
import type { Database } from '../db/index.ts'
import { withTransaction } from '../db/index.ts'
import { learnFacts } from './drafts.ts'
import { LANES } from './queue.ts'

/**
 * Says in the acknowledgements that went out before anybody had taken their incident who has now.
 * @returns how many it completed.
 */
export async function completeAcknowledgements(deps: { database: Database; now(): Date }): Promise<number> {
  const { rows } = await sql<{ id: string; by: string; severity: string }>`
    select d.id, i.acknowledged_by as by, i.severity
    from message_draft d join incident i on i.id = d.incident_id
    where d.kind = 'acknowledgement' and d.state = 'asked' and d.missing @> '["actor"]'
      and i.acknowledged_by is not null
    limit 100`.execute(deps.database.kysely)
  for (const { id, by, severity } of rows) {
    await withTransaction(deps.database, (trx) =>
      learnFacts(trx, deps.now(), {
        id,
        facts: { actor: plainName(by) },
        lane: severity === 'P1' ? LANES.first : LANES.normal,
      }),
    )
  }
  return rows.length
}

/** `ada` for `person:ada`. */
export const plainName = (actor: string): string => actor.replace(/^(?:person|rehearsal|agent):/, '')
