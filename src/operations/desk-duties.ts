import { sees } from '../access/index.ts'
import type { Actor } from '../access/index.ts'
import { onCallAt, readOverrides, shiftsBetween } from '../oncall/index.ts'
import type { OperationDeps } from './deps.ts'
import { windowsNow } from './maintenance-view.ts'
import { listReviews } from './review-list.ts'
import { incidentSeenBy } from './sight.ts'

const A_DAY_MS = 86_400_000
const DEPLOYS_MS = 3 * A_DAY_MS
const LOOK_AHEAD_MS = 100 * A_DAY_MS

/** What stands beside the incidents on the first page: who is on call, what is owed, what was rolled out. */
export async function dutiesNow(
  deps: OperationDeps,
  actor: Actor,
  now: Date,
): Promise<Record<string, unknown>> {
  const { kysely } = deps.database
  const [oncall, maintenance, owed, actions, deploys] = await Promise.all([
    onCallNow(deps, now),
    windowsNow(deps),
    listReviews(deps, actor, { state: 'owed', limit: 20 }) as Promise<{ reviews: unknown[] }>,
    kysely
      .selectFrom('action_item')
      .innerJoin('incident', 'incident.id', 'action_item.incident_id')
      .select([
        'action_item.id',
        'action_item.title',
        'owner',
        'due_on as dueOn',
        'incident.number as number',
      ])
      .where('action_item.state', '=', 'open')
      .where(incidentSeenBy(actor))
      .where((or) =>
        or.or([
          or('owner', 'in', [actor.id, actor.id.replace(/^person:/, '')]),
          or('due_on', '<', now.toISOString().slice(0, 10)),
        ]),
      )
      .orderBy('due_on', (order) => order.asc().nullsLast())
      .orderBy('action_item.id')
      .limit(20)
      .execute(),
    kysely
      .selectFrom('deployment')
      .select(['service', 'version', 'note', 'at', 'told_by as by'])
      .where('at', '>', new Date(now.getTime() - DEPLOYS_MS))
      .orderBy('at', 'desc')
      .limit(8)
      .execute(),
  ])
  return {
    oncall,
    maintenance,
    owedReviews: owed.reviews,
    actions: actions.map(({ number, ...action }) => ({ ...action, incident: `INC-${number}` })),
    deploys: deploys.filter(({ service }) => sees(actor, { service })),
  }
}

async function onCallNow(deps: OperationDeps, at: Date): Promise<unknown[]> {
  if (deps.oncall === undefined) return []
  const { roster } = await deps.oncall.state()
  const overrides = await readOverrides(deps.database.kysely, at)
  return Object.keys(roster.rotations).map((rotation) => {
    const { person } = onCallAt(roster, rotation, at, overrides)
    const ahead = { from: at, to: new Date(at.getTime() + LOOK_AHEAD_MS) }
    return {
      rotation,
      person,
      name: person === null ? null : (roster.people[person]?.name ?? person),
      until: shiftsBetween(roster, rotation, ahead, overrides)[0]?.to ?? null,
    }
  })
}
