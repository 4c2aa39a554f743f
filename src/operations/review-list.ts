import { sql } from 'kysely'
import type { Transaction } from '../db/index.ts'
import type { Actor } from '../access/index.ts'
import type { InputOf } from './catalogue.ts'
import type { OperationDeps } from './deps.ts'
import { incidentSeenBy } from './sight.ts'

export interface Demand {
  reason: string
  by: string
  at: Date
}

/** Why a review is owed; `null` when it is not, or is done. */
export async function demandOf(
  trx: Pick<Transaction, 'selectFrom'>,
  incidentId: string,
): Promise<Demand | null> {
  const row = await trx
    .selectFrom('review_demand')
    .leftJoin('review_text', 'review_text.incident_id', 'review_demand.incident_id')
    .select(['reason', 'demanded_by', 'demanded_at'])
    .where('review_demand.incident_id', '=', incidentId)
    .where('review_text.completed_at', 'is', null)
    .executeTakeFirst()
  return row === undefined ? null : { reason: row.reason, by: row.demanded_by, at: row.demanded_at }
}

export async function listReviews(
  deps: OperationDeps,
  actor: Actor,
  input: InputOf<'review.list'>,
): Promise<unknown> {
  let query = deps.database.kysely
    .selectFrom('incident')
    .leftJoin('review', 'review.incident_id', 'incident.id')
    .leftJoin('review_text', 'review_text.incident_id', 'incident.id')
    .leftJoin('review_demand', 'review_demand.incident_id', 'incident.id')
    .select((each) => [
      'incident.number as number',
      'incident.title as title',
      'incident.severity as severity',
      'incident.state as state',
      'incident.service as service',
      'incident.opened_at as openedAt',
      'incident.resolved_at as resolvedAt',
      'review.written_at as writtenAt',
      'review_text.owner as owner',
      'review_text.review_on as reviewOn',
      'review_text.completed_at as completedAt',
      'review_text.completed_by as completedBy',
      'review_demand.reason as demand',
      each
        .selectFrom('action_item')
        .select((count) => count.fn.countAll<string>().as('count'))
        .whereRef('action_item.incident_id', '=', 'incident.id')
        .where('action_item.state', '=', 'open')
        .as('openActions'),
    ])
    .where(incidentSeenBy(actor))
    // an incident that is owed a review is listed before it is written
    .where((or) =>
      or.or([or('review.incident_id', 'is not', null), or('review_demand.reason', 'is not', null)]),
    )
    .orderBy('incident.number', 'desc')
    .limit(input.limit)
  if (input.before !== undefined) query = query.where('incident.number', '<', String(input.before))
  if (input.state === 'completed') query = query.where('review_text.completed_at', 'is not', null)
  else if (input.state !== undefined) query = query.where('review_text.completed_at', 'is', null)
  if (input.state === 'owed') query = query.where('review_demand.reason', 'is not', null)
  const rows = await query.execute()
  return {
    reviews: rows.map(({ number, demand, openActions, ...row }) => ({
      incident: `INC-${number}`,
      ...row,
      owed: row.completedAt === null ? demand : null,
      openActions: Number(openActions ?? 0),
    })),
    next: rows.length === input.limit ? Number(rows.at(-1)?.number) : null,
  }
}

interface StatisticRow {
  month: string
  severity: string
  incidents: number
  meanToAcknowledge: number | null
  medianToAcknowledge: number | null
  meanToMitigate: number | null
  medianToMitigate: number | null
  meanToResolve: number | null
  medianToResolve: number | null
}

/** Seconds, by the month in which an incident was opened (UTC). What has not happened yet is not counted. */
export async function reviewStatistics(deps: OperationDeps, actor: Actor, months: number): Promise<unknown> {
  const since = new Date(deps.clock.now())
  since.setUTCDate(1)
  since.setUTCHours(0, 0, 0, 0)
  since.setUTCMonth(since.getUTCMonth() - months + 1)
  const { rows } = await sql<StatisticRow>`
    with spans as (
      select to_char(opened_at at time zone 'UTC', 'YYYY-MM') as month, severity,
        extract(epoch from acknowledged_at - opened_at)::float8 as acknowledge,
        extract(epoch from mitigated_at - opened_at)::float8 as mitigate,
        extract(epoch from resolved_at - opened_at)::float8 as resolve
      from incident where opened_at >= ${since} and ${incidentSeenBy(actor)}
    )
    select month, severity, count(*)::int as incidents,
      avg(acknowledge) as "meanToAcknowledge",
      percentile_cont(0.5) within group (order by acknowledge) as "medianToAcknowledge",
      avg(mitigate) as "meanToMitigate",
      percentile_cont(0.5) within group (order by mitigate) as "medianToMitigate",
      avg(resolve) as "meanToResolve",
      percentile_cont(0.5) within group (order by resolve) as "medianToResolve"
    from spans group by month, severity order by month desc, severity`.execute(deps.database.kysely)
  return { since, rows }
}
