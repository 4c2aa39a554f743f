import { releaseStatus } from '../communication/index.ts'
import type { EntryState } from '../communication/index.ts'
import type { Transaction } from '../db/index.ts'
import { addDutyEvent } from '../rollout/index.ts'
import type { Occurrence } from './occurrence.ts'
import { windowName } from './store.ts'
import type { WindowRow } from './store.ts'

const OVER: readonly EntryState[] = ['completed', 'cancelled']
const SAYS: Partial<Record<EntryState, string>> = {
  completed: 'The maintenance is over.',
  cancelled: 'The maintenance does not take place.',
}

/**
 * Tells the public of a window, in the words that its planner released with it; nothing where there are none. In the
 * transaction of what it tells of.
 */
export async function announce(
  trx: Transaction,
  at: Date,
  window: WindowRow,
  told: { state: EntryState; occurrence: Occurrence | null; by: string; subject: string },
): Promise<void> {
  const { announcement, components, title } = window
  if (announcement === null) return
  const entry = await openEntry(trx, window)
  // one that a person has closed already is left as it is
  if (entry === null && (told.occurrence === null || OVER.includes(told.state))) return
  const { entryId } = await releaseStatus(trx, at, {
    kind: 'maintenance',
    entryId: entry,
    incidentId: null,
    title: entry === null ? title : null,
    from: told.occurrence?.from ?? null,
    to: told.occurrence?.to ?? null,
    state: told.state,
    text: SAYS[told.state] ?? announcement,
    components: OVER.includes(told.state)
      ? {}
      : Object.fromEntries(components.map((name) => [name, 'maintenance' as const])),
    by: told.by,
  })
  await trx
    .updateTable('maintenance_window')
    .set({ status_entry: OVER.includes(told.state) ? null : entryId })
    .where('id', '=', window.id)
    .execute()
  await addDutyEvent(trx, at, {
    subject: told.subject,
    kind: 'maintenance.announced',
    actor: told.by,
    message: `${windowName(window)} is ${told.state} on the status page`,
    dedupKey: `announced:${told.state}:${told.occurrence?.from.toISOString() ?? ''}`,
  })
}

async function openEntry(trx: Transaction, { id }: WindowRow): Promise<string | null> {
  const row = await trx
    .selectFrom('maintenance_window')
    .innerJoin('status_entry', 'status_entry.id', 'maintenance_window.status_entry')
    .select('status_entry.id')
    .where('maintenance_window.id', '=', id)
    .where('status_entry.closed_at', 'is', null)
    // nobody closes it in between
    .forUpdate()
    .executeTakeFirst()
  return row?.id ?? null
}
