import { countFiring, reopenIncident } from '../incident/index.ts'
import type { Transaction } from '../db/index.ts'
import type { WorkflowContext } from '../workflow/index.ts'
import type { ResponseDeps } from './deps.ts'
import { RETURN_TOPIC } from './events.ts'
import { respondToTheEnd } from './fault.ts'

/**
 * An incident from its declaration until it stays over. After it was resolved its response listens on: the group may
 * fire again (then who receives the alert opens the incident again), or its alerts may never have stopped.
 */
export async function respondUntilQuiet(
  deps: ResponseDeps,
  context: WorkflowContext,
  input: { incidentId: string },
): Promise<void> {
  for (let round = 1; ; round += 1) {
    await respondToTheEnd({ ...deps, round }, context, input)
    if (!(await watchForReturn(deps, context, input.incidentId))) return
  }
}

/** @returns whether the incident is open again. */
async function watchForReturn(
  deps: ResponseDeps,
  context: WorkflowContext,
  incidentId: string,
): Promise<boolean> {
  for (;;) {
    const found = await context.transaction('is it over', (trx) => look(trx, deps, incidentId))
    if (found.kind !== 'wait') return found.kind === 'open-again'
    await context.receive(RETURN_TOPIC, Math.max(1, found.ms))
  }
}

type Found = { kind: 'over' } | { kind: 'open-again' } | { kind: 'wait'; ms: number }

async function look(trx: Transaction, deps: ResponseDeps, incidentId: string): Promise<Found> {
  const at = deps.clock.now()
  const incident = await trx
    .selectFrom('incident')
    .select(['state', 'resolved_at', 'watched_until'])
    .where('id', '=', incidentId)
    .forUpdate()
    .executeTakeFirstOrThrow()
  if (incident.state === 'closed') return { kind: 'over' }
  if (incident.state !== 'resolved') return { kind: 'open-again' }
  const { resolved_at: resolvedAt, watched_until: until } = incident
  if (resolvedAt === null || until === null) return { kind: 'over' }
  const firing = await countFiring(trx, incidentId)
  const patienceEnds = resolvedAt.getTime() + deps.settings.stillFiringMs
  if (firing > 0 && at.getTime() >= patienceEnds) {
    const reason = await stillFires(trx, incidentId, firing, at.getTime() - resolvedAt.getTime())
    await reopenIncident(trx, at, { incidentId, ...reason })
    return { kind: 'open-again' }
  }
  const left = until.getTime() - at.getTime()
  if (left > 0) return { kind: 'wait', ms: firing > 0 ? Math.min(left, patienceEnds - at.getTime()) : left }
  // from now on nobody listens: whoever fires next declares an incident of its own
  await trx.updateTable('incident').set({ watched_until: null }).where('id', '=', incidentId).execute()
  return { kind: 'over' }
}

/** The alert that fires longest is what the incident is about from now on: its page is the one to follow. */
async function stillFires(trx: Transaction, incidentId: string, firing: number, sinceMs: number) {
  const alert = await trx
    .selectFrom('alert')
    .select(['name', 'labels', 'annotations', 'last_seen_at'])
    .where('incident_id', '=', incidentId)
    .where('status', '=', 'firing')
    .orderBy('starts_at')
    .orderBy('fingerprint')
    .limit(1)
    .executeTakeFirstOrThrow()
  const others = firing > 1 ? ` and ${firing - 1} more` : ''
  const heard = alert.last_seen_at.toISOString().slice(11, 19)
  return {
    reason: `${alert.name}${others} still ${firing > 1 ? 'fire' : 'fires'} ${minutes(sinceMs)} after it was resolved (last heard at ${heard} UTC)`,
    about: {
      alertName: alert.name,
      labels: alert.labels as Record<string, string>,
      annotations: alert.annotations as Record<string, string>,
    },
  }
}

const minutes = (ms: number): string =>
  ms < 120_000 ? `${Math.round(ms / 1_000)} s` : `${Math.round(ms / 60_000)} min`
