import type { Clock } from '../base/clock.ts'
import { withTransaction } from '../db/index.ts'
import type { Database } from '../db/index.ts'
import type { PreviewDeps } from '../http/index.ts'
import { cardOf } from './cards.ts'

const INCIDENTS = 5
const MESSAGES = 60

/** What people are told, whether or not a chat is connected. */
export const readPreview =
  (database: Database, clock: Clock): PreviewDeps['read'] =>
  () =>
    withTransaction(database, async (trx) => {
      const incidents = await trx
        .selectFrom('incident')
        .selectAll()
        .orderBy('number', 'desc')
        .limit(INCIDENTS)
        .execute()
      const cards = []
      for (const incident of incidents) {
        const card = await cardOf(trx, clock.now(), incident, null)
        cards.push({
          title: `[${card.severity}] ${card.title}`,
          fields: [
            ['Incident', card.incident],
            ['State', card.state],
            ['Service', card.service ?? 'unknown'],
            ['Open for', `${card.elapsed}, since ${card.since}`],
            ['Who', card.who ?? 'nobody yet'],
            ['Runbook', card.runbook ?? 'none fits'],
          ] as const,
          next: card.next,
          buttons: [
            ...(card.acknowledge ? ['Acknowledge'] : []),
            ...(card.question?.options ?? []).map(({ label }, index) => `Look at ${index + 1}: ${label}`),
            ...(card.question === null ? [] : ['Reject all']),
          ],
        })
      }
      const messages = await trx
        .selectFrom('message')
        .select(['created_at', 'sent_at', 'kind', 'channel', 'target', 'state', 'subject', 'body'])
        .where('kind', '<>', 'card')
        .orderBy('seq', 'desc')
        .limit(MESSAGES)
        .execute()
      return {
        cards,
        messages: messages.map((row) => ({
          at: row.sent_at ?? row.created_at,
          kind: row.kind,
          to: `${row.channel}${row.target === null ? '' : ` ${row.target}`}`,
          state: row.state,
          subject: row.subject,
          body: row.body,
        })),
      }
    })
