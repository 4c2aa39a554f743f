import { AppError } from '../base/error.ts'
import type { Procedure } from '../runbook/index.ts'
import { allows } from './inputs.ts'
import { planProcedure } from './plan.ts'
import type { Plan, PlannedAlternative } from './plan.ts'

/**
 * The plan with one more value, planned as a run is: same checks, and new hashes for the commands that use it. Options
 * only; what was read stays as it was read.
 * @throws AppError `not_found` (no option asks for it), `input_invalid` (the page or the place does not allow the value),
 * `conflict` (this erlmcp reads the page in another way than the one that began the run).
 */
export function giveInput(
  plan: Plan,
  procedure: Procedure,
  given: { name: string; value: string; by: string },
): Plan {
  const { name, value, by } = given
  if (!plan.alternatives.some((option) => asksFor(option, name))) {
    throw new AppError('not_found', `no option of the run asks for ${name}`, {
      action: 'See what they ask for with `erlmcp run inputs`.',
    })
  }
  if (
    !allows(
      (procedure.inputs ?? []).find((rule) => rule.name === name),
      value,
    )
  ) {
    throw new AppError('input_invalid', `the page does not allow ${JSON.stringify(value)} for ${name}`, {
      action: 'See what it allows with `erlmcp run inputs`.',
    })
  }
  const values = new Map(knownIn(plan)).set(name, { value, from: by })
  const { alternatives } = planProcedure(procedure, { target: plan.target, values })
  if (!isSamePage(plan.alternatives, alternatives)) {
    throw new AppError('conflict', 'the page is read in another way now than when the run began', {
      action: 'End this run, and start it again.',
    })
  }
  if (missing(alternatives, name)) {
    throw new AppError(
      'input_invalid',
      `${name} stands inside code, where ${JSON.stringify(value)} could mean more`,
      {
        action: 'Use letters, digits and _ . : @ % + , = / - only.',
      },
    )
  }
  return { ...plan, alternatives }
}

const asksFor = (option: PlannedAlternative, name: string): boolean =>
  option.commands.some((command) => command.inputs.some((input) => input.name === name))

const missing = (options: readonly PlannedAlternative[], name: string): boolean =>
  options.some((option) =>
    option.commands.some((command) =>
      command.inputs.some((input) => input.name === name && input.value === null),
    ),
  )

function* knownIn(plan: Plan): Generator<[string, { value: string; from: string }]> {
  for (const step of [...plan.diagnosis, ...plan.alternatives, ...plan.checks]) {
    for (const { name, value, from } of step.commands.flatMap((command) => command.inputs))
      if (value !== null) yield [name, { value, from: from ?? 'the run' }]
  }
}

function isSamePage(before: readonly PlannedAlternative[], after: readonly PlannedAlternative[]): boolean {
  const textOf = (options: readonly PlannedAlternative[]): string =>
    JSON.stringify(options.map(({ id, commands }) => [id, commands.map(({ text, risk }) => [text, risk])]))
  return textOf(before) === textOf(after)
}
