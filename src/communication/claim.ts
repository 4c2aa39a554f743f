import { sql } from 'kysely'
import type { Transaction } from '../db/index.ts'
import type { Channel } from './channels/channel.ts'
import type { Destination } from './queue.ts'

/** A try without an outcome after this long was cut off by a crash: sending is given up after 10 s. */
export const CLAIM_MS = 15_000
/** A stamp this far ahead of the clock was set before the clock was put back. */
const AHEAD_MS = 5_000
/** A message that failed so often lets others of its destination go before it. */
const PATIENCE = 5

export interface Claimed extends Destination {
  id: string
  incidentId: string | null
  kind: string
  subject: string | null
  body: string
  data: Record<string, unknown>
  lane: number
  dedupKey: string
  updateKey: string | null
  threadKey: string | null
  fallbacks: Destination[]
  pageId: string | null
  attempts: number
  createdAt: Date
}

interface Head extends Claimed {
  destinationTarget: string
}

/**
 * Takes the next message of each destination that is open now, at most `limit`, and closes those destinations for the time
 * of one message. First by lane, then pages, then by age. A message of an incident goes never before an older one to the same
 * place; cards and what stands in their threads have an order of their own, and hold up nothing else.
 */
export async function claimMessages(
  trx: Transaction,
  at: Date,
  channels: readonly Channel[],
  limit: number,
  /** Channels that have enough to do. */
  busy: readonly string[] = [],
): Promise<Claimed[]> {
  await withdrawPages(trx)
  const heads = (await findHeads(trx, at, limit, busy)).toSorted((a, b) => compare(keyOf(a), keyOf(b)))
  const claimed: Claimed[] = []
  for (const head of heads) {
    const channel = channels.find((candidate) => candidate.name === head.channel)
    if (!(await openDestination(trx, at, head, 1_000 / (channel?.limits.perSecond ?? 1)))) continue
    const won = await trx
      .updateTable('message')
      .set((expression) => ({ claimed_at: at, attempts: expression('attempts', '+', 1) }))
      .where('id', '=', head.id)
      .where('state', '=', 'pending')
      .where((expression) =>
        expression.or([
          expression('claimed_at', 'is', null),
          expression('claimed_at', '<', before(at)),
          expression('claimed_at', '>', ahead(at)),
        ]),
      )
      .returning('attempts')
      .executeTakeFirst()
    if (won !== undefined) claimed.push({ ...head, attempts: won.attempts })
  }
  return claimed.toSorted((a, b) => a.lane - b.lane)
}

/** Pages whose reason is gone are not sent late to people who need not come any more. */
async function withdrawPages(trx: Transaction): Promise<void> {
  await sql`
    update message m set state = 'superseded', error = 'nobody has to come any more'
    from escalation_page p
    where m.state = 'pending' and m.claimed_at is null and m.page_id = p.id and p.withdrawn_at is not null`.execute(
    trx,
  )
}

const before = (at: Date): Date => new Date(at.getTime() - CLAIM_MS)
const ahead = (at: Date): Date => new Date(at.getTime() + AHEAD_MS)
const keyOf = (head: Head): string => `${head.channel}\n${head.destinationTarget}`
// rows of destinations are locked in one order, whoever locks them
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

async function findHeads(
  trx: Transaction,
  at: Date,
  limit: number,
  busy: readonly string[],
): Promise<Head[]> {
  const { rows } = await sql<Head>`
    select * from (
      select distinct on (m.channel, coalesce(m.target, ''))
        m.id, m.incident_id as "incidentId", m.kind, m.channel, m.target, m.subject, m.body, m.data, m.lane, m.attempts,
        m.dedup_key as "dedupKey", m.update_key as "updateKey", m.thread_key as "threadKey", m.fallbacks,
        m.page_id as "pageId", m.created_at as "createdAt", m.seq, coalesce(m.target, '') as "destinationTarget"
      from message m
      left join destination d on d.channel = m.channel and d.target = coalesce(m.target, '')
      where m.state = 'pending' and m.channel <> all(${busy})
        and (m.claimed_at is null or m.claimed_at < ${before(at)} or m.claimed_at > ${ahead(at)})
        and (d.open_at is null or d.open_at <= ${at} or d.set_at > ${ahead(at)})
        and not exists (
          select 1 from message e
          where e.state = 'pending' and e.channel = m.channel and coalesce(e.target, '') = coalesce(m.target, '')
            and e.incident_id = m.incident_id and e.seq < m.seq
            and ((e.update_key is null and e.thread_key is null) or e.update_key in (m.update_key, m.thread_key)
              or e.thread_key = m.thread_key))
      order by m.channel, coalesce(m.target, ''), m.lane, (m.attempts >= ${PATIENCE}), (m.page_id is null), m.seq
    ) head
    order by lane, seq
    limit ${limit}`.execute(trx)
  return rows
}

/** Takes the one slot that a destination has now; whoever is second gets none. */
async function openDestination(trx: Transaction, at: Date, head: Head, intervalMs: number): Promise<boolean> {
  const { rows } = await sql`
    insert into destination (channel, target, open_at, set_at)
    values (${head.channel}, ${head.destinationTarget}, ${new Date(at.getTime() + intervalMs)}, ${at})
    on conflict (channel, target) do update set open_at = excluded.open_at, set_at = excluded.set_at
    where destination.open_at <= ${at} or destination.set_at > ${ahead(at)}
    returning channel`.execute(trx)
  return rows.length > 0
}
