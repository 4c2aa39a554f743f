import { SYSTEM_ACTOR } from '../access/index.ts'
import { addTimeline, transitionIncident } from '../incident/index.ts'
import { transitionRun } from '../run/index.ts'
import type { PlannedAlternative, PlannedCommand } from '../run/index.ts'
import type { WorkflowContext } from '../workflow/index.ts'
import { askWhetherDone } from './decide.ts'
import type { Decided, SaidDone } from './decide.ts'
import type { ResponseDeps, RunHandle } from './deps.ts'
import { runGated, runReads } from './execute.ts'
import { countFailures } from './impact.ts'

/** How an attempt went. `done`: its changes were made, so that their effect can be measured. */
export type Mitigated = SaidDone

/**
 * Runs one approved alternative, command by command, and stops at the first that fails: what follows was written for
 * the case that it worked.
 */
export async function mitigate(
  deps: ResponseDeps,
  context: WorkflowContext,
  run: RunHandle,
  attempt: number,
  decision: Extract<Decided, { kind: 'approved' }>,
): Promise<Mitigated> {
  const alternative = run.plan.alternatives.find((candidate) => candidate.id === decision.alternativeId)
  if (alternative === undefined) throw new Error(`the plan has no option ${decision.alternativeId}`)
  await countFailures(deps, context, run, `before attempt ${attempt}`)
  const begun = await context.transaction(`execute ${attempt}`, async (trx) => {
    const at = deps.clock.now()
    if (!(await transitionRun(trx, at, run.runId, 'executing'))) return false
    await moveOn(trx, at, run.incidentId, `Mitigating: ${alternative.title}`)
    return true
  })
  if (!begun) return { kind: 'ended', reason: 'the run was ended before it began' }
  for (const command of alternative.commands) {
    const outcome = command.needsApproval
      ? await change(deps, context, run, command, attempt, decision.approvalIds)
      : await read(deps, context, run, alternative, command, attempt)
    if (outcome.kind !== 'done') return outcome
  }
  return { kind: 'done' }
}

async function change(
  deps: ResponseDeps,
  context: WorkflowContext,
  run: RunHandle,
  command: PlannedCommand,
  attempt: number,
  approvalIds: readonly string[],
): Promise<Mitigated> {
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
    return { kind: 'not-done', reason: result.message }
  }
  if (result.state === 'done') return { kind: 'done' }
  if (result.state !== 'unknown') return { kind: 'not-done', reason: `\`${command.text}\` failed` }
  return askAndGoOn(deps, context, run, {
    attempt,
    kind: 'unknown-outcome',
    subject: `${command.stepId}#${command.index}`,
    text: `\`${command.text}\`: it is unknown whether it took effect (${result.reason ?? 'interrupted'}). It is not run again.`,
  })
}

/**
 * A read inside an alternative ("wait for the rollout") decides as well: when it fails, the rest does not run. What
 * only a person can do, a person is asked for; it does not count as done because it was skipped.
 */
async function read(
  deps: ResponseDeps,
  context: WorkflowContext,
  run: RunHandle,
  alternative: PlannedAlternative,
  command: PlannedCommand,
  attempt: number,
): Promise<Mitigated> {
  const [finding] = await context.step(`read ${command.stepId}#${command.index} ${attempt}`, (signal) =>
    runReads(deps, run, { ...alternative, commands: [command] }, attempt, signal),
  )
  if (command.mode === 'manual') {
    return askAndGoOn(deps, context, run, {
      attempt,
      kind: 'manual',
      subject: `${command.stepId}#${command.index}`,
      text: `Do this by hand, then say whether it was done: \`${command.text}\` (${command.manualReason ?? 'it is for a person'})`,
    })
  }
  return finding?.state === 'failed'
    ? { kind: 'not-done', reason: `\`${command.text}\` failed` }
    : { kind: 'done' }
}

async function askAndGoOn(
  deps: ResponseDeps,
  context: WorkflowContext,
  run: RunHandle,
  about: Parameters<typeof askWhetherDone>[3],
): Promise<Mitigated> {
  const said = await askWhetherDone(deps, context, run, about)
  if (said.kind !== 'done') return said
  const alive = await context.transaction(`go on ${about.attempt} ${about.subject}`, (trx) =>
    transitionRun(trx, deps.clock.now(), run.runId, 'executing'),
  )
  return alive ? said : { kind: 'ended', reason: 'the run was ended' }
}

async function moveOn(
  trx: Parameters<typeof transitionIncident>[0],
  at: Date,
  incidentId: string,
  message: string,
): Promise<void> {
  await transitionIncident(trx, at, { incidentId, to: 'mitigating', actor: SYSTEM_ACTOR, message })
}
