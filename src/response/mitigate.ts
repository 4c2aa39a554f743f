import { appendAudit, SYSTEM_ACTOR } from '../access/index.ts'
import { addTimeline, transitionIncident } from '../incident/index.ts'
import { transitionRun } from '../run/index.ts'
import type { Plan, PlannedAlternative, PlannedCommand } from '../run/index.ts'
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
  await countFailures(deps, context, run, `before attempt ${attempt}`)
  const begun = await context.transaction(`execute ${attempt}`, async (trx) => {
    const at = deps.clock.now()
    if (!(await transitionRun(trx, at, run.runId, 'executing'))) return null
    // people may have given its inputs since the run began
    const { plan } = await trx
      .selectFrom('run')
      .select('plan')
      .where('id', '=', run.runId)
      .executeTakeFirstOrThrow()
    const chosen = optionOf(plan as Plan, decision.alternativeId)
    await moveOn(trx, at, run.incidentId, `Mitigating: ${chosen.title}`)
    return chosen
  })
  // a workflow that was recorded by an older version has a boolean here
  if (begun === null || (begun as unknown) === false)
    return { kind: 'ended', reason: 'the run was ended before it began' }
  const alternative = (begun as unknown) === true ? optionOf(run.plan, decision.alternativeId) : begun
  for (const command of alternative.commands) {
    const outcome = command.needsApproval
      ? await change(deps, context, run, command, attempt, decision.approvalIds)
      : await read(deps, context, run, alternative, command, attempt)
    if (outcome.kind !== 'done') return outcome
  }
  return { kind: 'done' }
}

function optionOf(plan: Plan, alternativeId: string): PlannedAlternative {
  const found = plan.alternatives.find((candidate) => candidate.id === alternativeId)
  if (found === undefined) throw new Error(`the plan has no option ${alternativeId}`)
  return found
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
    await context.transaction(`refused ${command.stepId}#${command.index} ${attempt}`, async (trx) => {
      const at = deps.clock.now()
      await addTimeline(trx, at, {
        incidentId: run.incidentId,
        kind: 'command.refused',
        actor: SYSTEM_ACTOR.id,
        message: `Not run: ${result.message}. ${result.action}`,
        data: { runId: run.runId, code: result.code },
      })
      await appendAudit(trx, at, {
        actor: SYSTEM_ACTOR,
        operation: 'run.execute',
        subject: run.runId,
        outcome: 'refused',
        data: { command: command.text, hash: command.hash, code: result.code, reason: result.message },
      })
    })
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
