import { sql } from 'kysely'
import { newId } from '../base/id.ts'
import type { Transaction } from '../db/index.ts'
import { addTimeline } from '../incident/index.ts'
import type { WorkflowEngine } from '../workflow/index.ts'
import { EVENT_TOPIC } from './events.ts'
import type { ResponseEvent } from './events.ts'

/** When the last firing episode of an incident is over, its response is told. */
export async function noteResolved(
  trx: Transaction,
  deps: { engine: Pick<WorkflowEngine, 'send'> },
  at: Date,
  incidentIds: readonly string[],
): Promise<void> {
  const ids = [...new Set(incidentIds)].toSorted()
  if (ids.length === 0) return
  const active = await trx
    .selectFrom('incident')
    .select('id')
    .where('id', 'in', ids)
    .where('state', 'not in', ['resolved', 'closed'])
    .orderBy('id')
    // two deliveries that each resolve one of two alerts would otherwise both see the other one firing
    .forUpdate()
    .execute()
  if (active.length === 0) return
  const { rows } = await sql<{ incident_id: string; n: string }>`
    select incident_id, count(*) as n from alert
    where incident_id = any(${active.map(({ id }) => id)}::text[]) and status = 'firing'
    group by incident_id`.execute(trx)
  const firing = new Map(rows.map((row) => [row.incident_id, Number(row.n)]))
  for (const { id } of active) {
    const left = firing.get(id) ?? 0
    await addTimeline(trx, at, {
      incidentId: id,
      kind: 'alert.resolved',
      actor: 'system:erlmcp',
      message: left === 0 ? 'All alerts are resolved at their source' : `Alerts resolved; ${left} still fire`,
    })
    if (left > 0) continue
    const event: ResponseEvent = { kind: 'alerts-resolved' }
    await deps.engine.send(trx, id, EVENT_TOPIC, event, newId('evt'))
  }
}
