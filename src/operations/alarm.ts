import type { Actor } from '../access/index.ts'
import { LANES, queueMessage } from '../communication/index.ts'
import { newId } from '../base/id.ts'
import type { Transaction } from '../db/index.ts'
import { addTimeline } from '../incident/index.ts'
import type { OperationDeps } from './deps.ts'

/** Break-glass is loud: the timeline, every lead and administrator by name, and a review that is owed. */
export async function raiseAlarm(
  deps: OperationDeps,
  trx: Transaction,
  at: Date,
  about: { incidentId: string; actor: Actor; reason: string; what: string },
): Promise<void> {
  const { incidentId, actor, reason, what } = about
  const leads = await trx
    .selectFrom('person')
    .innerJoin('person_role', 'person_role.person_id', 'person.id')
    .select('person.name')
    .distinct()
    .where('person_role.role', 'in', ['lead', 'admin'])
    .where('person.disabled_at', 'is', null)
    .orderBy('person.name')
    .limit(100)
    .execute()
  const names = leads.map((lead) => lead.name)
  const message = `BREAK-GLASS by ${actor.id}: ${what}. Reason: ${reason}`
  await addTimeline(trx, at, {
    incidentId,
    kind: 'break-glass',
    actor: actor.id,
    message: `${message}. A review is owed`,
    data: { told: names },
  })
  await trx
    .insertInto('review_demand')
    .values({ incident_id: incidentId, reason: message, demanded_by: actor.id, demanded_at: at })
    .onConflict((conflict) => conflict.column('incident_id').doNothing())
    .execute()
  for (const { channel, target } of deps.leadChannels ?? [{ channel: 'console', target: null }]) {
    await queueMessage(trx, at, {
      incidentId,
      kind: 'break-glass',
      channel,
      target,
      subject: `Break-glass by ${actor.id}`,
      body: `${message}\nTo all leads: ${names.length === 0 ? 'nobody is one yet' : names.join(', ')}`,
      dedupKey: `break-glass:${newId('bg')}:${channel}`,
      lane: LANES.first,
    })
  }
}
