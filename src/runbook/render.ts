/** A runbook as the plan a person on call follows: plain text, at most 100 columns. */
import { forTerminal } from '../base/text.ts'
import { append, largest } from './append.ts'
import { withoutAssigned } from './assigned.ts'
import { firstSentence, plainText, shorten } from './inline.ts'
import { chopped, proseLines, WIDTH, wrap } from './layout.ts'
import type {
  Alternative,
  Condition,
  InputDeclaration,
  Phase,
  Procedure,
  Runbook,
  RunbookCommand,
  Step,
} from './model.ts'
import { allCommands } from './phases.ts'
import { SIGNAL_TABLE } from './signals.ts'

export interface RenderOptions {
  /** Only this procedure. */
  procedureId?: string
  /** Prose of context phases in full; by default their first lines. */
  full?: boolean
}

const RISK_MARK = { read: 'read', change: 'CHANGE', destructive: 'DESTRUCTIVE' } as const
const CONTEXT_LINES = 3

/** Procedures, phases with their windows, steps, alternatives, the risk of every command, and what it asks for. */
export function renderPlan(runbook: Runbook, options: RenderOptions = {}): string {
  const chosen = runbook.procedures.filter(
    (each) => options.procedureId === undefined || each.id === options.procedureId,
  )
  const out: string[] = [...header(runbook)]
  if (chosen.length > 1) append(out, contents(chosen))
  for (const procedure of chosen) append(out, ['', ...procedureLines(procedure, options)])
  if (chosen.length === 0) out.push('', 'No procedure was found in this page.')
  if (options.procedureId === undefined) append(out, footer(runbook))
  const text = out.map((line) => printable(line).trimEnd()).join('\n')
  return `${text.replace(/\n{3,}/g, '\n\n')}\n`
}

/** A page must not move the cursor, hide text or turn its direction in somebody's terminal. */
const printable = (line: string): string => forTerminal(line.replaceAll('\t', ' '))

function header(runbook: Runbook): string[] {
  const facts = Object.entries(runbook.metadata)
    .filter(([key]) =>
      /^(?:version|owner|runbookOwner|ownerSlack|audience|lastUpdated|lastReviewedOn|nextReview|reviewCycle|service)$/.test(
        key,
      ),
    )
    .map(([key, value]) => `${words(key)} ${value}`)
  return [...wrap(runbook.title, 0), ...wrap(facts.join(' · '), 0), '='.repeat(WIDTH)]
}

const words = (key: string): string => key.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)

function contents(procedures: Procedure[]): string[] {
  const width = Math.min(
    40,
    largest(
      procedures.map((each) => each.id.length),
      0,
    ),
  )
  return procedures.flatMap((each) => wrap(`${each.id.padEnd(width)}  ${each.title}`, 0, width + 2))
}

function procedureLines(page: Procedure, options: RenderOptions): string[] {
  const procedure = withoutAssigned(page)
  const facts = [
    severityText(procedure),
    procedure.responseTimeMinutes === null ? '' : `respond within ${minutes(procedure.responseTimeMinutes)}`,
    procedure.service === null || procedure.service === undefined ? '' : `service ${procedure.service}`,
    procedure.owner === null || procedure.owner === undefined ? '' : `owner ${procedure.owner}`,
  ].filter((fact) => fact !== '')
  const out = [...wrap(`# ${procedure.title}  (${procedure.id}, line ${procedure.line})`, 0, 2)]
  if (facts.length > 0) append(out, wrap(facts.join(' · '), 2))
  if (procedure.alertNames.length > 0)
    append(out, wrap(`Alerts     ${procedure.alertNames.join(', ')}`, 2, 13))
  if (procedure.trigger !== null) append(out, wrap(`Trigger    ${triggerText(procedure.trigger)}`, 2, 13))
  if (procedure.recovery !== null) append(out, wrap(`Recovered  ${conditionText(procedure.recovery)}`, 2, 13))
  if (procedure.impact !== null) append(out, wrap(`Impact     ${procedure.impact}`, 2, 13))
  append(out, inputLines(procedure))
  const count = { number: 0 }
  for (const phase of procedure.phases) append(out, ['', ...phaseLines(phase, count, options)])
  if (procedure.phases.length === 0) out.push('', '  (no steps)')
  return out
}

function severityText({ severity, severityRange }: Procedure): string {
  return severityRange === null ? (severity ?? '') : severityRange.join('-')
}

const minutes = (value: number): string =>
  value >= 60 && value % 60 === 0 ? `${value / 60} h` : `${Number(value.toFixed(1))} min`

/** What was found in prose is shown in the page's own words. */
const triggerText = (trigger: Condition): string =>
  trigger.stated === 'prose' ? `${shorten(trigger.text, 200)} (from the text)` : conditionText(trigger)

/** "error rate > 5 % for 1 min", and the page's own words where they say more. */
export function conditionText(condition: Condition): string {
  const { signal, comparison, threshold, unit, forSeconds, text } = condition
  if (comparison === null || threshold === null) return `${text} (no number given)`
  const name = signal === null ? 'value' : SIGNAL_TABLE[signal].label
  const value =
    unit === 'ratio'
      ? `${Number((threshold * 100).toFixed(4))} %`
      : unit === 'seconds'
        ? `${threshold} s`
        : `${threshold}`
  const hold =
    forSeconds === null ? '' : ` for ${forSeconds % 60 === 0 ? `${forSeconds / 60} min` : `${forSeconds} s`}`
  return `${name} ${comparison} ${value}${hold}`
}

/** What the commands ask for: declared inputs with their choices, then placeholders nobody declared. */
function inputLines(procedure: Procedure): string[] {
  const used = [
    ...new Set(
      procedure.phases
        .flatMap((phase) => allCommands(phase.steps))
        .flatMap((command) => command.inputs.map((input) => input.name)),
    ),
  ]
  const declared = procedure.inputs ?? []
  const free = used.filter((name) => !declared.some((input) => sameName(input.name, name)))
  if (declared.length + free.length === 0) return []
  return [
    '  Inputs',
    ...declared.flatMap((input) => wrap(declaredText(input), 4, 6)),
    ...(free.length === 0 ? [] : wrap(`${free.join(', ')}  (not declared by the page)`, 4, 6)),
  ]
}

const sameName = (a: string, b: string): boolean =>
  a.toLowerCase().replaceAll('-', '_') === b.toLowerCase().replaceAll('-', '_')

function declaredText(input: InputDeclaration): string {
  const parts = [input.choices.length > 0 ? input.choices.join(' | ') : input.type]
  if (input.default !== null) parts.push(`default ${input.default}`)
  else if (input.required) parts.push('required')
  return `${input.name}  (${parts.join(', ')})${input.description === null ? '' : `  ${input.description}`}`
}

const KIND_TEXT = {
  context: 'to know',
  diagnose: 'find out',
  mitigate: 'act',
  verify: 'prove',
  'follow-up': 'afterwards',
} as const

function phaseLines(phase: Phase, count: { number: number }, options: RenderOptions): string[] {
  const window = windowText(phase)
  const out = [
    ...wrap(`== ${phase.name}${window === '' ? '' : `  [${window}]`}  (${KIND_TEXT[phase.kind]})`, 2, 5),
  ]
  out.push(
    ...proseLines(phase.text, 5, options.full === true || phase.kind !== 'context' ? 40 : CONTEXT_LINES),
  )
  let group: string | null = null
  for (const step of phase.steps) {
    const own = step.group ?? null
    if (own !== null && own !== group) append(out, wrap(`-- ${own}`, 5, 8))
    group = own
    count.number += 1
    append(out, stepLines(step, count.number))
  }
  return out
}

function windowText({ startMinute, endMinute, window }: Phase): string {
  if (startMinute === null || endMinute === null) return window ?? ''
  return `minute ${Number(startMinute.toFixed(1))}-${Number(endMinute.toFixed(1))}`
}

function stepLines(step: Step, number: number): string[] {
  const mark = step.kind === 'manual' ? ' (by hand)' : step.kind === 'choice' ? ': exactly one' : ''
  const lead = `${number}. `
  const [before, after] = aroundCommands(step)
  const [title, text] = titleAndText(step.title, before)
  const out = [...wrap(`${lead}${title}${mark}`, 5, 5 + lead.length), ...proseLines(text, 8, 12)]
  for (const item of step.items ?? []) append(out, wrap(`[${item.done ? 'x' : ' '}] ${item.text}`, 8, 12))
  for (const command of step.commands) append(out, commandLines(command, 8))
  for (const each of step.alternatives ?? []) append(out, alternativeLines(each))
  append(out, proseLines(after, 8, 12))
  if (step.revert !== undefined) append(out, revertLines(step.revert, 8))
  return out
}

/** A title that is the text's first sentence is not said twice; a shortened one is given in full. */
function titleAndText(title: string, text: string): [string, string] {
  const end = text.indexOf('\n\n')
  const paragraph = end === -1 ? text : text.slice(0, end)
  const plain = plainText(paragraph)
  const start = title.replace(/…$/, '')
  if (!plain.startsWith(start) || /^\s*(?:[-*+>|]|\d+[.)]|```)/.test(paragraph)) return [title, text]
  const sentence = title.endsWith('…') ? firstSentence(paragraph, 400) : title
  if (sentence.endsWith('…') || /^[^.:!?]/.test(plain.slice(sentence.length))) return [title, text]
  const rest = plain.slice(sentence.length).replace(/^[\s.:,]+/, '')
  return [sentence, [rest, end === -1 ? '' : text.slice(end)].filter((part) => part !== '').join('')]
}

/** The prose before and after the commands. */
const aroundCommands = ({ text, lead }: { text: string; lead?: number }): [string, string] =>
  lead === undefined ? [text, ''] : [text.slice(0, lead), text.slice(lead)]

function alternativeLines(alternative: Alternative): string[] {
  const name = `${alternative.kind} ${alternative.label ?? ''}`.trim()
  const when = alternative.condition === null ? '' : `  -- ${alternative.condition}`
  const out = wrap(`( ) ${name}: ${alternative.title}${when}  [${RISK_MARK[alternative.risk]}]`, 8, 12)
  const [before, after] = aroundCommands(alternative)
  append(out, proseLines(before, 12, 8))
  for (const command of alternative.commands) append(out, commandLines(command, 12))
  append(out, proseLines(after, 12, 8))
  if (alternative.revert !== undefined) append(out, revertLines(alternative.revert, 12))
  return out
}

const revertLines = (commands: RunbookCommand[], indent: number): string[] => [
  `${' '.repeat(indent)}to take it back:`,
  ...commands.flatMap((command) => commandLines(command, indent + 2)),
]

function commandLines(command: RunbookCommand, indent: number): string[] {
  const why =
    command.explanation === null ? [] : wrap(`# ${oneLine(command.explanation)}`, indent, indent + 2)
  const lines = command.text.split('\n')
  const shown = lines.length > 14 ? [...lines.slice(0, 12), `… ${lines.length - 12} more lines`] : lines
  const body = shown.flatMap((line, index) => chopped(line, indent, index === 0 ? '$ ' : '  '))
  const marks = `[${marksOf(command).join('] [')}]`
  const last = body[body.length - 1] ?? ''
  const fits = last.length + 2 + marks.length <= WIDTH
  const marked = fits
    ? [...body.slice(0, -1), `${last}${marks.padStart(WIDTH - last.length)}`]
    : [...body, ...wrap(marks, Math.max(indent + 2, WIDTH - marks.length), indent + 2)]
  const expected =
    command.expectation === null ? [] : wrap(`=> ${oneLine(command.expectation)}`, indent + 2, indent + 5)
  return [
    ...why,
    ...marked,
    ...(expected.length > 2 ? [expected[0] ?? '', `${expected[1] ?? ''}…`.slice(0, WIDTH)] : expected),
  ]
}

function marksOf(command: RunbookCommand): string[] {
  const { language, inputs, flags } = command
  const needs = inputs.length === 0 ? [] : [`needs ${inputs.map((input) => input.name).join(', ')}`]
  if (command.nested === true) return ['typed in the shell above', ...needs]
  if (!command.runnable) return [`by hand: ${language}`, ...needs]
  return [...needs, ...(language === 'bash' ? [] : [language]), ...flags, RISK_MARK[command.risk]]
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim()

function footer(runbook: Runbook): string[] {
  const out: string[] = []
  const table = (title: string, rows: [string, string][]): void => {
    if (rows.length === 0) return
    const width = Math.min(
      30,
      largest(
        rows.map(([name]) => name.length),
        0,
      ),
    )
    out.push(
      '',
      title,
      ...rows.flatMap(([name, value]) => wrap(`${name.padEnd(width)}  ${value}`, 2, width + 4)),
    )
  }
  table(
    'Severities',
    runbook.severityPolicy.map((rule) => [
      rule.severity,
      [rule.label, rule.responseTime, rule.escalation.join(' → ')].filter((part) => part !== '').join(' · '),
    ]),
  )
  table(
    'Contacts',
    runbook.contacts.map((each) => [each.name, each.contact]),
  )
  table(
    'Links',
    runbook.links.map((each) => [each.name, each.url]),
  )
  table(
    'Messages',
    runbook.templates.map((each) => [each.title, each.channel ?? 'no channel given']),
  )
  table(
    'Notes of the reader',
    runbook.notes.slice(0, 20).map((note) => [`line ${note.line}`, note.message]),
  )
  return out
}
