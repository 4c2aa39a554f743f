import { assignedVariables, bindInputs, inputVariable, plainInputs } from '../command/index.ts'
import type { CommandFlag, Risk } from '../command/index.ts'
import { messageOf } from '../base/error.ts'
import { canonicalJson, sha256 } from '../base/id.ts'
import type { Condition, Phase, PhaseKind, Procedure, RunbookCommand, Step } from '../runbook/index.ts'
import { needsWriteRight } from './write-right.ts'

/** Where commands act: part of what an approval is for. */
export type Target =
  | { kind: 'host'; host: string }
  | { kind: 'kubernetes'; context: string; namespace: string | null }

export const IDENTITIES = ['observer', 'operator'] as const
export type Identity = (typeof IDENTITIES)[number]

export interface PlannedInput {
  /** As the page names it: `POD_NAME`. */
  name: string
  /** The environment variable that carries it into the shell. */
  variable: string
  /** `null`: nobody has given it yet; the command does not run. */
  value: string | null
  /** Where the value came from: `label pod`, `service orders`, `default`. */
  from: string | null
}

/** One command as it would run. */
export interface PlannedCommand {
  stepId: string
  index: number
  /** As the page has it. */
  text: string
  /** The shell source that runs: inputs are quoted references to environment variables. */
  script: string
  inputs: PlannedInput[]
  risk: Risk
  flags: CommandFlag[]
  reasons: string[]
  line: number
  explanation: string | null
  changesShell: boolean
  identity: Identity
  /** `run`: to its end. `window`: endless, stopped after a while. `manual`: a person does it. */
  mode: 'run' | 'window' | 'manual'
  /** Why it is for a person. */
  manualReason: string | null
  needsApproval: boolean
  /** Over script, inputs, identity and target. */
  hash: string
}

export interface PlannedStep {
  id: string
  phase: string
  phaseKind: PhaseKind
  title: string
  line: number
  text: string
  /** Items of a checklist: a person ticks them. */
  items: string[]
  commands: PlannedCommand[]
}

export interface PlannedAlternative extends PlannedStep {
  condition: string | null
  risk: Risk
  /**
   * Only in a plan of a task (a restore, a maintenance): all its steps are taken, in this order, each behind its own
   * gate. Options of one choice share a number, and one of them is taken.
   */
  order?: number
}

/** What one run will do: from one procedure of one revision of one page, for one incident. */
export interface Plan {
  procedureId: string
  title: string
  line: number
  target: Target
  diagnosis: PlannedStep[]
  alternatives: PlannedAlternative[]
  checks: PlannedStep[]
  followUp: PlannedStep[]
  trigger: Condition | null
  recovery: Condition | null
}

export interface PlanContext {
  target: Target
  /** Known values by input name, with where each came from. */
  values: ReadonlyMap<string, { value: string; from: string }>
}

/** Turns a procedure into a plan. Pure: same procedure, target and values give the same plan and hashes. */
export function planProcedure(procedure: Procedure, context: PlanContext): Plan {
  const plan: Plan = {
    procedureId: procedure.id,
    title: procedure.title,
    line: procedure.line,
    target: context.target,
    diagnosis: [],
    alternatives: [],
    checks: [],
    followUp: [],
    trigger: procedure.trigger,
    recovery: procedure.recovery,
  }
  const assigned = new Set<string>()
  if (procedure.kind === 'task') addTask(plan, procedure.phases, context, assigned)
  else for (const phase of procedure.phases) addPhase(plan, phase, context, assigned)
  return plan
}

/** Reads before the first change are diagnosis; what follows a change belongs to it, up to the next change. */
function addTask(plan: Plan, phases: readonly Phase[], context: PlanContext, assigned: Set<string>): void {
  let order = 0
  for (const phase of phases.filter(({ kind }) => kind !== 'follow-up')) {
    for (const step of phase.steps) {
      if (step.kind === 'choice') {
        order += 1
        for (const alternative of step.alternatives ?? []) {
          const planned = planStep(phase, alternative, context, new Set(assigned))
          const { condition, risk } = alternative
          plan.alternatives.push({ ...planned, condition, risk, order })
        }
        continue
      }
      const planned = planStep(phase, step, context, assigned)
      const last = plan.alternatives.at(-1)
      if (planned.commands.some((command) => command.needsApproval)) {
        order += 1
        plan.alternatives.push({ ...planned, condition: null, risk: highest(planned.commands), order })
      } else if (last === undefined) plan.diagnosis.push(planned)
      else if (plan.alternatives.at(-2)?.order === last.order) plan.checks.push(planned)
      else {
        last.commands.push(...planned.commands)
        last.items.push(...planned.items)
      }
    }
  }
  for (const phase of phases.filter(({ kind }) => kind === 'follow-up'))
    plan.followUp.push(...phase.steps.map((step) => planStep(phase, step, context, assigned)))
}

function addPhase(plan: Plan, phase: Phase, context: PlanContext, assigned: Set<string>): void {
  const plain: PlannedStep[] = []
  for (const step of phase.steps) {
    if (step.kind === 'choice') {
      for (const alternative of step.alternatives ?? []) {
        plan.alternatives.push({
          // what one option sets is not there for the others
          ...planStep(phase, alternative, context, new Set(assigned)),
          condition: alternative.condition,
          risk: alternative.risk,
        })
      }
    } else plain.push(planStep(phase, step, context, assigned))
  }
  switch (phase.kind) {
    case 'context':
    case 'diagnose':
      plan.diagnosis.push(...plain)
      break
    case 'mitigate':
      for (const step of plain) {
        if (step.commands.some((command) => command.needsApproval && command.risk !== 'read')) {
          plan.alternatives.push({ ...step, condition: null, risk: highest(step.commands) })
        } else if (plan.alternatives.length > 0) plan.checks.push(step)
        else plan.diagnosis.push(step)
      }
      break
    case 'verify':
      plan.checks.push(...plain)
      break
    case 'follow-up':
      plan.followUp.push(...plain)
      break
  }
}

function planStep(
  phase: Phase,
  step: Pick<Step, 'id' | 'title' | 'line' | 'text' | 'commands' | 'items'>,
  context: PlanContext,
  assigned: Set<string>,
): PlannedStep {
  return {
    id: step.id,
    phase: phase.name,
    phaseKind: phase.kind,
    title: step.title,
    line: step.line,
    text: step.text,
    items: (step.items ?? []).map((item) => item.text),
    commands: step.commands.map((command, index) => {
      const planned = planCommand(step.id, index, command, context, assigned)
      if (command.language === 'bash') for (const name of assignedVariables(command.text)) assigned.add(name)
      return planned
    }),
  }
}

function planCommand(
  stepId: string,
  index: number,
  command: RunbookCommand,
  context: PlanContext,
  assigned: ReadonlySet<string>,
): PlannedCommand {
  // a variable that an earlier command of the run sets is the shell's own, not somebody's to give
  const open = command.inputs.filter((input) => input.form !== 'unset-variable' || !assigned.has(input.name))
  const bound = bind(command, open)
  const inputs = open.map((input): PlannedInput => {
    const known = context.values.get(input.name)
    const fits = known !== undefined && (!bound.plain.includes(input.name) || PLAIN.test(known.value))
    return {
      name: input.name,
      variable: inputVariable(input.name),
      value: fits ? known.value : null,
      from: fits ? known.from : null,
    }
  })
  const needsRight =
    command.language === 'bash' && command.risk === 'read' ? needsWriteRight(command.text) : null
  const observes = command.risk === 'read' && needsRight === null
  const identity: Identity = observes ? 'observer' : 'operator'
  const manualReason = bound.fault ?? whyManual(command)
  const hashed = { script: bound.script, inputs: inputs.map(({ variable, value }) => [variable, value]) }
  return {
    stepId,
    index,
    text: command.text,
    script: bound.script,
    inputs,
    risk: command.risk,
    flags: command.flags,
    reasons: [
      ...command.reasons.map((reason) => `${reason.text}: ${reason.why}`),
      ...(needsRight === null ? [] : [`${needsRight}, ${OPERATOR_ONLY}`]),
    ],
    line: command.line,
    explanation: command.explanation,
    changesShell: command.changesShell,
    identity,
    mode: manualReason !== null ? 'manual' : command.flags.includes('endless') ? 'window' : 'run',
    manualReason,
    needsApproval: !observes && manualReason === null,
    hash: sha256(canonicalJson({ ...hashed, identity, target: context.target })),
  }
}

/** Why a command that only reads needs an approval all the same. */
const OPERATOR_ONLY = 'which the observer may not; it runs as the operator, after an approval'

/** What a value may hold where it becomes part of SQL, awk or another shell's text; else it counts as not known. */
const PLAIN = /^[A-Za-z0-9_.:@%+,=/-]*$/

interface Bound {
  script: string
  fault: string | null
  /** Inputs that stand inside code of another interpreter. */
  plain: string[]
}

function bind(command: RunbookCommand, inputs: RunbookCommand['inputs']): Bound {
  if (!command.runnable || command.language !== 'bash')
    return { script: command.text, fault: null, plain: [] }
  try {
    return { script: bindInputs(command.text, inputs), fault: null, plain: plainInputs(command.text, inputs) }
  } catch (error) {
    return { script: command.text, fault: messageOf(error), plain: [] }
  }
}

function whyManual(command: RunbookCommand): string | null {
  if (command.nested === true) return 'it is typed inside the session that the command before it opens'
  if (!command.runnable) return `${command.language} is not run by the shell`
  if (command.language !== 'bash') return `${command.language} needs its own client`
  if (command.flags.includes('interactive')) return 'it wants a person at a terminal'
  if (command.flags.includes('secret')) return 'it shows credentials, which do not belong into the record'
  return null
}

const ORDER: readonly Risk[] = ['read', 'change', 'destructive']
const highest = (commands: readonly { risk: Risk }[]): Risk =>
  commands.reduce<Risk>((top, { risk }) => (ORDER.indexOf(risk) > ORDER.indexOf(top) ? risk : top), 'read')
