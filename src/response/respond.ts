import type { WorkflowContext } from '../workflow/index.ts'
import { concludeIncident, endRun, waitForResolution } from './conclude.ts'
import { decide } from './decide.ts'
import type { ResponseDeps } from './deps.ts'
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
    return concludeIncident(deps, context, input.incidentId, await waitForResolution(context), null)

  const evidence = await diagnose(deps, context, run)
  const attempted: { alternativeId: string; outcome: 'failed' | 'not-recovered' | 'rejected' }[] = []
  for (let attempt = 1; ; attempt += 1) {
    const decision = await decide(deps, context, run, { attempt, attempted, evidence })
    if (decision.kind === 'over')
      return concludeIncident(deps, context, input.incidentId, decision.resolution, run)
    if (decision.kind === 'nothing-left') {
      await endRun(deps, context, run, 'failed', decision.reason)
      await tell(deps, context, { kind: 'status-update', incidentId: input.incidentId, run, attempt })
      return concludeIncident(deps, context, input.incidentId, await waitForResolution(context), run)
    }
    const done = await mitigate(deps, context, run, attempt, decision)
    const proof = done ? await proveRecovery(deps, context, run, attempt) : null
    if (proof?.verdict === 'passed') {
      return concludeIncident(
        deps,
        context,
        input.incidentId,
        { kind: 'proved', reason: proof.reason, by: decision.by },
        run,
      )
    }
    attempted.push({ alternativeId: decision.alternativeId, outcome: done ? 'not-recovered' : 'failed' })
    await tell(deps, context, { kind: 'status-update', incidentId: input.incidentId, run, attempt })
  }
}
