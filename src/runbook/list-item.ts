/** List items as steps and tasks, and commands written as inline code. */
import { append } from './append.ts'
import { blockSteps, fillStep } from './block-steps.ts'
import { addText, newStep } from './draft.ts'
import type { DraftStep } from './draft.ts'
import { entriesOf } from './entries.ts'
import { boldOnly, codeSpans, firstSentence, plainText } from './inline.ts'
import type { Block, CodeBlock, ListBlock, ListItem, ParagraphBlock } from './markdown.ts'
import type { RunbookCommand } from './model.ts'
import type { Page } from './page.ts'
import { isAnnounced, isInlineCommand } from './programs.ts'

const MARKER = /^(?:[-*+]|\d+[.)])\s+/

/** Inline code that is a command, of at least so many words, or is announced as one. */
export function inlineCommands(block: ParagraphBlock, words: number, page: Page): RunbookCommand[] {
  return codeSpans(block.lines)
    .filter(
      (span) =>
        isAnnounced(span.before, span.text) ||
        (isInlineCommand(span.text) && span.text.split(/\s+/).length >= words),
    )
    .flatMap((span) => page.inlineCommand(span) ?? [])
}

/** An item: its title is what is bold at its start, else its first sentence. */
export function itemStep(item: ListItem, page: Page, group: string[]): DraftStep {
  const first = item.blocks[0]
  const lead = first?.type === 'paragraph' ? first : null
  const bold = lead === null ? null : leadingBold(lead.lines[0]?.text ?? '')
  const title = bold ?? (lead === null ? 'Step' : itemTitle(page.source(lead)))
  const made = newStep(title, item, page, group)
  fillItem(made, item.blocks, { lead, bold, page })
  if (made.items === undefined) {
    made.kind = made.commands.some((command) => command.runnable) ? 'command' : 'manual'
  }
  return made
}

interface ItemContext {
  lead: ParagraphBlock | null
  bold: string | null
  page: Page
}

function fillItem(made: DraftStep, blocks: Block[], context: ItemContext): void {
  const { page } = context
  const inner = { lead: null, bold: null, page }
  for (const block of blocks) {
    if (block.type === 'code') itemCode(made, block, page)
    else if (block.type === 'list' && isTaskList(block)) {
      made.kind = 'checklist'
      made.items = [...(made.items ?? []), ...tasksOf(block, page)]
    } else if (block.type === 'list' && hasBlockCode([block])) {
      for (const item of block.items) nestedItem(made, item, page)
    } else if (block.type === 'list') {
      const paragraphs = block.items.flatMap((item) => itemParagraphs(item))
      addText(made, page.source(block))
      append(
        made.commands,
        paragraphs.flatMap((each) => inlineCommands(each, 2, page)),
      )
    } else if (block.type === 'quote') fillItem(made, block.blocks, inner)
    else if (block.type === 'paragraph') itemParagraph(made, block, context)
    else if (block.type !== 'rule') addText(made, page.source(block))
  }
}

/** The words of a nested item explain its first command; without one they are prose. */
function nestedItem(made: DraftStep, item: ListItem, page: Page): void {
  const [first, ...rest] = item.blocks
  const before = made.commands.length
  const words = first?.type === 'paragraph' && inlineCommands(first, 2, page).length === 0 ? first : null
  if (words === null || !hasBlockCode(rest)) {
    fillItem(made, item.blocks, { lead: null, bold: null, page })
    return
  }
  fillItem(made, rest, { lead: null, bold: null, page })
  const command = made.commands[before]
  const text = plainText(page.source(words).replace(MARKER, ''))
  if (command === undefined) addText(made, text)
  else command.explanation = [text, command.explanation].filter((part) => part !== null).join('\n')
}

function itemCode(made: DraftStep, block: CodeBlock, page: Page): void {
  const entries = entriesOf(block)
  if (!entries.every((entry) => entry.type === 'output')) {
    const steps = blockSteps(entries, block, { title: made.title, group: [], page })
    const choice = steps.find((each) => each.kind === 'choice')
    if (choice === undefined || made.choice !== undefined) {
      const mentioned = made.commands.length
      fillStep(made, entries, block, page)
      dropMentions(made, mentioned)
      return
    }
    for (const each of steps) if (each !== choice) append(made.commands, each.commands)
    made.choice = choice
    return
  }
  const last = made.commands[made.commands.length - 1]
  const body = block.lines.map((line) => line.text).join('\n')
  if (last !== undefined && last.expectation === null) last.expectation = body.slice(0, 2000)
  else addText(made, page.source(block))
}

/** "Run `tool create`:" before a block with `sudo tool create --all it takes` names what the block spells out. */
function dropMentions(made: DraftStep, mentioned: number): void {
  const words = (command: RunbookCommand): string => ` ${command.text.split(/\s+/).join(' ')} `
  const spelled = made.commands.slice(mentioned).map(words)
  made.commands = made.commands.filter(
    (command, index) =>
      index >= mentioned ||
      (command.block ?? null) !== null ||
      !spelled.some((text) => text.includes(words(command))),
  )
}

function itemParagraph(made: DraftStep, block: ParagraphBlock, context: ItemContext): void {
  const { lead, bold, page } = context
  const source = page.source(block).replace(MARKER, '')
  const whole =
    block === lead &&
    (bold === null
      ? firstSentence(source) === plainText(source).replace(/[.:]$/, '')
      : boldOnly(source) !== null)
  if (!whole) addText(made, source)
  append(made.commands, inlineCommands(block, 2, page))
}

export const isTaskList = (block: ListBlock): boolean =>
  block.items.length > 0 && block.items.every((item) => item.checked !== null)

export function tasksOf(block: ListBlock, page: Page): NonNullable<DraftStep['items']> {
  return block.items.map((item) => {
    const source = item.blocks.map((each) => page.source(each)).join(' ')
    const text = plainText(source.replace(/^[-*+]\s+\[[ xX]\]\s+/, ''))
    return { text, done: item.checked === true, line: item.line }
  })
}

export const hasBlockCode = (blocks: Block[]): boolean =>
  blocks.some(
    (block) =>
      block.type === 'code' ||
      (block.type === 'list' && block.items.some((item) => hasBlockCode(item.blocks))),
  )

export function itemParagraphs(item: ListItem): ParagraphBlock[] {
  return item.blocks.flatMap((block) => {
    if (block.type === 'paragraph') return [block]
    return block.type === 'list' ? block.items.flatMap((each) => itemParagraphs(each)) : []
  })
}

export function itemHasCommands(item: ListItem): boolean {
  if (hasBlockCode(item.blocks)) return true
  return itemParagraphs(item).some((paragraph) =>
    codeSpans(paragraph.lines).some(
      (span) => isAnnounced(span.before, span.text) || isInlineCommand(span.text),
    ),
  )
}

/** A list of links is something to read. */
export const isLinkList = (list: ListBlock, page: Page): boolean =>
  list.items.every((item) => {
    const text = item.blocks
      .map((each) => page.source(each))
      .join(' ')
      .replace(MARKER, '')
    return /^!?\[[^\]]*\]\([^)]*\)[.\s]*$/.test(text)
  })

/** "Look: `kubectl get pods`" is the step "Look". */
function itemTitle(source: string): string {
  const text = source.replace(MARKER, '')
  const lead = /^([^`\n]{3,100}):\s+`[^`\n]+`[.\s]*$/.exec(text)?.[1]
  return firstSentence(lead ?? text)
}

/** "**Acknowledge Alert** …" at the start of an item. */
function leadingBold(line: string): string | null {
  const match = /^(?:\*\*|__)(?=\S)([^*\n]{1,160}?)(?:\*\*|__)/.exec(line)
  return match === null
    ? null
    : plainText(match[1] ?? '')
        .replace(/:$/, '')
        .trim()
}
