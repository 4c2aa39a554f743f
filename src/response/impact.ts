import { SYSTEM_ACTOR } from '../access/index.ts'
import { addTimeline } from '../incident/index.ts'
import type { WorkflowContext } from '../workflow/index.ts'
import type { ResponseDeps, RunHandle } from './deps.ts'

/**
 * Notes how many requests have failed by now. Taken before something is changed as well: a restarted process counts
 * from zero, and what its predecessor counted is only known until then.
 */
export async function countFailures(
  deps: ResponseDeps,
  context: WorkflowContext,
  run: RunHandle,
  when: string,
): Promise<void> {
  const source = deps.service(run.serviceName).signals
  const signal = run.plan.recovery?.signal ?? run.plan.trigger?.signal ?? null
  if (source === null || signal !== 'error_rate') return
  const failedRequests = await context.step(`count failures ${when}`, () => deps.countFailures(source))
  if (failedRequests === null) return
  await context.transaction(`note failures ${when}`, async (trx) => {
    const seen = await trx
      .selectFrom('timeline_entry')
      .select('data')
      .where('incident_id', '=', run.incidentId)
      .where('kind', 'in', ['signal.measured', 'failures.counted'])
      .orderBy('id')
      .execute()
    const counts = seen
      .map((entry) => (entry.data as { failedRequests?: unknown }).failedRequests)
      .filter((count): count is number => typeof count === 'number')
    const total = failuresSince([...counts, failedRequests])
    await addTimeline(trx, deps.clock.now(), {
      incidentId: run.incidentId,
      kind: 'failures.counted',
      actor: SYSTEM_ACTOR.id,
      message: `${total} requests have failed since the first measurement`,
      data: { failedRequests, total },
    })
  })
}

/** Growth of a counter over several looks; one that fell was reset and counts from zero. */
export function failuresSince(counts: readonly number[]): number {
  return counts
    .slice(1)
    .reduce(
      (sum, count, index) => sum + (count >= (counts[index] ?? 0) ? count - (counts[index] ?? 0) : count),
      0,
    )
}
