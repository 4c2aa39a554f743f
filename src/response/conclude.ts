import { SYSTEM_ACTOR } from '../access/index.ts'
import { addTimeline, transitionIncident } from '../incident/index.ts'
import { gatherFacts, writeReview } from '../review/index.ts'
import { transitionRun } from '../run/index.ts'
import type { WorkflowContext } from '../workflow/index.ts'
import { resolutionOf } from './decide.ts'
import type { Resolution } from './decide.ts'
import type { ResponseDeps, RunHandle } from './deps.ts'
import { EVENT_TOPIC } from './events.ts'
import type { ResponseEvent } from './events.ts'
import { tell } from './tell.ts'

const A_DAY_MS = 86_400_000

/** Waits, for as long as it takes, until the alerts are gone or a person says that it is over. */
export async function waitForResolution(context: WorkflowContext): Promise<Resolution> {
  for (;;) {
    const event = await context.receive<ResponseEvent>(EVENT_TOPIC, A_DAY_MS)
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
    await addTimeline(trx, at, {
      incidentId: run.incidentId,
      kind: `run.${to}`,
      actor: SYSTEM_ACTOR.id,
      message: `Run ${to}: ${reason}`,
      data: { runId: run.runId },
    })
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
    await measureImpact(deps, context, run)
  }
  await context.transaction('resolve', async (trx) => {
    await transitionIncident(trx, deps.clock.now(), {
      incidentId,
      to: 'resolved',
      actor: SYSTEM_ACTOR,
      message: `Resolved: ${resolution.reason}`,
      reason: resolution.reason,
    })
  })
  const facts = { resolution: resolution.reason }
  await tell(deps, context, { kind: 'resolution', incidentId, run, attempt: 0, facts })
  await reviewIncident(deps, context, incidentId)
}

/** How many requests failed between the first measurement and the end. */
async function measureImpact(deps: ResponseDeps, context: WorkflowContext, run: RunHandle): Promise<void> {
  const source = deps.service(run.serviceName).signals
  const signal = run.plan.recovery?.signal ?? run.plan.trigger?.signal ?? null
  if (source === null || signal !== 'error_rate') return
  const now = await context.step('measure the impact', () => deps.measure(source, signal))
  await context.transaction('record the impact', async (trx) => {
    const first = await trx
      .selectFrom('timeline_entry')
      .select('data')
      .where('incident_id', '=', run.incidentId)
      .where('kind', '=', 'signal.measured')
      .executeTakeFirst()
    const before = (first?.data as { failedRequests?: unknown } | undefined)?.failedRequests
    if (typeof before !== 'number' || now.failedRequests === null) return
    // a restarted process counts from zero: then only what it counted itself is known
    const failedRequests = now.failedRequests >= before ? now.failedRequests - before : now.failedRequests
    await addTimeline(trx, deps.clock.now(), {
      incidentId: run.incidentId,
      kind: 'impact.measured',
      actor: SYSTEM_ACTOR.id,
      message: `${failedRequests} requests failed since the first measurement`,
      data: { failedRequests },
    })
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
      .onConflict((conflict) => conflict.column('incident_id').doNothing())
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
