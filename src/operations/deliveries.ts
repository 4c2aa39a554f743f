import type { Database } from '../db/index.ts'
import { present } from './present.ts'

/** What was told of an incident, where, and every try. */
export async function deliveriesOf(kysely: Database['kysely'], incidentId: string) {
  const messages = await kysely
    .selectFrom('message')
    .select([
      'id',
      'kind',
      'channel',
      'target',
      'subject',
      'body',
      'state',
      'created_at',
      'sent_at',
      'error',
      'attempts',
    ]) // prettier-ignore
    .where('incident_id', '=', incidentId)
    .orderBy('seq')
    .limit(1_000)
    .execute()
  const tries = await kysely
    .selectFrom('message_attempt')
    .innerJoin('message', 'message.id', 'message_attempt.message_id')
    .select(['message_id', 'attempt', 'at', 'took_ms', 'outcome', 'reason'])
    .where('incident_id', '=', incidentId)
    .orderBy('at')
    .limit(5_000)
    .execute()
  const byMessage = Map.groupBy(tries, (one) => one.message_id)
  return messages.map((message) => ({
    ...present(message),
    tries: (byMessage.get(message.id) ?? []).map(({ message_id: _message, ...one }) => present(one)),
  }))
}

/** Whom an incident waits for, and who was paged. */
export async function escalationsOf(kysely: Database['kysely'], incidentId: string) {
  const [escalations, pages] = await Promise.all([
    kysely
      .selectFrom('escalation')
      .select(['id', 'reason', 'subject', 'state', 'severity', 'round', 'level', 'due_at', 'ended_because'])
      .where('incident_id', '=', incidentId)
      .orderBy('started_at')
      .execute(),
    kysely
      .selectFrom('escalation_page')
      .select([
        'id',
        'reason',
        'subject',
        'round',
        'level',
        'link',
        'person',
        'channel',
        'at',
        'withdrawn_at',
      ])
      .where('incident_id', '=', incidentId)
      .orderBy('at')
      .limit(1_000)
      .execute(),
  ])
  return escalations.map((row) => ({
    ...present(row),
    pages: pages
      .filter((page) => page.reason === row.reason && page.subject === row.subject)
      .map((page) => ({ ...present(page), level: page.level + 1 })),
  }))
}
