import { assignedVariables } from '../command/index.ts'
import type { Procedure, RunbookCommand } from './model.ts'

/**
 * The procedure as a person is asked for values: a variable that an earlier command sets (`export NAMESPACE=...`) is the
 * shell's own, not somebody's to give. What a page declares or writes as a placeholder is still asked for.
 */
export function withoutAssigned(procedure: Procedure): Procedure {
  const assigned = new Set<string>()
  const settle = (commands: RunbookCommand[]): RunbookCommand[] =>
    commands.map((command) => {
      const inputs = command.inputs.filter(
        ({ form, name }) => form !== 'unset-variable' || !assigned.has(name),
      )
      if (command.language === 'bash') for (const name of assignedVariables(command.text)) assigned.add(name)
      return { ...command, inputs }
    })
  const phases = procedure.phases.map((phase) => ({
    ...phase,
    steps: phase.steps.map((step) => {
      const commands = settle(step.commands)
      if (step.alternatives === undefined) return { ...step, commands }
      const alternatives = step.alternatives.map((each) => ({ ...each, commands: settle(each.commands) }))
      return { ...step, commands, alternatives }
    }),
  }))
  return { ...procedure, phases }
}
