/** The steps of a phase: from lists, code blocks, numbered comments, sub-headings and prose. */
import { append, largest } from './append.ts'
import { entriesOf, isMarker, isOptionMarker, numberMarker } from './entries.ts'
import type { Entry } from './entries.ts'
import { boldOnly, codeSpans, firstSentence, introTitle, labelOf, plainText } from './inline.ts'
import type { Block, CodeBlock, ListBlock, ListItem, ParagraphBlock, TableBlock } from './markdown.ts'
import type { Alternative, BlockComment, PhaseKind, RunbookCommand, Step } from './model.ts'
import type { Section } from './outline.ts'
import type { Page } from './page.ts'
import { isAnnounced, isInlineCommand, startsLikeCommand } from './programs.ts'
import { promptOf } from './session.ts'
import { alternativeOf, isCaseHeading, isForAgents, unnumbered } from './vocabulary.ts'
import type { AlternativeTitle } from './vocabulary.ts'

/** A step while it is built: what readers may find missing is there. */
export type DraftStep = Step & { comments: BlockComment[]; group: string | null }

const OUTPUT_INTRO =
  /\b(?:output|response|result)s?\b|\bexample\b|\blooks? like\b|\bshould (?:see|look|return|be|show)\b|\bsimilar to\b|\bmessage along/i
const RUN_WORDS =
  /\b(?:run(?:ning)?|execut\w+|us(?:e|ing)|check|via|with|by|try|enter|type|command|connect|verify|list|get|see|restart|scale|toggle)\b/i
const NOTE = /^(?:note|important|warning|caution|danger|attention|tip|prerequisites?)$/i
const REVERT = /^(?:revert|undo|roll ?back|back out|to revert|to undo)\b/i

export class StepCollector {
  readonly #page: Page
  readonly #kind: PhaseKind | null
  readonly steps: DraftStep[] = []
  readonly text: string[] = []
  /** The item of the list just read: a code block right behind it belongs to it. */
  #openItem: DraftStep | null = null

  constructor(page: Page, kind: PhaseKind | null) {
    this.#page = page
    this.#kind = kind
  }

  section(section: Section, group: string[], title: string): void {
    this.#blocks(section.blocks, group, title, section)
    this.children(section.children, group)
  }

  children(children: Section[], group: string[]): void {
    const cases = children.filter((child) => isCaseHeading(child.title)).length
    const people = children.some((child) => !isForAgents(child.title) && hasCode(child))
    for (const child of children) {
      if (people && isForAgents(child.title)) {
        const message = `"${child.title}" repeats the other steps for machines; it is not part of the plan`
        this.#page.notes.push({ kind: 'agents-only', message, line: child.line, column: child.column })
        continue
      }
      const title = alternativeOf(child.title)
      if (title !== null) this.#alternative(child, title)
      else if (cases > 1 && this.#kind === 'mitigate' && isCaseHeading(child.title)) {
        const label = String(1 + (this.#lastAlternatives('case')?.length ?? 0))
        this.#alternative(child, {
          kind: 'case',
          label,
          title: unnumbered(child.title),
          condition: child.title,
        })
      } else this.#child(child, group)
    }
  }

  #child(child: Section, group: string[]): void {
    const title = unnumbered(child.title)
    const before = this.steps.length
    const nested = new StepCollector(this.#page, this.#kind)
    nested.section(child, [...group, title], title)
    const only = nested.steps.length === 1 ? nested.steps[0] : undefined
    const listed = child.blocks.some((block) => block.type === 'list') && only?.kind !== 'checklist'
    if (only !== undefined && only.kind !== 'choice' && !listed) {
      only.title = title
      only.group = group.length === 0 ? null : group.join(' / ')
      only.text = [...nested.text, only.text].filter((text) => text !== '').join('\n\n')
    } else if (nested.steps.length > 0) {
      const first = nested.steps[0]
      if (first !== undefined)
        first.text = [...nested.text, first.text].filter((text) => text !== '').join('\n\n')
    } else if (nested.text.length > 0 && this.#kind !== 'context') {
      this.#add(manual(title, nested.text.join('\n\n'), child, this.#page, group))
    } else
      this.#prose(nested.text.map((text, index) => (index === 0 ? `${title}: ${text}` : text)).join('\n\n'))
    for (const step of nested.steps) this.#addOrMerge(step)
    if (this.steps.length > before) this.#openItem = null
  }

  #blocks(blocks: Block[], group: string[], title: string, section: Section): void {
    let intro: ParagraphBlock | null = null
    for (const [index, block] of blocks.entries()) {
      const next = blocks[index + 1]
      if (block.type === 'paragraph') {
        const note = NOTE.test(labelOf(block.lines[0]?.text ?? '')?.key ?? '')
        if (next !== undefined && introduces(block, next) && !note) intro = block
        else this.#paragraph(block, group)
        continue
      }
      if (block.type === 'code') this.#code(block, intro, group, title)
      else if (block.type === 'list') this.#list(block, intro, group, title)
      else if (block.type === 'quote' && block.blocks.some((each) => each.type === 'code')) {
        this.#blocks(block.blocks, group, title, section)
      } else if (block.type === 'table' && this.#table(block, group)) {
        if (intro !== null) this.#prose(this.#page.source(intro))
      } else {
        if (intro !== null) this.#prose(this.#page.source(intro))
        if (block.type !== 'rule' && block.type !== 'heading') this.#prose(htmlText(this.#page.source(block)))
      }
      intro = null
    }
  }

  #paragraph(block: ParagraphBlock, group: string[]): void {
    const text = this.#page.source(block)
    const label = labelOf(block.lines[0]?.text ?? '')
    const last = this.steps[this.steps.length - 1]
    const undo = label !== null && REVERT.test(label.key) ? this.#inline(block, 1) : []
    if (undo.length > 0 && last !== undefined) {
      last.revert = [...(last.revert ?? []), ...undo]
      return
    }
    const commands =
      this.#kind === 'context' || !RUN_WORDS.test(text) || label !== null ? [] : this.#inline(block, 3)
    if (commands.length === 0) this.#prose(text)
    else
      this.#add({ ...step(firstSentence(text), block, this.#page, group), text, kind: 'command', commands })
    this.#openItem = null
  }

  #inline(block: ParagraphBlock, words: number): RunbookCommand[] {
    return codeSpans(block.lines)
      .filter(
        (span) =>
          isAnnounced(span.before, span.text) ||
          (isInlineCommand(span.text) && span.text.split(/\s+/).length >= words),
      )
      .flatMap((span) => this.#page.inlineCommand(span) ?? [])
  }

  #prose(text: string): void {
    if (text === '') return
    const last = this.steps[this.steps.length - 1]
    if (last === undefined) this.text.push(text)
    else last.text = last.text === '' ? text : `${last.text}\n\n${text}`
  }

  #code(block: CodeBlock, intro: ParagraphBlock | null, group: string[], title: string): void {
    const introText = intro === null ? null : this.#page.source(intro)
    const entries = isShown(block, introText) ? [] : entriesOf(block)
    const last = this.steps[this.steps.length - 1]
    if (!entries.some((entry) => entry.type !== 'output')) {
      this.#output(block, introText, group)
      return
    }
    const item = this.#openItem
    if (introText === null && item !== null && item.commands.length === 0 && item === last) {
      fill(item, entries, block, this.#page)
      this.#openItem = null
      return
    }
    const name = introText === null ? title : introTitle(introText)
    const made = blockSteps(entries, block, { title: name, group, page: this.#page })
    const first = made[0]
    if (first !== undefined && introText !== null) {
      if (made.length > 1 || name !== plainText(introText).replace(/[.:]$/, ''))
        first.text = [introText, first.text].filter((text) => text !== '').join('\n\n')
    }
    for (const each of made) this.#addOrMerge(each)
  }

  /** A block with nothing to run: what the last command prints, a file to edit, a picture. */
  #output(block: CodeBlock, intro: string | null, group: string[]): void {
    const source = this.#page.source(block)
    const body = block.lines.map((line) => line.text).join('\n')
    const lastStep = this.steps[this.steps.length - 1]
    const lastCommand = lastStep?.commands[lastStep.commands.length - 1]
    const shown = intro === null || OUTPUT_INTRO.test(intro)
    if (lastCommand !== undefined && shown && !/^\s*$/.test(body) && block.lines.length > 0) {
      if (lastCommand.expectation === null) lastCommand.expectation = body.slice(0, 2000)
      else this.#prose(source)
      return
    }
    if (intro !== null && this.#kind !== 'context' && this.#kind !== null && !OUTPUT_INTRO.test(intro)) {
      const made = manual(firstSentence(intro), `${intro}\n\n${source}`, block, this.#page, group)
      this.#add(made)
      return
    }
    this.#prose([intro, source].filter((text) => text !== null).join('\n\n'))
  }

  #list(block: ListBlock, intro: ParagraphBlock | null, group: string[], title: string): void {
    const introText = intro === null ? null : this.#page.source(intro)
    if (block.items.length > 0 && block.items.every((item) => item.checked !== null)) {
      this.#checklist(block, introText, group, title)
      return
    }
    const runnable = block.items.some((item) => itemHasCommands(item))
    const acts =
      this.#kind !== 'context' && (this.#kind !== null || block.ordered) && !isLinkList(block, this.#page)
    const asSteps = runnable || (acts && (block.ordered || introText === null))
    if (!asSteps) {
      const source = this.#page.source(block)
      if (acts && introText !== null) {
        this.#add(manual(firstSentence(introText), source, block, this.#page, group))
      } else this.#prose([introText, source].filter((text) => text !== null).join('\n\n'))
      return
    }
    if (introText !== null) this.#prose(introText)
    for (const item of block.items) this.#item(item, group)
  }

  /** Rows with a command in a cell are steps, named by their first cell; other tables are prose. */
  #table(block: TableBlock, group: string[]): boolean {
    const rows = block.rows.map((row) => {
      const text = this.#page.lines[row.line - 1] ?? ''
      const spans = codeSpans([{ text, line: row.line, column: 1 }]).filter((span) =>
        isInlineCommand(span.text),
      )
      return { row, commands: spans.flatMap((span) => this.#page.inlineCommand(span) ?? []) }
    })
    if (!rows.some(({ commands }) => commands.length > 0)) return false
    for (const { row, commands } of rows) {
      const [name = '', ...rest] = row.cells.map(plainText)
      const at = { line: row.line, endLine: row.line }
      const texts = rest.filter((cell) => cell !== '' && !commands.some((command) => command.text === cell))
      const only = commands.some((command) => command.text === name) ? (texts.shift() ?? name) : name
      const made = step(only, at, this.#page, group)
      this.#add({
        ...made,
        text: texts.join(' · '),
        commands,
        kind: commands.length > 0 ? 'command' : 'manual',
      })
    }
    return true
  }

  #checklist(block: ListBlock, intro: string | null, group: string[], title: string): void {
    const items = this.#tasks(block)
    const name = intro === null ? title : firstSentence(intro)
    const made: DraftStep = {
      ...step(name, block, this.#page, group),
      kind: 'checklist',
      items,
      text: intro ?? '',
    }
    const commands = block.items.flatMap((item) =>
      itemParagraphs(item).flatMap((each) => this.#inline(each, 2)),
    )
    this.#add({ ...made, commands })
  }

  #tasks(block: ListBlock): NonNullable<DraftStep['items']> {
    return block.items.map((item) => ({
      text: plainText(
        item.blocks
          .map((each) => this.#page.source(each))
          .join(' ')
          .replace(/^[-*+]\s+\[[ xX]\]\s+/, ''),
      ),
      done: item.checked === true,
      line: item.line,
    }))
  }

  #item(item: ListItem, group: string[]): void {
    const first = item.blocks[0]
    const lead = first?.type === 'paragraph' ? first : null
    const bold = lead === null ? null : leadingBold(lead.lines[0]?.text ?? '')
    const title = bold ?? (lead === null ? 'Step' : itemTitle(this.#page.source(lead)))
    const alternative = alternativeOf(title)
    const made = step(title, item, this.#page, group)
    this.#fillItem(made, item.blocks, lead, bold)
    if (made.items === undefined)
      made.kind = made.commands.some((command) => command.runnable) ? 'command' : 'manual'
    if (alternative === null) {
      this.#add(made)
      this.#openItem = made
      return
    }
    const { commands, comments, text, line, position } = made
    this.#pushAlternative({
      ...alternative,
      id: '',
      line,
      position,
      text,
      commands,
      comments,
      risk: riskOf(commands),
    })
  }

  #fillItem(made: DraftStep, blocks: Block[], lead: ParagraphBlock | null, bold: string | null): void {
    for (const block of blocks) {
      if (block.type === 'code') {
        const entries = entriesOf(block)
        if (entries.every((entry) => entry.type === 'output')) this.#itemOutput(made, block)
        else fill(made, entries, block, this.#page)
      } else if (block.type === 'list' && block.items.every((item) => item.checked !== null)) {
        made.kind = 'checklist'
        made.items = [...(made.items ?? []), ...this.#tasks(block)]
      } else if (block.type === 'list') {
        for (const item of block.items) this.#fillItem(made, item.blocks, null, null)
        if (!block.items.some((item) => hasBlockCode(item.blocks))) addText(made, this.#page.source(block))
      } else if (block.type === 'quote') {
        this.#fillItem(made, block.blocks, null, null)
      } else if (block.type === 'paragraph') {
        append(made.commands, this.#inline(block, 2))
        const source = this.#page.source(block).replace(/^(?:[-*+]|\d+[.)])\s+/, '')
        const whole =
          block === lead &&
          (bold === null
            ? firstSentence(source) === plainText(source).replace(/[.:]$/, '')
            : boldOnly(source) !== null)
        if (!whole && !isNestedItem(blocks, block, lead)) addText(made, source)
      } else if (block.type !== 'rule') addText(made, this.#page.source(block))
    }
  }

  #itemOutput(made: DraftStep, block: CodeBlock): void {
    const last = made.commands[made.commands.length - 1]
    const body = block.lines
      .map((line) => line.text)
      .join('\n')
      .slice(0, 2000)
    if (last !== undefined && last.expectation === null) last.expectation = body
    else addText(made, this.#page.source(block))
  }

  #alternative(section: Section, title: AlternativeTitle): void {
    const inner = new StepCollector(this.#page, this.#kind)
    const reverts: Section[] = section.children.filter((child) => REVERT.test(child.title))
    const rest = { ...section, children: section.children.filter((child) => !reverts.includes(child)) }
    inner.section(rest, [], title.title)
    const steps = inner.steps
    for (const each of steps) {
      const first = each.commands[0]
      if (
        first !== undefined &&
        first.explanation === null &&
        each.title !== title.title &&
        conditionIn(each.title) === null
      )
        first.explanation = each.title
    }
    const commands = steps.flatMap((each) => [
      ...each.commands,
      ...(each.alternatives ?? []).flatMap((one) => one.commands),
    ])
    const text = [...inner.text, ...steps.map((each) => proseOf(each, title.title))]
      .filter((each) => each !== '')
      .join('\n\n')
    const undo = [
      ...steps.flatMap((each) => each.revert ?? []),
      ...reverts.flatMap((each) => this.#sectionCommands(each)),
    ]
    const words = [inner.text[0], steps[0]?.title, steps[0]?.text]
    const condition = title.condition ?? words.flatMap((each) => conditionIn(each ?? '') ?? [])[0] ?? null
    this.#pushAlternative({
      ...title, condition, id: '', line: section.line, position: this.#page.range(section.line, lastLine(section), section.column),
      text, commands, comments: steps.flatMap((each) => each.comments), risk: riskOf(commands),
      ...(undo.length === 0 ? {} : { revert: undo }),
    }) // prettier-ignore
  }

  #sectionCommands(section: Section): RunbookCommand[] {
    const inner = new StepCollector(this.#page, this.#kind)
    inner.section(section, [], section.title)
    return inner.steps.flatMap((each) => each.commands)
  }

  #lastAlternatives(kind: Alternative['kind']): Alternative[] | undefined {
    const last = this.steps[this.steps.length - 1]
    return last?.kind === 'choice' && last.alternatives?.[0]?.kind === kind ? last.alternatives : undefined
  }

  #pushAlternative(alternative: Alternative): void {
    const open = this.#lastAlternatives(alternative.kind)
    if (open !== undefined) {
      open.push(alternative)
      return
    }
    this.#add(choice([alternative]))
  }

  /** Alternatives met one after the other are one choice, also when each stands under its own heading. */
  #addOrMerge(made: DraftStep): void {
    const kind = made.alternatives?.[0]?.kind
    const open = made.kind === 'choice' && kind !== undefined ? this.#lastAlternatives(kind) : undefined
    if (open !== undefined && made.alternatives !== undefined) append(open, made.alternatives)
    else this.#add(made)
  }

  #add(made: DraftStep): void {
    this.steps.push(made)
  }
}

interface BlockContext {
  title: string
  group: string[]
  page: Page
}

/** One step for a block; several when its comments number them, a choice when they name options. */
function blockSteps(entries: Entry[], block: CodeBlock, context: BlockContext): DraftStep[] {
  const marks = entries.filter((entry) => entry.type === 'comment' && isMarker(entry.text))
  if (marks.length < 2) {
    const made = step(context.title, block, context.page, context.group)
    fill(made, entries, block, context.page)
    return [made]
  }
  const parts: Entry[][] = [[]]
  for (const entry of entries) {
    if (entry.type === 'comment' && isMarker(entry.text)) parts.push([])
    parts[parts.length - 1]?.push(entry)
  }
  const [head = [], ...rest] = parts
  const named = rest.map((part) => markedStep(part, block, context))
  const before = headStep(head, block, context)
  if (before !== null && before.commands.length === 0 && named[0] !== undefined) {
    named[0].text = [before.text, named[0].text].filter((text) => text !== '').join('\n\n')
    named[0].comments.unshift(...before.comments)
  }
  const options = rest.every((part) => part[0]?.type === 'comment' && isOptionMarker(part[0].text))
  const steps = options ? [choice(named.map((each) => asAlternative(each)))] : named
  return before !== null && before.commands.length > 0 ? [before, ...steps] : steps
}

function headStep(entries: Entry[], block: CodeBlock, context: BlockContext): DraftStep | null {
  if (entries.length === 0) return null
  const made = step(context.title, block, context.page, context.group)
  fill(made, entries, block, context.page)
  return made
}

function markedStep(entries: Entry[], block: CodeBlock, context: BlockContext): DraftStep {
  const [mark, ...rest] = entries
  const text = mark?.type === 'comment' ? mark.text : context.title
  const line = mark?.type === 'comment' ? mark.line : block.line
  const title = (numberMarker(text)?.title ?? text).replace(/:$/, '')
  const group = context.group.includes(context.title) ? context.group : [...context.group, context.title]
  const made = step(title, { line, endLine: line }, context.page, group)
  fill(made, rest, block, context.page)
  const last =
    made.commands[made.commands.length - 1]?.position.endLine ??
    made.comments[made.comments.length - 1]?.line ??
    line
  made.position = context.page.range(line, last, mark?.type === 'comment' ? mark.column : 1)
  return made
}

function asAlternative(made: DraftStep): Alternative {
  const title = alternativeOf(made.title) ?? {
    kind: 'option' as const,
    label: '1',
    title: made.title,
    condition: null,
  }
  const { commands, comments, text, line, position } = made
  return { ...title, id: '', line, position, text, commands, comments, risk: riskOf(commands) }
}

/** Puts the entries of a block into a step. */
function fill(made: DraftStep, entries: Entry[], block: CodeBlock, page: Page): void {
  const comments: BlockComment[] = []
  for (const entry of entries) {
    if (entry.type === 'comment') comments.push({ text: entry.text, line: entry.line, column: entry.column })
    else if (entry.type === 'output') addText(made, `\`\`\`\n${entry.text}\n\`\`\``)
    else {
      const command = page.blockCommand(entry, block)
      if (command !== null) made.commands.push(command)
    }
  }
  append(made.comments, comments)
  addText(made, comments.map((comment) => comment.text).join('\n'))
  markNested(made.commands)
  made.kind = made.commands.some((command) => command.runnable) ? 'command' : 'manual'
  const end = Math.max(block.endLine, made.position.endLine)
  if (end > made.position.endLine) made.position = page.range(made.line, end, made.position.column)
}

/** What follows an interactive shell in its block is typed inside it, not run beside it. */
function markNested(commands: RunbookCommand[]): void {
  let opened: number | null = null
  for (const command of commands) {
    if (opened !== null && command.block === opened && command.language === 'bash') {
      command.nested = true
      command.runnable = false
    }
    if (command.language === 'bash' && opensShell(command)) opened = command.block ?? null
  }
}

const OPENS =
  /\b(?:rsh|debug|exec|attach|run)\b|^\s*(?:sudo\s+)?(?:ssh|gcloud compute ssh|bash|sh|su|chroot|psql|erl)\b/
const opensShell = (command: RunbookCommand): boolean =>
  command.flags.includes('interactive') && OPENS.test(command.text) && !command.text.includes('|')

function step(title: string, at: { line: number; endLine: number }, page: Page, group: string[]): DraftStep {
  return {
    id: '', title: title === '' ? 'Step' : title, kind: 'manual', line: at.line,
    position: page.range(at.line, at.endLine), text: '', commands: [], comments: [],
    group: group.length === 0 ? null : group.join(' / '),
  } // prettier-ignore
}

function manual(
  title: string,
  text: string,
  at: { line: number; endLine: number },
  page: Page,
  group: string[],
): DraftStep {
  return { ...step(title, at, page, group), text }
}

const CHOICE_TITLES: Record<Alternative['kind'], string> = {
  option: 'Choose one option', cause: 'Find the cause', scenario: 'Choose the scenario', case: 'Choose the case',
} // prettier-ignore

function choice(alternatives: Alternative[]): DraftStep {
  const first = alternatives[0]
  const position = first?.position ?? { line: 1, column: 1, endLine: 1, endColumn: 1 }
  return {
    id: '', title: CHOICE_TITLES[first?.kind ?? 'option'], kind: 'choice', line: first?.line ?? 1, position,
    text: '', commands: [], comments: [], group: null, alternatives,
  } // prettier-ignore
}

const RISK_ORDER = ['read', 'change', 'destructive'] as const
export function riskOf(commands: RunbookCommand[]): RunbookCommand['risk'] {
  const highest = largest(
    commands.map((each) => RISK_ORDER.indexOf(each.risk)),
    0,
  )
  return RISK_ORDER[highest] ?? 'destructive'
}

function introduces(paragraph: ParagraphBlock, next: Block): boolean {
  if (next.type === 'code') return true
  const last = paragraph.lines[paragraph.lines.length - 1]?.text ?? ''
  return next.type === 'list' && /:\**\s*$/.test(last)
}

function addText(made: DraftStep, text: string): void {
  if (text.trim() !== '') made.text = made.text === '' ? text : `${made.text}\n\n${text}`
}

/** Paragraphs of nested items are already in the text of their list. */
function isNestedItem(blocks: Block[], block: ParagraphBlock, lead: ParagraphBlock | null): boolean {
  return lead === null && blocks[0] === block && !hasBlockCode(blocks)
}

const hasBlockCode = (blocks: Block[]): boolean =>
  blocks.some(
    (block) =>
      block.type === 'code' ||
      (block.type === 'list' && block.items.some((item) => hasBlockCode(item.blocks))),
  )

function itemParagraphs(item: ListItem): ParagraphBlock[] {
  return item.blocks.flatMap((block) => {
    if (block.type === 'paragraph') return [block]
    return block.type === 'list' ? block.items.flatMap((each) => itemParagraphs(each)) : []
  })
}

function itemHasCommands(item: ListItem): boolean {
  if (hasBlockCode(item.blocks)) return true
  return itemParagraphs(item).some((paragraph) =>
    codeSpans(paragraph.lines).some(
      (span) => isAnnounced(span.before, span.text) || isInlineCommand(span.text),
    ),
  )
}

function hasCode(section: Section): boolean {
  return hasBlockCode(section.blocks) || section.children.some((child) => hasCode(child))
}

const SHOWN =
  /\b(?:you|it) (?:should|will|would) (?:see|look|return|get|show)\b|\b(?:example|sample|expected|typical) (?:error|output|log|response|result)|\boutput (?:is|looks|should|will)\b|\bsimilar to\b/i

/** A block that its introduction says is what one sees. */
function isShown(block: CodeBlock, intro: string | null): boolean {
  return (
    intro !== null &&
    SHOWN.test(intro) &&
    !block.lines.some((line) => startsLikeCommand(line.text) || promptOf(line.text) !== null)
  )
}

/** A list of links is something to read. */
const isLinkList = (list: ListBlock, page: Page): boolean =>
  list.items.every((item) =>
    /^(?:[-*+]|\d+[.)])\s+!?\[[^\]]*\]\([^)]*\)[.\s]*$/.test(
      item.blocks
        .map((each) => page.source(each))
        .join(' ')
        .replace(/^(?![-*+]|\d)/, '- '),
    ),
  )

/** "Look: `kubectl get pods`" is the step "Look". */
function itemTitle(source: string): string {
  const text = source.replace(/^(?:[-*+]|\d+[.)])\s+/, '')
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

function conditionIn(text: string): string | null {
  const label = labelOf(text.split('\n')[0] ?? '')
  if (label !== null && /^(?:when(?: to use)?|use (?:when|if)|if|condition)$/i.test(label.key)) {
    return firstSentence(label.value, 160)
  }
  const sentence = firstSentence(text, 160)
  const bare = sentence.replace(/^use (?:this )?(?=(?:if|when)\b)/i, '')
  return /^(?:if|when|only)\b/i.test(bare) ? bare : null
}

const proseOf = (made: DraftStep, title: string): string => {
  const lead =
    made.title === title || made.title === 'Step' || made.text.startsWith(made.title) ? '' : made.title
  return [lead, made.text].filter((text) => text !== '').join(': ')
}

function lastLine(section: Section): number {
  return largest(
    [...section.blocks.map((block) => block.endLine), ...section.children.map((child) => lastLine(child))],
    section.line,
  )
}

const htmlText = (text: string): string => text.replace(/<\/?[a-z][^<>]{0,200}>/gi, '').trim()
