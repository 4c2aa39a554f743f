import type { Plan, PlannedAlternative, PlannedCommand } from './plan.ts'

/** How an alternative has fared in this run. `carried-out`: a step of a task, whose proof comes after its last. */
export interface AttemptedAlternative {
  alternativeId: string
  outcome: 'failed' | 'not-recovered' | 'rejected' | 'carried-out'
}

/** The alternatives that can still be offered, in the page's order, the suggested one first. */
export function remainingAlternatives(
  plan: Plan,
  attempted: readonly AttemptedAlternative[],
  evidence: readonly string[],
): { alternative: PlannedAlternative; suggestion: string | null }[] {
  const tried = new Set(attempted.map((attempt) => attempt.alternativeId))
  const open = inTurn(plan, attempted).filter((alternative) => !tried.has(alternative.id))
  const offers = open.map((alternative) => ({
    alternative,
    suggestion: suggestionFor(alternative, evidence),
  }))
  return [
    ...offers.filter((offer) => offer.suggestion !== null),
    ...offers.filter((offer) => offer.suggestion === null),
  ]
}

/** Whether recovery is measured after it: an option always, a step of a task only when no other follows. */
export function isProvedAfter(plan: Plan, alternativeId: string): boolean {
  const order = plan.alternatives.find(({ id }) => id === alternativeId)?.order
  return order === undefined || plan.alternatives.every((other) => (other.order ?? 0) <= order)
}

/** All options; in a task those of the first step that is not done. After the last one `not-recovered` can stand. */
function inTurn(plan: Plan, attempted: readonly AttemptedAlternative[]): PlannedAlternative[] {
  const done = new Set(
    attempted
      .filter(({ outcome }) => outcome === 'carried-out' || outcome === 'not-recovered')
      .map(({ alternativeId }) => alternativeId),
  )
  const finished = new Set(plan.alternatives.filter(({ id }) => done.has(id)).map(({ order }) => order))
  const next = plan.alternatives.find(({ order }) => order !== undefined && !finished.has(order))
  return plan.alternatives.filter(({ order }) => order === undefined || order === next?.order)
}

/** A recent deployment in the findings speaks for the alternative whose condition names one. */
function suggestionFor(alternative: PlannedAlternative, evidence: readonly string[]): string | null {
  const condition = alternative.condition?.toLowerCase() ?? ''
  if (!/deploy|release|rollout|rolled out|version/.test(condition)) return null
  const finding = evidence.find((line) => /deployed|released|rolled out|revision|release/i.test(line))
  return finding === undefined ? null : `fits what was found: ${finding.slice(0, 120)}`
}

/** The commands of an alternative that a person has to approve, each by its own hash. */
export const gatedCommands = (alternative: PlannedAlternative): PlannedCommand[] =>
  alternative.commands.filter((command) => command.needsApproval)

/** Inputs of an alternative that nobody has given; it cannot be approved before. */
export const missingInputs = (alternative: PlannedAlternative): string[] => [
  ...new Set(
    alternative.commands
      .filter((command) => command.mode !== 'manual')
      .flatMap((command) =>
        command.inputs.filter((input) => input.value === null).map((input) => input.name),
      ),
  ),
]
