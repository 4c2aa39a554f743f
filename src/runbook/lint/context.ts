/** What every rule sees: the page, its runbook, and its commands with their surroundings. */
import { outlineShell, parseKubectl } from '../../command/index.ts'
import type { KubectlCommand, OutlineCommand, OutlineWord } from '../../command/index.ts'
import type { Alternative, Phase, Procedure, Runbook, RunbookCommand, Step } from '../model.ts'

/** A simple command; what kubectl makes of it is worked out once, since most rules ask. */
export interface LintCall extends OutlineCommand {
  kubectl: KubectlCommand | null
}

/** One command of the page and where it stands. */
export interface PlacedCommand {
  command: RunbookCommand
  procedure: Procedure
  phase: Phase
  step: Step
  alternative: Alternative | null
  /** Shell commands only; empty for other languages and for text that does not parse. */
  calls: LintCall[]
  /** Why it is no shell, for shell commands that do not parse. */
  shellError: string | null
}

export interface LintContext {
  path: string
  /** Lines after decoding, each cut at 2,000 characters. */
  lines: string[]
  /** Lines that are inside code blocks, by number. */
  codeLines: Set<number>
  runbook: Runbook
  commands: PlacedCommand[]
  now: Date | null
}

/** What stands further right is no prose; rules with patterns stay fast on any line. */
const MAX_LINE = 2_000

export function buildContext(path: string, text: string, runbook: Runbook, now: Date | null): LintContext {
  const lines = text.split('\n').map((line) => line.slice(0, MAX_LINE))
  return {
    path,
    lines,
    codeLines: codeLinesOf(runbook, lines),
    runbook,
    commands: placedCommands(runbook),
    now,
  }
}

function placedCommands(runbook: Runbook): PlacedCommand[] {
  const out: PlacedCommand[] = []
  for (const procedure of runbook.procedures) {
    for (const phase of procedure.phases) {
      for (const step of phase.steps) {
        const place = { procedure, phase, step }
        for (const command of step.commands) out.push(placed(command, { ...place, alternative: null }))
        for (const alternative of step.alternatives ?? []) {
          for (const command of alternative.commands) out.push(placed(command, { ...place, alternative }))
        }
      }
    }
  }
  return out
}

function placed(
  command: RunbookCommand,
  place: Pick<PlacedCommand, 'procedure' | 'phase' | 'step' | 'alternative'>,
): PlacedCommand {
  if (command.language !== 'bash') return { command, ...place, calls: [], shellError: null }
  const outline = outlineShell(command.text)
  return {
    command,
    ...place,
    calls: outline.commands.map((call) => ({ ...call, kubectl: readKubectl(call) })),
    shellError: outline.error,
  }
}

function codeLinesOf(runbook: Runbook, lines: string[]): Set<number> {
  const out = new Set<number>()
  const add = (from: number, to: number): void => {
    for (let line = from; line <= to; line += 1) out.add(line)
  }
  for (const block of runbook.blocks) add(block.line, block.endLine)
  let fence: { mark: string; line: number } | null = null
  // Blocks of templates are not in `runbook.blocks`.
  for (const [at, text] of lines.entries()) {
    const mark = /^\s*(?:>\s*)*(`{3,}|~{3,})/.exec(text)?.[1]
    if (mark === undefined || out.has(at + 1)) continue
    if (fence === null) fence = { mark, line: at + 1 }
    else if (mark.startsWith(fence.mark)) {
      add(fence.line, at + 1)
      fence = null
    }
  }
  return out
}

/** The place in the page of an offset in a command. */
export function placeOf(command: RunbookCommand, offset: number): { line: number; column: number } {
  const before = command.text.slice(0, offset)
  const row = before.split('\n').length - 1
  const origin = command.origin?.[row] ?? { line: command.line + row, column: 1 }
  return { line: origin.line, column: origin.column + before.length - (before.lastIndexOf('\n') + 1) }
}

export const programOf = (call: OutlineCommand): string => (call.words[0]?.text ?? '').replace(/^.*\//, '')

export const wordTexts = (words: OutlineWord[]): (string | null)[] => words.map((word) => word.text)

/** Words that xargs or find add are unknown ones at the end. */
function readKubectl(call: OutlineCommand): KubectlCommand | null {
  const program = programOf(call)
  if (program !== 'kubectl' && program !== 'k') return null
  const fed = call.through.includes('xargs') || call.words.some((word) => word.text === '{}')
  const texts = wordTexts(call.words).map((text) => (text === '{}' ? null : text))
  return parseKubectl(fed ? [...texts, null] : texts)
}

/** The kubectl command of a call, or `null`. */
export const kubectlOf = (call: LintCall): KubectlCommand | null => call.kubectl

/** The value of a flag of kubectl, `undefined` when it is not given. */
export const flagOf = (command: KubectlCommand, name: string): string | null | undefined =>
  command.flags.findLast((flag) => flag.name === name)?.value

export const hasFlag = (command: KubectlCommand, ...names: string[]): boolean =>
  command.flags.some((flag) => names.includes(flag.name) && flag.value !== 'false')

/** `TYPE/NAME` in canonical form for comparing two commands, or `null`. */
export function objectOf(command: KubectlCommand): string | null {
  const [first, second] = command.args
  if (first === null || first === undefined) return null
  const [type = '', name] = first.includes('/') ? first.split('/') : [first, second ?? undefined]
  if (name === undefined) return null
  return `${type.toLowerCase().replace(/^deploy(?:ments?)?(?:\.apps)?$/, 'deployment')}/${name}`
}

/** All commands of the same code block, in order. */
export const blockMates = (context: LintContext, of: PlacedCommand): PlacedCommand[] =>
  of.command.block == null ? [of] : context.commands.filter((one) => one.command.block === of.command.block)

/** Titles, comment and phase around a command, as one text. */
export const wordsAround = ({ command, step, alternative, phase }: PlacedCommand): string =>
  [command.explanation, step.title, alternative?.title, phase.name].filter((text) => text != null).join(' · ')
