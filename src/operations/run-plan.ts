import { mayApprove } from '../access/index.ts'
import type { Actor, Circumstances, Permission } from '../access/index.ts'
import { gatedCommands } from '../run/index.ts'
import type { Plan, PlannedAlternative, PlannedStep } from '../run/index.ts'
import type { OperationDeps } from './deps.ts'

/** Who offers an option: erlmcp, from the page. */
const REQUESTER = 'system:erlmcp'

/** Whether this actor may approve every command of an option here and now, in words. */
export function mayApproveOption(
  actor: Actor,
  alternative: PlannedAlternative,
  about: Circumstances = {},
  requester: string = REQUESTER,
): Permission {
  const each = gatedCommands(alternative).map((command) => mayApprove(actor, command.risk, requester, about))
  return (
    each.find((permission) => !permission.allowed) ?? each[0] ?? mayApprove(actor, 'read', requester, about)
  )
}

/** Who proposed which option of a run's open question, by option. */
export async function proposalsOf(
  deps: OperationDeps,
  runId: string,
): Promise<Map<string, { proposedBy: string; reason: string }>> {
  const rows = await deps.database.kysely
    .selectFrom('proposal')
    .innerJoin('decision', 'decision.id', 'proposal.decision_id')
    .select(['alternative_id', 'proposed_by', 'proposal.reason'])
    .where('decision.run_id', '=', runId)
    .where('decision.state', '=', 'pending')
    .execute()
  return new Map(rows.map((row) => [row.alternative_id, { proposedBy: row.proposed_by, reason: row.reason }]))
}

/** The plan as it is read: phases in the page's order, each with its steps. */
export function phasesOf(plan: Plan): { kind: string; name: string; steps: unknown[] }[] {
  const phases: { kind: string; name: string; steps: unknown[] }[] = []
  const add = (steps: readonly PlannedStep[]): void => {
    for (const step of steps) {
      const last = phases.at(-1)
      if (last?.kind === step.phaseKind && last.name === step.phase) last.steps.push(stepOf(step))
      else phases.push({ kind: step.phaseKind, name: step.phase, steps: [stepOf(step)] })
    }
  }
  add(plan.diagnosis)
  add(plan.alternatives)
  add(plan.checks)
  add(plan.followUp)
  return phases
}

const stepOf = (step: PlannedStep): unknown => ({
  id: step.id,
  title: step.title,
  line: step.line,
  text: step.text,
  items: step.items,
  commands: step.commands,
})

/** The newest tick of each item. */
export async function ticksOf(deps: OperationDeps, runId: string): Promise<unknown[]> {
  return deps.database.kysely
    .selectFrom('run_tick')
    .distinctOn(['step_id', 'item'])
    .select(['step_id as stepId', 'item', 'done', 'by', 'at'])
    .where('run_id', '=', runId)
    .orderBy('step_id')
    .orderBy('item')
    .orderBy('id', 'desc')
    .execute()
}
