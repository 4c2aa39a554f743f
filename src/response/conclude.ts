import { SYSTEM_ACTOR } from '../access/index.ts'
import { addTimeline, countFiring, transitionIncident } from '../incident/index.ts'
import { gatherFacts, writeReview } from '../review/index.ts'
import { transitionRun } from '../run/index.ts'
import type { WorkflowContext } from '../workflow/index.ts'
import { resolutionOf } from './decide.ts'
import type { Resolution } from './decide.ts'
import type { ResponseDeps, RunHandle } from './deps.ts'
import { hear } from './hear.ts'
import { countFailures } from './impact.ts'
import { tell } from './tell.ts'

const A_DAY_MS = 86_400_000

/** Waits, for as long as it takes, until the alerts are gone or a person says that it is over. */
export async function waitForResolution(
  deps: ResponseDeps,
  context: WorkflowContext,
  incidentId: string,
): Promise<Resolution> {
  for (;;) {
    const event = await hear(deps, context, incidentId, A_DAY_MS)
    if (event?.kind === 'alerts-resolved' || event?.kind === 'resolved-by-person') return resolutionOf(event)
  }
}

/** Ends a run with its reason, unless it has ended. */
export async function endRun(
  deps: ResponseDeps,
  context: WorkflowContext,
  run: RunHandle,
  to: 'succeeded' | 'failed' | 'cancelled',
  reason: string,
): Promise<void> {
  await context.transaction(`end the run: ${to}`, async (trx) => {
    const at = deps.clock.now()
    const current = await trx
      .selectFrom('run')
      .select('ended_at')
      .where('id', '=', run.runId)
      .executeTakeFirst()
    if (current === undefined || current.ended_at !== null) return
    await transitionRun(trx, at, run.runId, to, reason)
    // variables of its commands may hold secrets; nobody needs them any more
    await trx.updateTable('run').set({ shell_state: null }).where('id', '=', run.runId).execute()
    await addTimeline(trx, at, {
      incidentId: run.incidentId,
      kind: `run.${to}`,
      actor: SYSTEM_ACTOR.id,
      message: `Run ${to}: ${reason}`,
      data: { runId: run.runId },
    })
  })
  await context.step(`remove the folder of ${run.runId}`, async () => {
    await deps.forgetRun(run.runId)
    return null
  })
}

/** Resolves the incident, tells people, and writes the review from what was recorded. */
export async function concludeIncident(
  deps: ResponseDeps,
  context: WorkflowContext,
  incidentId: string,
  resolution: Resolution,
  run: RunHandle | null,
): Promise<void> {
  if (run !== null) {
    const proved = resolution.kind === 'proved'
    await endRun(deps, context, run, proved ? 'succeeded' : 'cancelled', resolution.reason)
  }
  let last = resolution
  while (!(await resolve(deps, context, incidentId, last))) {
    last = await waitForResolution(deps, context, incidentId)
  }
  if (run !== null) await countFailures(deps, context, run, 'at the end')
  const facts = { resolution: last.reason }
  await tell(deps, context, { kind: 'resolution', incidentId, run, attempt: 0, facts })
  await reviewIncident(deps, context, incidentId)
  await tell(deps, context, { kind: 'summary', incidentId, run, attempt: 0 })
}

/** @returns false when it was only the alerts' silence that resolved it, and one has fired at the last moment. */
async function resolve(
  deps: ResponseDeps,
  context: WorkflowContext,
  incidentId: string,
  resolution: Resolution,
): Promise<boolean> {
  return context.transaction('resolve', async (trx) => {
    // locked, so that an alert that joins at this moment is either seen here or declares an incident of its own
    await trx
      .selectFrom('incident')
      .select('id')
      .where('id', '=', incidentId)
      .forUpdate()
      .executeTakeFirstOrThrow()
    if (resolution.kind === 'alerts-resolved' && (await countFiring(trx, incidentId)) > 0) return false
    const at = deps.clock.now()
    await transitionIncident(trx, at, {
      incidentId,
      to: 'resolved',
      actor: SYSTEM_ACTOR,
      message: `Resolved: ${resolution.reason}`,
      reason: resolution.reason,
    })
    const { flapMs, stillFiringMs } = deps.settings
    await trx
      .updateTable('incident')
      .set({ watched_until: new Date(at.getTime() + Math.max(flapMs, stillFiringMs)) })
      .where('id', '=', incidentId)
      .execute()
    return true
  })
}

/** Stage 8. */
async function reviewIncident(
  deps: ResponseDeps,
  context: WorkflowContext,
  incidentId: string,
): Promise<void> {
  const written = await context.transaction('write the review', async (trx) => {
    const facts = await gatherFacts(trx, incidentId)
    const markdown = writeReview(facts)
    await trx
      .insertInto('review')
      .values({
        incident_id: incidentId,
        markdown,
        facts: JSON.stringify(facts),
        written_at: deps.clock.now(),
        path: null,
      })
      .onConflict((conflict) =>
        // an incident that was opened again is reviewed as a whole
        conflict.column('incident_id').doUpdateSet({
          markdown,
          facts: JSON.stringify(facts),
          written_at: deps.clock.now(),
        }),
      )
      .execute()
    return { name: `INC-${facts.number}`, markdown }
  })
  const path = await context.step('write the review file', () =>
    deps.writeReviewFile(written.name, written.markdown),
  )
  await context.transaction('name the review file', async (trx) => {
    const at = deps.clock.now()
    await trx.updateTable('review').set({ path }).where('incident_id', '=', incidentId).execute()
    await addTimeline(trx, at, {
      incidentId,
      kind: 'review.written',
      actor: SYSTEM_ACTOR.id,
      message: `Review written: ${path}`,
      data: { path },
    })
  })
}
