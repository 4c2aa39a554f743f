import { actorOfPerson } from '../access/index.ts'
import type { Actor } from '../access/index.ts'
import { AppError } from '../base/error.ts'
import { pagerDutyNews, readPagerDutyKey } from '../communication/index.ts'
import type { PagerDutyNews } from '../communication/index.ts'
import { withTransaction } from '../db/index.ts'
import { addTimeline } from '../incident/index.ts'
import { invokeOnce } from '../operations/index.ts'
import type { OperationDeps } from '../operations/index.ts'

/**
 * Does here what a person did in PagerDuty. Everybody who may acknowledge there may here; to resolve they have to be known
 * here by `channels.pagerduty.people`, with a role that may. What was not done stands on the timeline.
 * @returns what became of it, for the record.
 */
export async function followPagerDuty(
  deps: OperationDeps,
  people: Readonly<Record<string, string>>,
  payload: unknown,
): Promise<string> {
  const news = pagerDutyNews.parse(payload)
  const key = readPagerDutyKey(news.key)
  const incident =
    key === null
      ? undefined
      : await deps.database.kysely
          .selectFrom('incident')
          .select(['id', 'acknowledged_at', 'state'])
          .where('id', '=', key.incidentId)
          .executeTakeFirst()
  if (key === null || incident === undefined) return 'of no incident of ours'
  if (news.action === 'resolve' && key.reminder) return 'a reminder was put away'
  const over = incident.state === 'resolved' || incident.state === 'closed'
  if (over || (news.action === 'acknowledge' && incident.acknowledged_at !== null))
    return 'nothing was left to do'
  const known = people[news.user.id]
  const actor = known === undefined ? null : await actorOfPerson(deps.database.kysely, known)
  if (news.action === 'acknowledge') return acknowledge(deps, incident.id, actor, news)
  return resolve(deps, incident.id, actor, news)
}

async function acknowledge(
  deps: OperationDeps,
  incidentId: string,
  actor: Actor | null,
  news: PagerDutyNews,
): Promise<string> {
  // PagerDuty has signed that this person is one of theirs who may
  const by: Actor = actor ?? { id: `pagerduty:${news.user.id}`, kind: 'person', role: 'responder' }
  await invokeOnce(deps, by, 'incident.acknowledge', { id: incidentId }, keyOf(news))
  await withdrawEcho(deps, incidentId)
  if (actor === null) await note(deps, incidentId, news, 'acknowledged it in PagerDuty')
  return `acknowledged by ${by.id}`
}

async function resolve(
  deps: OperationDeps,
  incidentId: string,
  actor: Actor | null,
  news: PagerDutyNews,
): Promise<string> {
  if (actor === null) {
    await note(deps, incidentId, news, 'resolved it in PagerDuty; here it stays open')
    return 'the person is not known here'
  }
  try {
    const reason = `resolved in PagerDuty by ${news.user.name}`
    await invokeOnce(deps, actor, 'incident.resolve', { id: incidentId, reason }, keyOf(news))
    return `resolved by ${actor.id}`
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    await note(deps, incidentId, news, `resolved it in PagerDuty; here it stays open: ${error.message}`)
    return error.message
  }
}

const keyOf = (news: PagerDutyNews): string => `pagerduty:${news.id}`.slice(0, 200)

const note = (deps: OperationDeps, incidentId: string, news: PagerDutyNews, what: string): Promise<void> =>
  withTransaction(deps.database, (trx) =>
    addTimeline(trx, deps.clock.now(), {
      incidentId,
      kind: 'pagerduty.heard',
      actor: `pagerduty:${news.user.id}`,
      message: `${news.user.name} ${what}`,
    }),
  )

/** PagerDuty is not told what it has just said. One that is on its way already changes nothing there. */
const withdrawEcho = (deps: OperationDeps, incidentId: string): Promise<unknown> =>
  deps.database.kysely
    .updateTable('message')
    .set({ state: 'superseded', error: 'PagerDuty said so itself' })
    .where('incident_id', '=', incidentId)
    .where('channel', '=', 'pagerduty')
    .where('kind', '=', 'stand-down')
    .where('state', '=', 'pending')
    .where('claimed_at', 'is', null)
    .execute()
