/** The steps in a code block: one, or several when its comments number them, or a choice when they name options. */
import { addText, asAlternative, choiceOf, newStep, prependText } from './draft.ts'
import type { DraftStep } from './draft.ts'
import { isMarker, isOptionMarker, numberMarker } from './entries.ts'
import type { Entry } from './entries.ts'
import type { CodeBlock } from './markdown.ts'
import type { RunbookCommand } from './model.ts'
import type { Page } from './page.ts'

export interface BlockContext {
  title: string
  group: string[]
  page: Page
}

export function blockSteps(entries: Entry[], block: CodeBlock, context: BlockContext): DraftStep[] {
  const marks = entries.filter((entry) => entry.type === 'comment' && isMarker(entry.text))
  if (marks.length < 2) return [plainStep(entries, block, context)]
  const parts: Entry[][] = [[]]
  for (const entry of entries) {
    if (entry.type === 'comment' && isMarker(entry.text)) parts.push([])
    parts[parts.length - 1]?.push(entry)
  }
  const [head = [], ...rest] = parts
  const named = rest.map((part) => markedStep(part, block, context))
  const before = head.length === 0 ? null : plainStep(head, block, context)
  if (before !== null && before.commands.length === 0 && named[0] !== undefined) {
    prependText(named[0], before.text)
    named[0].comments = [...before.comments, ...named[0].comments]
  }
  const options = rest.every((part) => part[0]?.type === 'comment' && isOptionMarker(part[0].text))
  const steps = options ? [choiceOf(named.map(asAlternative))] : named
  return before !== null && before.commands.length > 0 ? [before, ...steps] : steps
}

function plainStep(entries: Entry[], block: CodeBlock, { title, page, group }: BlockContext): DraftStep {
  const made = newStep(title, block, page, group)
  fillStep(made, entries, block, page)
  return made
}

function markedStep(entries: Entry[], block: CodeBlock, context: BlockContext): DraftStep {
  const [mark, ...rest] = entries
  const text = mark?.type === 'comment' ? mark.text : context.title
  const line = mark?.type === 'comment' ? mark.line : block.line
  const title = (numberMarker(text)?.title ?? text).replace(/:$/, '')
  const group = context.group.includes(context.title) ? context.group : [...context.group, context.title]
  const made = newStep(title, { line, endLine: line }, context.page, group)
  fillStep(made, rest, block, context.page)
  const last =
    made.commands[made.commands.length - 1]?.position.endLine ?? made.comments[made.comments.length - 1]?.line
  made.position = context.page.range(line, last ?? line, mark?.type === 'comment' ? mark.column : 1)
  return made
}

/** Puts the entries of a block into a step, in their order. */
export function fillStep(made: DraftStep, entries: Entry[], block: CodeBlock, page: Page): void {
  let comments: string[] = []
  const flush = (): void => {
    // Hard line breaks: comments are lines, not one paragraph.
    addText(made, comments.join('  \n'))
    comments = []
  }
  for (const entry of entries) {
    if (entry.type === 'comment') {
      made.comments.push({ text: entry.text, line: entry.line, column: entry.column })
      comments.push(entry.text)
      continue
    }
    flush()
    if (entry.type === 'output') addText(made, `\`\`\`\n${entry.text}\n\`\`\``)
    else {
      const command = page.blockCommand(entry, block)
      if (command !== null) made.commands.push(command)
    }
  }
  flush()
  markNested(made.commands)
  made.kind = made.commands.some((command) => command.runnable) ? 'command' : 'manual'
  if (block.endLine > made.position.endLine)
    made.position = page.range(made.line, block.endLine, made.position.column)
}

/**
 * What follows an interactive shell in its block is typed inside it, not run beside it; a blank line ends that,
 * unless the comment says "in the shell".
 */
function markNested(commands: RunbookCommand[]): void {
  let opened: RunbookCommand | null = null
  for (const command of commands) {
    if (opened !== null && (command.block !== opened.block || !continues(opened, command))) opened = null
    if (opened !== null && command.language === 'bash') {
      command.nested = true
      command.runnable = false
      opened = command
    } else if (command.language === 'bash' && opensShell(command)) opened = command
  }
}

const INSIDE = /\b(?:in|inside|within|at)\b.*\b(?:shell|pod|container|console|session|prompt)\b|\bthen\b/i

function continues(before: RunbookCommand, command: RunbookCommand): boolean {
  const comments = command.explanation === null ? 0 : command.explanation.split('\n').length
  const blank = command.line - before.position.endLine - 1 - comments > 0
  return !blank || INSIDE.test(command.explanation ?? '')
}

const OPENS =
  /\b(?:rsh|debug|exec|attach|run)\b|^\s*(?:sudo\s+)?(?:ssh|gcloud compute ssh|bash|sh|su|chroot|psql|erl)\b/
const opensShell = (command: RunbookCommand): boolean =>
  command.flags.includes('interactive') && OPENS.test(command.text) && !command.text.includes('|')
