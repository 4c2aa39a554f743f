import { sql } from 'kysely'
import type { Clock } from '../base/clock.ts'
import { AppError } from '../base/error.ts'
import type { Logger } from '../base/log.ts'
import type { Database } from '../db/index.ts'

/** What one process took is taken by another when nothing has become of it. */
const CLAIM_MS = 60_000
const MAX_ATTEMPTS = 3
const KEPT_MS = 7 * 86_400_000
const AT_ONCE = 8

export type InboundSource = 'slack' | 'pagerduty'

/** Stores what came, before it is answered. @returns false when it came before. */
export async function storeInbound(
  database: Database,
  at: Date,
  source: InboundSource,
  request: { id: string },
): Promise<boolean> {
  const inserted = await database.kysely
    .insertInto('inbound_request')
    .values({ source, id: request.id, received_at: at, payload: JSON.stringify(request), claimed_at: null })
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .executeTakeFirst()
  return inserted !== undefined
}

/** Works on what is stored, the oldest first; a process that dies in it leaves it to be done again. @returns how many. */
export async function workInbound(
  deps: { database: Database; clock: Clock; log: Logger },
  workers: Partial<Record<InboundSource, (payload: unknown) => Promise<string>>>,
): Promise<number> {
  const { database, clock, log } = deps
  const at = clock.now()
  const { rows } = await sql<{ source: InboundSource; id: string; payload: unknown; attempts: number }>`
    update inbound_request r set claimed_at = ${at}, attempts = attempts + 1
    from (
      select source, id from inbound_request
      where done_at is null and (claimed_at is null or claimed_at < ${new Date(at.getTime() - CLAIM_MS)})
      order by received_at limit ${AT_ONCE} for update skip locked
    ) due
    where r.source = due.source and r.id = due.id
    returning r.source, r.id, r.payload, r.attempts`.execute(database.kysely)
  const finish = (row: { source: string; id: string }, outcome: string): Promise<unknown> =>
    database.kysely
      .updateTable('inbound_request')
      .set({ done_at: clock.now(), outcome: outcome.slice(0, 500) })
      .where('source', '=', row.source)
      .where('id', '=', row.id)
      .execute()
  await Promise.all(
    rows.map(async (row) => {
      const work = workers[row.source]
      try {
        await finish(row, work === undefined ? 'not configured any more' : await work(row.payload))
      } catch (error) {
        log.warn({ err: error, source: row.source, id: row.id }, 'what came in could not be worked on')
        if (error instanceof AppError || row.attempts >= MAX_ATTEMPTS) await finish(row, 'failed')
      }
    }),
  )
  return rows.length
}

/** Forgets what is done; repeats come within minutes, PagerDuty's within two days. */
export const pruneInbound = (database: Database, at: Date): Promise<unknown> =>
  database.kysely
    .deleteFrom('inbound_request')
    .where('done_at', '<', new Date(at.getTime() - KEPT_MS))
    .execute()
