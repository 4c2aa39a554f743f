import { sql } from 'kysely'
import { appendAudit, SYSTEM_ACTOR } from '../access/index.ts'
import { newId } from '../base/id.ts'
import type { Transaction } from '../db/index.ts'
import type { SeverityLevel } from './severity.ts'
import { addTimeline } from './timeline.ts'

export interface Declaration {
  source: string
  groupKey: string
  title: string
  severity: SeverityLevel
  service: string | null
  alertName: string | null
  labels: Record<string, string>
  annotations: Record<string, string>
  /** The open incident whose page stands for this one as well. */
  pageLeaderId?: string | null
}

/**
 * Declares an incident for a group unless one is open; the database decides who was first.
 * @returns the incident's id and whether this call declared it.
 */
export async function declareIncident(
  trx: Transaction,
  at: Date,
  declaration: Declaration,
): Promise<{ incidentId: string; declared: boolean }> {
  const incidentId = newId('inc')
  if (!(await insertIncident(trx, at, incidentId, declaration))) {
    // locked, so that it is not resolved under the alerts that join it
    const open = await trx
      .selectFrom('incident')
      .select('id')
      .where('source', '=', declaration.source)
      .where('group_key', '=', declaration.groupKey)
      .where('state', 'not in', ['resolved', 'closed'])
      .forUpdate()
      .executeTakeFirst()
    // resolved at this very moment: then this is a new one
    return open === undefined
      ? declareIncident(trx, at, declaration)
      : { incidentId: open.id, declared: false }
  }
  await addTimeline(trx, at, {
    incidentId,
    kind: 'incident.declared',
    actor: SYSTEM_ACTOR.id,
    message: `${declaration.severity} declared: ${declaration.title}`,
    data: { alertName: declaration.alertName, labels: declaration.labels },
  })
  await appendAudit(trx, at, {
    actor: SYSTEM_ACTOR,
    operation: 'incident.declare',
    subject: incidentId,
    outcome: 'done',
    data: { severity: declaration.severity, title: declaration.title, groupKey: declaration.groupKey },
  })
  return { incidentId, declared: true }
}

async function insertIncident(
  trx: Transaction,
  at: Date,
  incidentId: string,
  declaration: Declaration,
): Promise<boolean> {
  const inserted = await sql`
    insert into incident (id, source, group_key, service, title, severity, state, alert_name, labels, annotations,
                          opened_at, page_leader_id)
    values (${incidentId}, ${declaration.source}, ${declaration.groupKey}, ${declaration.service}, ${declaration.title},
            ${declaration.severity}, 'open', ${declaration.alertName}, ${JSON.stringify(declaration.labels)}::jsonb,
            ${JSON.stringify(declaration.annotations)}::jsonb, ${at}, ${declaration.pageLeaderId ?? null})
    on conflict (source, group_key) where state not in ('resolved','closed') do nothing
    returning id`.execute(trx)
  return inserted.rows.length > 0
}
