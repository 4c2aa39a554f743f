import { sql } from 'kysely'
import type { RawBuilder } from 'kysely'
import type { Actor } from '../access/index.ts'
import { sees, sightOf } from '../access/index.ts'
import type { Database } from '../db/index.ts'
import { labelsOf } from '../run/index.ts'

/** For the rows of `incident` in a query: those that the actor may look at. Labels as `labelsOf` has them. */
export function incidentSeenBy(actor: Actor): RawBuilder<boolean> {
  const scopes = sightOf(actor)
  if (scopes === null) return sql<boolean>`true`
  if (scopes.length === 0) return sql<boolean>`false`
  const labels = sql`(incident.labels || jsonb_strip_nulls(jsonb_build_object('service', incident.service)))`
  const each = scopes.map((scope) => sql`${labels} @> ${JSON.stringify(scope)}::jsonb`)
  return sql<boolean>`(${sql.join(each, sql` or `)})`
}

interface Seen {
  incident: string
  topic: string
  /** The service of a signal. */
  subject: string
}

/** Of what changed, what concerns something that the actor may look at. */
export async function changesSeenBy<Change extends Seen>(
  database: Database,
  actor: Actor,
  changes: readonly Change[],
): Promise<Change[]> {
  if (sightOf(actor) === null) return [...changes]
  const ids = [...new Set(changes.map(({ incident }) => incident).filter((id) => id !== ''))]
  const services = [
    ...new Set(changes.filter(({ topic }) => topic === 'signal').map(({ subject }) => subject)),
  ]
  if (ids.length === 0 && services.length === 0) return []
  const rows = await database.kysely
    .selectFrom('incident')
    .select(['id', 'service', 'labels'])
    .where((either) =>
      either.or([
        either('id', 'in', ids.length === 0 ? [''] : ids),
        either.and([
          either('service', 'in', services.length === 0 ? [''] : services),
          either('resolved_at', 'is', null),
        ]),
      ]),
    )
    .where(incidentSeenBy(actor))
    .execute()
  const seenIds = new Set(rows.map(({ id }) => id))
  // the chart of an incident that they may look at is drawn from the signal of its service
  const seenServices = new Set(rows.map(({ service }) => service))
  return changes.filter(({ incident, topic, subject }) =>
    topic === 'signal'
      ? seenServices.has(subject) || sees(actor, { service: subject })
      : incident !== '' && seenIds.has(incident),
  )
}

/**
 * The labels of the incident that a call is about, by the place of the operation and its input; `null` when it is about
 * none that there is.
 */
export async function labelsOfCall(
  database: Database,
  path: string,
  rawInput: unknown,
): Promise<Record<string, string> | null> {
  const input = rawInput as { id?: unknown; execution?: unknown } | null
  const given = path.startsWith('/executions/:execution') ? input?.execution : input?.id
  if (typeof given !== 'string' || given.length > 100) return null
  const row = await incidentOfCall(database.kysely, path, given)
  return row === undefined ? null : labelsOf(row)
}

function incidentOfCall(
  kysely: Database['kysely'],
  path: string,
  id: string,
): Promise<{ labels: unknown; service: string | null } | undefined> {
  const query = kysely.selectFrom('incident').select(['incident.labels', 'incident.service'])
  if (path.startsWith('/runs/:id'))
    return query
      .innerJoin('run', 'run.incident_id', 'incident.id')
      .where('run.id', '=', id)
      .executeTakeFirst()
  if (path.startsWith('/executions/:execution'))
    return query
      .innerJoin('run', 'run.incident_id', 'incident.id')
      .innerJoin('execution', 'execution.run_id', 'run.id')
      .where('execution.id', '=', id)
      .executeTakeFirst()
  if (path.startsWith('/messages/:id'))
    return query
      .innerJoin('message_draft', 'message_draft.incident_id', 'incident.id')
      .where('message_draft.id', '=', id)
      .executeTakeFirst()
  if (!path.startsWith('/incidents/:id')) return Promise.resolve(undefined)
  const number = /^(?:INC-)?(\d{1,15})$/i.exec(id)?.[1]
  return (
    number === undefined ? query.where('id', '=', id) : query.where('number', '=', number)
  ).executeTakeFirst()
}
