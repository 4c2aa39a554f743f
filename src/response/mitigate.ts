import { SYSTEM_ACTOR } from '../access/index.ts'
import { addTimeline, transitionIncident } from '../incident/index.ts'
import { transitionRun } from '../run/index.ts'
import type { PlannedAlternative, PlannedCommand } from '../run/index.ts'
import type { WorkflowContext } from '../workflow/index.ts'
import { askWhetherDone } from './decide.ts'
import type { Decided } from './decide.ts'
import type { ResponseDeps, RunHandle } from './deps.ts'
import { runGated, runReads } from './execute.ts'

/**
 * Runs one approved alternative, command by command, and stops at the first that fails: what follows was written for
 * the case that it worked.
 * @returns whether its changes were made, so that their effect can be measured.
 */
export async function mitigate(
  deps: ResponseDeps,
  context: WorkflowContext,
  run: RunHandle,
  attempt: number,
  decision: Extract<Decided, { kind: 'approved' }>,
): Promise<boolean> {
  const alternative = run.plan.alternatives.find((candidate) => candidate.id === decision.alternativeId)
  if (alternative === undefined) throw new Error(`the plan has no option ${decision.alternativeId}`)
  await context.transaction(`execute ${attempt}`, async (trx) => {
    const at = deps.clock.now()
    await transitionRun(trx, at, run.runId, 'executing')
    await moveOn(trx, at, run.incidentId, `Mitigating: ${alternative.title}`)
  })
  for (const command of alternative.commands) {
    const outcome = command.needsApproval
      ? await change(deps, context, run, command, attempt, decision.approvalIds)
      : await read(deps, context, run, alternative, command, attempt)
    if (outcome === 'stop') return false
  }
  return true
}

async function change(
  deps: ResponseDeps,
  context: WorkflowContext,
  run: RunHandle,
  command: PlannedCommand,
  attempt: number,
  approvalIds: readonly string[],
): Promise<'go-on' | 'stop'> {
  const result = await runGated(deps, context, run, command, attempt, approvalIds)
  if ('kind' in result) {
    await context.transaction(`refused ${command.stepId}#${command.index} ${attempt}`, (trx) =>
      addTimeline(trx, deps.clock.now(), {
        incidentId: run.incidentId,
        kind: 'command.refused',
        actor: 'system:erlmcp',
        message: `Not run: ${result.message}. ${result.action}`,
        data: { runId: run.runId, code: result.code },
      }),
    )
    return 'stop'
  }
  if (result.state === 'done') return 'go-on'
  if (result.state !== 'unknown') return 'stop'
  const text = `\`${command.text}\`: it is unknown whether it took effect (${result.reason ?? 'interrupted'}). It is not run again.`
  return (await askWhetherDone(deps, context, run, attempt, 'unknown-outcome', text)) ? 'go-on' : 'stop'
}

/** A read inside an alternative ("wait for the rollout") decides as well: when it fails, the rest does not run. */
async function read(
  deps: ResponseDeps,
  context: WorkflowContext,
  run: RunHandle,
  alternative: PlannedAlternative,
  command: PlannedCommand,
  attempt: number,
): Promise<'go-on' | 'stop'> {
  const [finding] = await context.step(`read ${command.stepId}#${command.index} ${attempt}`, (signal) =>
    runReads(deps, run, { ...alternative, commands: [command] }, attempt, signal),
  )
  return finding?.state === 'failed' ? 'stop' : 'go-on'
}

async function moveOn(
  trx: Parameters<typeof transitionIncident>[0],
  at: Date,
  incidentId: string,
  message: string,
): Promise<void> {
  await transitionIncident(trx, at, { incidentId, to: 'mitigating', actor: SYSTEM_ACTOR, message })
}
