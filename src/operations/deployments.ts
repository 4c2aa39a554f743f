import { appendAudit, sees } from '../access/index.ts'
import type { Actor } from '../access/index.ts'
import { newId } from '../base/id.ts'
import { withTransaction } from '../db/index.ts'
import type { InputOf } from './catalogue.ts'
import type { HandlersOf, OperationDeps } from './deps.ts'

export const deploymentHandlers: HandlersOf<'deployment.record' | 'deployment.list'> = {
  'deployment.record': record,
  'deployment.list': list,
}

/** Said twice it stands there once. */
async function record(
  deps: OperationDeps,
  actor: Actor,
  input: InputOf<'deployment.record'>,
): Promise<unknown> {
  const now = deps.clock.now()
  const at = input.at === undefined ? now : new Date(input.at)
  const { service, version, note = null } = input
  await withTransaction(deps.database, async (trx) => {
    await trx
      .insertInto('deployment')
      .values({ id: newId('dep'), service, version, note, at, told_at: now, told_by: actor.id })
      .onConflict((conflict) => conflict.columns(['service', 'version', 'at']).doNothing())
      .execute()
    await appendAudit(trx, now, {
      actor,
      operation: 'deployment.record',
      subject: service,
      outcome: 'done',
      data: { version, at, note },
    })
  })
  return { service, version, note, at, by: actor.id }
}

async function list(deps: OperationDeps, actor: Actor, input: InputOf<'deployment.list'>): Promise<unknown> {
  let query = deps.database.kysely
    .selectFrom('deployment')
    .select(['service', 'version', 'note', 'at', 'told_by as by'])
    .orderBy('at', 'desc')
    .orderBy('id')
    .limit(input.limit)
  if (input.service !== undefined) query = query.where('service', '=', input.service)
  const rows = await query.execute()
  return { deployments: rows.filter(({ service }) => sees(actor, { service })) }
}
