import { isProvedAfter } from '../run/index.ts'
import type { AttemptedAlternative } from '../run/index.ts'
import type { WorkflowContext } from '../workflow/index.ts'
import { concludeIncident, endRun, waitForResolution } from './conclude.ts'
import { decide } from './decide.ts'
import type { ResponseDeps, RunHandle } from './deps.ts'
import { diagnose } from './diagnose.ts'
import { findRunbook } from './find.ts'
import { mitigate } from './mitigate.ts'
import { proveRecovery } from './prove.ts'
import { tell } from './tell.ts'

/**
 * The life of one incident, from its declaration to its review. Everything between two lines survives a crash: the
 * engine replays what is recorded and goes on at the line that was not.
 */
export async function respond(
  deps: ResponseDeps,
  context: WorkflowContext,
  input: { incidentId: string },
): Promise<void> {
  const run = await findRunbook(deps, context, input.incidentId)
  await tell(deps, context, { kind: 'acknowledgement', incidentId: input.incidentId, run, attempt: 0 })
  if (run === null)
    return concludeIncident(
      deps,
      context,
      input.incidentId,
      await waitForResolution(deps, context, input.incidentId),
      null,
    )

  const evidence = await diagnose(deps, context, run)
  const attempted: AttemptedAlternative[] = []
  for (let attempt = 1; ; attempt += 1) {
    const decision = await decide(deps, context, run, { attempt, attempted, evidence })
    if (decision.kind === 'over')
      return concludeIncident(deps, context, input.incidentId, decision.resolution, run)
    if (decision.kind === 'nothing-left') return leaveToPeople(deps, context, run, attempt, decision.reason)

    const done = await mitigate(deps, context, run, attempt, decision)
    if (done.kind === 'done' && !isProvedAfter(run.plan, decision.alternativeId)) {
      attempted.push({ alternativeId: decision.alternativeId, outcome: 'carried-out' })
      await tell(deps, context, { kind: 'status-update', incidentId: input.incidentId, run, attempt })
      continue
    }
    const proof = done.kind === 'done' ? await proveRecovery(deps, context, run, attempt) : done
    if (proof.kind === 'over') return concludeIncident(deps, context, input.incidentId, proof.resolution, run)
    if (proof.kind === 'ended') return leaveToPeople(deps, context, run, attempt, proof.reason)
    if (proof.kind === 'passed') {
      const resolution = { kind: 'proved', reason: proof.reason, by: decision.by } as const
      return concludeIncident(deps, context, input.incidentId, resolution, run)
    }
    const outcome = done.kind === 'done' ? 'not-recovered' : 'failed'
    attempted.push({ alternativeId: decision.alternativeId, outcome })
    await tell(deps, context, { kind: 'status-update', incidentId: input.incidentId, run, attempt })
  }
}

/** The run ends; the incident stays open until its alerts are gone or a person says that it is over. */
async function leaveToPeople(
  deps: ResponseDeps,
  context: WorkflowContext,
  run: RunHandle,
  attempt: number,
  reason: string,
): Promise<void> {
  await endRun(deps, context, run, 'failed', reason)
  await tell(deps, context, { kind: 'status-update', incidentId: run.incidentId, run, attempt })
  return concludeIncident(
    deps,
    context,
    run.incidentId,
    await waitForResolution(deps, context, run.incidentId),
    run,
  )
}
