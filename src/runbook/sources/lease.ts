import { sql } from 'kysely'
import type { Clock } from '../../base/clock.ts'
import { newId } from '../../base/id.ts'
import type { Database, Transaction } from '../../db/index.ts'

/** The right to poll a source, which one process has at a time. */
export interface Lease {
  lastCommit: string | null
  /** Whether it is still this process's; asked inside the transaction that writes. */
  isHeld(trx: Transaction): Promise<boolean>
  /** Ends it, until `pauseSeconds` have passed. A request that came meanwhile is answered by another poll at once. */
  giveBack(pauseSeconds: number): Promise<void>
}

/** So long may a dead process keep the others from polling. */
const LEASE_MS = 60_000
const RENEW_MS = 15_000

/** `null` while it is not time yet, or another process polls. Renewed until it is given back. */
export async function takeLease(
  { database, clock }: { database: Database; clock: Clock },
  name: string,
): Promise<Lease | null> {
  const poller = newId('poll')
  const takenAt = clock.now()
  const later = (ms: number): Date => new Date(clock.now().getTime() + ms)
  const row = await database.kysely
    .updateTable('page_source')
    .set({ poller, polling_until: later(LEASE_MS) })
    .where('name', '=', name)
    .where('next_poll_at', '<=', takenAt)
    .where((eb) => eb.or([eb('polling_until', 'is', null), eb('polling_until', '<', takenAt)]))
    .returning('commit_id')
    .executeTakeFirst()
  if (row === undefined) return null
  const mine = () =>
    database.kysely.updateTable('page_source').where('name', '=', name).where('poller', '=', poller)
  const renewal = setInterval(() => {
    // what the database cannot take now is taken at the next time, or the lease passes
    mine()
      .set({ polling_until: later(LEASE_MS) })
      .execute()
      .catch(() => undefined)
  }, RENEW_MS)
  return {
    lastCommit: row.commit_id,
    async isHeld(trx) {
      const held = await trx
        .selectFrom('page_source')
        .select('name')
        .where('name', '=', name)
        .where('poller', '=', poller)
        .forUpdate()
        .executeTakeFirst()
      return held !== undefined
    },
    async giveBack(pauseSeconds) {
      clearInterval(renewal)
      const next = later(pauseSeconds * 1_000)
      await mine()
        .set({
          poller: null,
          polling_until: null,
          next_poll_at: sql<Date>`case when requested_at > ${takenAt} then requested_at else ${next} end`,
        })
        .execute()
    },
  }
}
