import { SYSTEM_ACTOR } from '../access/index.ts'
import { messageOf } from '../base/error.ts'
import { addTimeline, countFiring } from '../incident/index.ts'
import { transitionRun } from '../run/index.ts'
import type { WorkflowContext } from '../workflow/index.ts'
import { concludeIncident, waitForResolution } from './conclude.ts'
import type { Resolution } from './decide.ts'
import type { ResponseDeps } from './deps.ts'
import { respond } from './respond.ts'

/**
 * The life of an incident, also when something happens that nobody foresaw: the run then ends as failed with the
 * reason, people are left in charge, and the incident still ends when its alerts do.
 */
export async function respondToTheEnd(
  deps: ResponseDeps,
  context: WorkflowContext,
  input: { incidentId: string },
): Promise<void> {
  try {
    await respond(deps, context, input)
  } catch (error) {
    // cancelled, or taken over by another replica: then this throws as well, and nothing is recorded
    const left = await recordFault(deps, context, input.incidentId, messageOf(error))
    deps.log.error({ err: error, incidentId: input.incidentId }, 'the response to an incident failed')
    if (left.over) return
    const resolution: Resolution = left.firing
      ? await waitForResolution(deps, context, input.incidentId)
      : { kind: 'alerts-resolved', by: 'source', reason: 'all alerts are resolved at their source' }
    await concludeIncident(deps, context, input.incidentId, resolution, null)
  }
}

/** @returns whether the incident is over already, and whether any of its alerts still fires. */
async function recordFault(
  deps: ResponseDeps,
  context: WorkflowContext,
  incidentId: string,
  reason: string,
): Promise<{ over: boolean; firing: boolean }> {
  return context.transaction('the response failed', async (trx) => {
    const at = deps.clock.now()
    const runs = await trx
      .selectFrom('run')
      .select('id')
      .where('incident_id', '=', incidentId)
      .where('ended_at', 'is', null)
      .execute()
    for (const { id } of runs) {
      await transitionRun(trx, at, id, 'failed', `an unexpected fault: ${reason}`)
      await trx
        .updateTable('decision')
        .set({ state: 'cancelled', answered_at: at })
        .where('run_id', '=', id)
        .where('state', '=', 'pending')
        .execute()
    }
    await addTimeline(trx, at, {
      incidentId,
      kind: 'response.failed',
      actor: SYSTEM_ACTOR.id,
      message: `erlmcp cannot go on, people have to: ${reason}`,
      data: { runs: runs.map((run) => run.id) },
    })
    const incident = await trx
      .selectFrom('incident')
      .select('state')
      .where('id', '=', incidentId)
      .executeTakeFirstOrThrow()
    const over = incident.state === 'resolved' || incident.state === 'closed'
    return { over, firing: (await countFiring(trx, incidentId)) > 0 }
  })
}
