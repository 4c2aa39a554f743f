/** Steps while they are built. */
import { largest } from './append.ts'
import type { Alternative, BlockComment, RunbookCommand, Step } from './model.ts'
import type { Page } from './page.ts'
import { alternativeOf } from './vocabulary.ts'

/** What readers may find missing is there; the id comes when the phase is whole. */
export type DraftStep = Step & {
  comments: BlockComment[]
  group: string | null
  /** The options that a list item's own block names: a step of its own behind the item. */
  choice?: DraftStep
}

interface At {
  line: number
  endLine: number
}

export function newStep(title: string, at: At, page: Page, group: string[]): DraftStep {
  return {
    id: '', title: title === '' ? 'Step' : title, kind: 'manual', line: at.line,
    position: page.range(at.line, at.endLine), text: '', commands: [], comments: [],
    group: group.length === 0 ? null : group.join(' / '),
  } // prettier-ignore
}

/** Prose in page order: what is added after the first command is shown after it. */
export function addText(step: DraftStep, text: string): void {
  if (text.trim() === '') return
  if (step.commands.length > 0) step.lead ??= step.text.length
  step.text = step.text === '' ? text : `${step.text}\n\n${text}`
}

export function prependText(step: DraftStep, text: string): void {
  if (text.trim() === '') return
  if (step.lead !== undefined) step.lead += text.length + (step.text === '' ? 0 : 2)
  else if (step.text === '' && step.commands.length > 0) step.lead = text.length
  step.text = step.text === '' ? text : `${text}\n\n${step.text}`
}

const RISK_ORDER = ['read', 'change', 'destructive'] as const

/** The largest risk of the commands; none is a read. */
export const riskOf = (commands: RunbookCommand[]): RunbookCommand['risk'] =>
  RISK_ORDER[
    largest(
      commands.map((each) => RISK_ORDER.indexOf(each.risk)),
      0,
    )
  ] ?? 'destructive'

const CHOICE_TITLES: Record<Alternative['kind'], string> = {
  option: 'Choose one option', cause: 'Find the cause', scenario: 'Choose the scenario', case: 'Choose the case',
} // prettier-ignore

export function choiceOf(alternatives: Alternative[]): DraftStep {
  const first = alternatives[0]
  const position = first?.position ?? { line: 1, column: 1, endLine: 1, endColumn: 1 }
  return {
    id: '', title: CHOICE_TITLES[first?.kind ?? 'option'], kind: 'choice', line: first?.line ?? 1, position,
    text: '', commands: [], comments: [], group: null, alternatives,
  } // prettier-ignore
}

/** A step whose title names an option, as one. */
export function asAlternative(step: DraftStep): Alternative {
  const title = alternativeOf(step.title) ?? {
    kind: 'option',
    label: '1',
    title: step.title,
    condition: null,
  }
  const { commands, comments, text, line, position, lead, revert } = step
  return {
    ...title, id: '', line, position, text, commands, comments, risk: riskOf(commands),
    ...(lead === undefined ? {} : { lead }), ...(revert === undefined ? {} : { revert }),
  } // prettier-ignore
}
