import type { Selectable } from 'kysely'
import { AppError } from '../base/error.ts'
import type { Database, PlannedChangeTable, Transaction } from '../db/index.ts'
import type { ChangePlan } from './plan.ts'

export const CHANGE_STATES = [
  'proposed', 'approved', 'running', 'done', 'failed', 'reverted', 'unknown', 'cancelled', 'expired',
] as const // prettier-ignore
export type ChangeState = (typeof CHANGE_STATES)[number]

export type PlannedChange = Omit<Selectable<PlannedChangeTable>, 'plan' | 'state'> & {
  plan: ChangePlan
  state: ChangeState
}

const asChange = (row: Selectable<PlannedChangeTable>): PlannedChange => ({
  ...row,
  // written by this code, whole, and never updated
  plan: row.plan as ChangePlan,
  state: row.state as ChangeState,
})

export const changeName = ({ number }: Pick<PlannedChange, 'number'>): string => `CHG-${number}`

/** By its id, `CHG-7` or `7`. @throws AppError `not_found` */
export async function findChange(
  database: Pick<Database['kysely'], 'selectFrom'>,
  id: string,
): Promise<PlannedChange> {
  const number = /^(?:CHG-)?(\d{1,15})$/i.exec(id)?.[1]
  const row = await database
    .selectFrom('planned_change')
    .selectAll()
    .where((or) => (number === undefined ? or('id', '=', id) : or('number', '=', number)))
    .executeTakeFirst()
  if (row !== undefined) return asChange(row)
  throw new AppError('not_found', `there is no change ${id}`, { action: '`erlmcp change list` has them.' })
}

export async function listChanges(
  database: Database,
  query: { workload: string | null; limit: number },
): Promise<PlannedChange[]> {
  const rows = await database.kysely
    .selectFrom('planned_change')
    .selectAll()
    .$if(query.workload !== null, (select) => select.where('workload', '=', query.workload ?? ''))
    .orderBy('number', 'desc')
    .limit(query.limit)
    .execute()
  return rows.map(asChange)
}

/** Moves a change on, if it is in one of these states. @returns whether this call did it. */
export async function moveChange(
  trx: Transaction,
  id: string,
  from: readonly ChangeState[],
  to: { state: ChangeState; startedAt?: Date; endedAt?: Date; outcome?: string },
): Promise<boolean> {
  const row = await trx
    .updateTable('planned_change')
    .set({
      state: to.state,
      ...(to.startedAt === undefined ? {} : { started_at: to.startedAt }),
      ...(to.endedAt === undefined ? {} : { ended_at: to.endedAt }),
      ...(to.outcome === undefined ? {} : { outcome: to.outcome }),
    })
    .where('id', '=', id)
    .where('state', 'in', [...from])
    .returning('id')
    .executeTakeFirst()
  return row !== undefined
}
