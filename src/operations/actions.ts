import { appendAudit } from '../access/index.ts'
import type { Actor } from '../access/index.ts'
import { AppError } from '../base/error.ts'
import { newId } from '../base/id.ts'
import { withTransaction } from '../db/index.ts'
import type { IncidentRow, Transaction } from '../db/index.ts'
import type { InputOf } from './catalogue.ts'
import type { HandlersOf, OperationDeps } from './deps.ts'
import { findIncident } from './incidents.ts'
import { incidentSeenBy } from './sight.ts'
import { elseChanged } from './version.ts'

export const actionHandlers: HandlersOf<`action.${'list' | 'add' | 'edit'}`> = {
  'action.list': listActions,
  'action.add': add,
  'action.edit': edit,
}

const columns = [
  'action_item.id',
  'action_item.version',
  'action_item.title',
  'action_item.owner',
  'action_item.due_on as dueOn',
  'action_item.state',
  'action_item.created_at as createdAt',
  'action_item.created_by as createdBy',
  'action_item.ended_at as endedAt',
  'action_item.ended_by as endedBy',
] as const

export interface ShownAction {
  id: string
  incident: string
  version: number
  title: string
  owner: string | null
  dueOn: string | null
  state: string
  overdue: boolean
}

const shown = <Row extends { state: string; dueOn: string | null }>(
  row: Row,
  number: string | number,
  now: Date,
): Row & { incident: string; overdue: boolean } => ({
  ...row,
  incident: `INC-${number}`,
  overdue: row.state === 'open' && row.dueOn !== null && row.dueOn < now.toISOString().slice(0, 10),
})

/** The action items of one incident, in the order in which they were written down. */
export async function actionsOf(
  deps: OperationDeps,
  incident: Pick<IncidentRow, 'id' | 'number'>,
  trx: Pick<Transaction, 'selectFrom'> = deps.database.kysely,
): Promise<ShownAction[]> {
  const rows = await trx
    .selectFrom('action_item')
    .select(columns)
    .where('incident_id', '=', incident.id)
    .orderBy('created_at')
    .orderBy('id')
    .limit(500)
    .execute()
  return rows.map((row) => shown(row, incident.number, deps.clock.now()))
}

async function listActions(
  deps: OperationDeps,
  actor: Actor,
  input: InputOf<'action.list'>,
): Promise<unknown> {
  let query = deps.database.kysely
    .selectFrom('action_item')
    .innerJoin('incident', 'incident.id', 'action_item.incident_id')
    .select([...columns, 'incident.number as number'])
    .where('action_item.state', '=', input.state)
    .where(incidentSeenBy(actor))
    .orderBy('due_on', (order) => order.asc().nullsLast())
    .orderBy('action_item.id')
    .limit(input.limit)
  if (input.owner !== undefined) query = query.where('action_item.owner', '=', input.owner)
  const rows = await query.execute()
  return { actions: rows.map(({ number, ...row }) => shown(row, number, deps.clock.now())) }
}

async function add(deps: OperationDeps, actor: Actor, input: InputOf<'action.add'>): Promise<unknown> {
  const incident = await findIncident(deps, input.id)
  const at = deps.clock.now()
  const actionId = newId('act')
  await withTransaction(deps.database, async (trx) => {
    await trx
      .insertInto('action_item')
      .values({
        id: actionId,
        incident_id: incident.id,
        title: input.title,
        owner: input.owner,
        due_on: input.dueOn,
        state: 'open',
        created_at: at,
        created_by: actor.id,
        ended_by: null,
      })
      .execute()
    await appendAudit(trx, at, {
      actor,
      operation: 'action.add',
      subject: incident.id,
      outcome: 'done',
      data: { action: actionId, title: input.title, owner: input.owner, dueOn: input.dueOn },
    })
  })
  return findAction(deps, incident, actionId)
}

async function edit(deps: OperationDeps, actor: Actor, input: InputOf<'action.edit'>): Promise<unknown> {
  const incident = await findIncident(deps, input.id)
  await findAction(deps, incident, input.action)
  const at = deps.clock.now()
  const { title, owner, dueOn, state } = input
  const set = {
    ...(title === undefined ? {} : { title }),
    ...(owner === undefined ? {} : { owner }),
    ...(dueOn === undefined ? {} : { due_on: dueOn }),
    ...(state === undefined ? {} : { state }),
    ...(state === undefined
      ? {}
      : state === 'open'
        ? { ended_at: null, ended_by: null }
        : { ended_at: at, ended_by: actor.id }),
  }
  await withTransaction(deps.database, async (trx) => {
    const changed = await trx
      .updateTable('action_item')
      .set({ ...set, version: input.version + 1 })
      .where('id', '=', input.action)
      .where('incident_id', '=', incident.id)
      .where('version', '=', input.version)
      .returning('version')
      .executeTakeFirst()
    elseChanged(changed?.version ?? null, 'the action item')
    await appendAudit(trx, at, {
      actor,
      operation: 'action.edit',
      subject: incident.id,
      outcome: 'done',
      data: { action: input.action, ...set, ended_at: undefined },
    })
  })
  return findAction(deps, incident, input.action)
}

async function findAction(deps: OperationDeps, incident: IncidentRow, actionId: string): Promise<unknown> {
  const found = (await actionsOf(deps, incident)).find((action) => action.id === actionId)
  if (found !== undefined) return found
  throw new AppError('not_found', `INC-${incident.number} has no action item ${actionId}`, {
    action: 'List them with `erlmcp action list`.',
  })
}
