import type { Actor } from '../access/index.ts'
import { createRedactor } from '../base/redact.ts'
import type { SlackNews } from '../communication/index.ts'
import { withTransaction } from '../db/index.ts'
import { addTimeline } from '../incident/index.ts'
import { invokeOnce } from '../operations/index.ts'
import type { OperationDeps } from '../operations/index.ts'
import { keyOf } from './slack-take.ts'
import type { SlackReply } from './slack-take.ts'

const redactor = createRedactor()

/** Puts a message of an incident's thread on its timeline, as the person who marked it. */
export async function markMessage(
  operations: OperationDeps,
  actor: Actor,
  requestId: string,
  news: Extract<SlackNews, { kind: 'mark' }>,
  nameOf: (user: string) => string,
): Promise<SlackReply> {
  const { kysely } = operations.database
  const root = await kysely
    .selectFrom('message')
    .innerJoin('incident', 'incident.id', 'message.incident_id')
    .select(['incident.id', 'incident.number'])
    .where('message.channel', '=', 'slack')
    .where('message.reference', '=', `${news.channel}:${news.thread ?? news.ts}`)
    .limit(1)
    .executeTakeFirst()
  if (root === undefined)
    return { text: 'This message is not in the thread of an incident; nothing was written down.' }
  const text = redactor.text(news.text).trim()
  if (text === '') return { text: 'This message has no text; nothing was written down.' }
  const known = await kysely
    .selectFrom('slack_mark')
    .select('marked_by')
    .where('channel', '=', news.channel)
    .where('ts', '=', news.ts)
    .executeTakeFirst()
  if (known !== undefined) return { text: `${known.marked_by} was first: it is on the timeline.` }
  const said = news.author === null ? text : `${nameOf(news.author)} in Slack: ${text}`
  await invokeOnce(operations, actor, 'incident.note', { id: root.id, text: said }, keyOf(requestId))
  await kysely
    .insertInto('slack_mark')
    .values({
      channel: news.channel,
      ts: news.ts,
      incident_id: root.id,
      text,
      marked_by: actor.id,
      marked_at: operations.clock.now(),
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  return { text: `It is on the timeline of INC-${root.number}.` }
}

/** A message that is on a timeline was edited or deleted in Slack: the timeline says so; what was said stays. */
export async function followMessage(
  operations: OperationDeps,
  news: Exclude<SlackNews, { kind: 'mark' }>,
  nameOf: (user: string) => string,
): Promise<string> {
  const at = operations.clock.now()
  return withTransaction(operations.database, async (trx) => {
    const mark = await trx
      .selectFrom('slack_mark')
      .selectAll()
      .where('channel', '=', news.channel)
      .where('ts', '=', news.ts)
      .where('deleted_at', 'is', null)
      .forUpdate()
      .executeTakeFirst()
    if (mark === undefined) return 'of no timeline'
    const change = trx.updateTable('slack_mark').where('channel', '=', news.channel).where('ts', '=', news.ts)
    if (news.kind === 'deleted') {
      await change.set({ deleted_at: at }).execute()
      await addTimeline(trx, at, {
        incidentId: mark.incident_id,
        kind: 'note.deleted',
        actor: 'slack',
        message: `Deleted in Slack: ${mark.text.slice(0, 500)}`,
      })
      return 'deleted'
    }
    const text = redactor.text(news.text).trim()
    // Slack also says so when a link is unfolded
    if (text === mark.text || text === '') return 'nothing new'
    await change.set({ text }).execute()
    await addTimeline(trx, at, {
      incidentId: mark.incident_id,
      kind: 'note.edited',
      actor: news.by === null ? 'slack' : nameOf(news.by),
      message: `Edited in Slack: ${text}`,
      data: { before: mark.text },
    })
    return 'edited'
  })
}
