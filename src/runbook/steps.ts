/** The steps of a phase: from sub-headings, lists, tables, code blocks and prose, in page order. */
import { append, largest } from './append.ts'
import { blockSteps, fillStep } from './block-steps.ts'
import { addText, asAlternative, choiceOf, newStep, prependText, riskOf } from './draft.ts'
import type { DraftStep } from './draft.ts'
import { entriesOf, queryEntries } from './entries.ts'
import { codeSpans, firstSentence, introTitle, labelOf, plainText } from './inline.ts'
import {
  hasBlockCode,
  inlineCommands,
  isLinkList,
  isTaskList,
  itemHasCommands,
  itemParagraphs,
  itemStep,
  tasksOf,
} from './list-item.ts'
import type { Block, CodeBlock, ListBlock, ParagraphBlock, TableBlock } from './markdown.ts'
import type { Alternative, PhaseKind, RunbookCommand } from './model.ts'
import type { Section } from './outline.ts'
import type { Page } from './page.ts'
import { isInlineCommand, startsLikeCommand } from './programs.ts'
import { promptOf } from './session.ts'
import { alternativeOf, isCaseHeading, isForAgents, unnumbered } from './vocabulary.ts'
import type { AlternativeTitle } from './vocabulary.ts'

const OUTPUT_INTRO =
  /\b(?:output|response|result)s?\b|\bexample\b|\blooks? like\b|\bshould (?:see|look|return|be|show)\b|\bsimilar to\b|\bmessage along/i
const RUN_WORDS =
  /\b(?:run(?:ning)?|execut\w+|us(?:e|ing)|check|via|with|by|try|enter|type|command|connect|verify|list|get|see|restart|scale|toggle)\b/i
const QUERY = /\bpromql\b|\bprometheus\b|\bmetrics? console\b|\bgrafana explore\b/i
const NOTE = /^(?:note|important|warning|caution|danger|attention|tip|prerequisites?)$/i
const REVERT = /^(?:revert|undo|roll ?back|back out|to revert|to undo)\b/i

const joined = (parts: (string | null | undefined)[]): string =>
  parts.filter((part) => part !== null && part !== undefined && part !== '').join('\n\n')

/** Where in the page the blocks being read stand. */
interface Place {
  group: string[]
  title: string
}

export class StepCollector {
  readonly #page: Page
  readonly #kind: PhaseKind | null
  readonly steps: DraftStep[] = []
  /** Prose before the first step. */
  readonly text: string[] = []
  /** The item of the list just read: a code block right behind it belongs to it. */
  #openItem: DraftStep | null = null

  constructor(page: Page, kind: PhaseKind | null) {
    this.#page = page
    this.#kind = kind
  }

  section(section: Section, group: string[], title: string): void {
    this.#blocks(section.blocks, { group, title })
    this.#children(section.children, group)
  }

  #children(children: Section[], group: string[]): void {
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
        const last = this.#lastAlternatives('case')?.at(-1)?.label ?? '0'
        const label = String(1 + Number.parseInt(last, 10))
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
    const nested = new StepCollector(this.#page, this.#kind)
    nested.section(child, [...group, title], title)
    const [first] = nested.steps
    const listed = child.blocks.some((block) => block.type === 'list') && first?.kind !== 'checklist'
    if (first !== undefined && nested.steps.length === 1 && first.kind !== 'choice' && !listed) {
      first.title = title
      first.group = group.length === 0 ? null : group.join(' / ')
    }
    if (first !== undefined) prependText(first, joined(nested.text))
    else if (nested.text.length > 0 && this.#kind !== 'context') {
      this.steps.push({ ...newStep(title, child, this.#page, group), text: joined(nested.text) })
    } else if (nested.text.length > 0) this.#prose(`${title}: ${joined(nested.text)}`)
    for (const step of nested.steps) this.#addOrMerge(step)
    this.#openItem = null
  }

  #blocks(blocks: Block[], place: Place): void {
    let intro: ParagraphBlock | null = null
    for (const [index, block] of blocks.entries()) {
      const next = blocks[index + 1]
      if (block.type === 'paragraph') {
        const note = NOTE.test(labelOf(block.lines[0]?.text ?? '')?.key ?? '')
        if (next !== undefined && introduces(block, next) && !note) intro = block
        else this.#paragraph(block, place.group)
        continue
      }
      const introText = intro === null ? null : this.#page.source(intro)
      intro = null
      if (block.type === 'code') this.#code(block, introText, place)
      else if (block.type === 'list') this.#list(block, introText, place, next?.type === 'code')
      else if (block.type === 'quote' && hasBlockCode(block.blocks)) this.#blocks(block.blocks, place)
      else if (block.type === 'table' && this.#table(block, introText, place.group)) continue
      else if (block.type === 'rule' || block.type === 'heading') this.#prose(introText ?? '')
      else this.#prose(joined([introText, withoutTags(this.#page.source(block))]))
    }
  }

  #paragraph(block: ParagraphBlock, group: string[]): void {
    const text = this.#page.source(block)
    const label = labelOf(block.lines[0]?.text ?? '')
    const last = this.steps[this.steps.length - 1]
    this.#openItem = null
    const undo = label !== null && REVERT.test(label.key) ? inlineCommands(block, 1, this.#page) : []
    if (undo.length > 0 && last !== undefined) {
      last.revert = [...(last.revert ?? []), ...undo]
      return
    }
    const runs = this.#kind !== 'context' && RUN_WORDS.test(text) && label === null
    const commands = runs ? inlineCommands(block, 3, this.#page) : []
    if (commands.length === 0) this.#prose(text)
    else
      this.steps.push({
        ...newStep(firstSentence(text), block, this.#page, group),
        text,
        kind: 'command',
        commands,
      })
  }

  #prose(text: string): void {
    if (text === '') return
    const last = this.steps[this.steps.length - 1]
    if (last === undefined) this.text.push(text)
    else addText(last, text)
  }

  #code(block: CodeBlock, intro: string | null, { group, title }: Place): void {
    const query = QUERY.test([...group, intro ?? ''].join(' ')) ? queryEntries(block) : null
    const entries = isShown(block, intro) ? [] : (query ?? entriesOf(block))
    if (!entries.some((entry) => entry.type !== 'output')) {
      this.#output(block, intro, group)
      return
    }
    const item = this.#openItem
    this.#openItem = null
    if (intro === null && item !== null && item.commands.length === 0) {
      fillStep(item, entries, block, this.#page)
      return
    }
    const name = intro === null ? this.#unusedTitle(title, entries) : introTitle(intro)
    const made = blockSteps(entries, block, { title: name, group, page: this.#page })
    const [first] = made
    if (
      first !== undefined &&
      intro !== null &&
      (made.length > 1 || name !== plainText(intro).replace(/[.:]$/, ''))
    ) {
      prependText(first, intro)
    }
    for (const each of made) this.#addOrMerge(each)
  }

  /** The heading names the first block below it; later ones go by what explains them. */
  #unusedTitle(title: string, entries: ReturnType<typeof entriesOf>): string {
    if (!this.steps.some((step) => step.title === title)) return title
    const first = entries.find((entry) => entry.type === 'command')
    const line = first?.text.split('\n')[0]?.replace(/\s*\\$/, '') ?? ''
    return firstSentence(first?.explanation?.split('\n')[0] ?? line, 60)
  }

  /** A block with nothing to run: what the last command prints, a file to edit, a picture. */
  #output(block: CodeBlock, intro: string | null, group: string[]): void {
    const source = this.#page.source(block)
    const lastStep = this.steps[this.steps.length - 1]
    const lastCommand = lastStep?.commands[lastStep.commands.length - 1]
    const shown = intro === null || OUTPUT_INTRO.test(intro)
    if (lastCommand !== undefined && shown && block.lines.length > 0) {
      const body = block.lines.map((line) => line.text).join('\n')
      if (lastCommand.expectation === null) lastCommand.expectation = body.slice(0, 2000)
      else this.#prose(joined([intro, source]))
    } else if (intro !== null && !shown && this.#kind !== 'context' && this.#kind !== null) {
      const made = newStep(firstSentence(intro), block, this.#page, group)
      this.steps.push({ ...made, text: joined([intro, source]) })
    } else this.#prose(joined([intro, source]))
  }

  #list(block: ListBlock, intro: string | null, { group, title }: Place, beforeCode: boolean): void {
    if (isTaskList(block)) {
      const made = newStep(intro === null ? title : firstSentence(intro), block, this.#page, group)
      const commands = block.items
        .flatMap((item) => itemParagraphs(item))
        .flatMap((each) => inlineCommands(each, 2, this.#page))
      this.steps.push({
        ...made,
        kind: 'checklist',
        items: tasksOf(block, this.#page),
        text: intro ?? '',
        commands,
      })
      return
    }
    const runnable = block.items.some((item) => itemHasCommands(item))
    const known = this.#kind !== null || block.ordered || (beforeCode && intro === null)
    const acts = this.#kind !== 'context' && known && !isLinkList(block, this.#page)
    if (runnable || (acts && (block.ordered || intro === null))) {
      if (intro !== null) this.#prose(intro)
      for (const item of block.items) this.#item(itemStep(item, this.#page, group))
    } else if (acts && intro !== null) {
      const made = newStep(firstSentence(intro), block, this.#page, group)
      this.steps.push({ ...made, text: this.#page.source(block) })
    } else this.#prose(joined([intro, this.#page.source(block)]))
  }

  #item(made: DraftStep): void {
    const { choice, ...plain } = made
    if (choice !== undefined) {
      this.#openItem = null
      if (plain.commands.length > 0) this.steps.push({ ...plain, kind: 'command' })
      else Object.assign(choice, { title: plain.title, group: plain.group, text: plain.text })
      this.#addOrMerge(choice)
    } else if (alternativeOf(made.title) !== null) this.#pushAlternative(asAlternative(made))
    else {
      this.steps.push(made)
      this.#openItem = made
    }
  }

  /** Rows with a command in a cell are steps, named by their first cell; other tables are prose. */
  #table(block: TableBlock, intro: string | null, group: string[]): boolean {
    const rows = block.rows.map((row) => {
      const line = { text: this.#page.lines[row.line - 1] ?? '', line: row.line, column: 1 }
      const spans = codeSpans([line]).filter((span) => isInlineCommand(span.text))
      return { row, commands: spans.flatMap((span) => this.#page.inlineCommand(span) ?? []) }
    })
    if (!rows.some(({ commands }) => commands.length > 0)) return false
    if (intro !== null) this.#prose(intro)
    for (const { row, commands } of rows) {
      const [name = '', ...rest] = row.cells.map(plainText)
      const texts = rest.filter((cell) => cell !== '' && !commands.some((command) => command.text === cell))
      const title = commands.some((command) => command.text === name) ? (texts.shift() ?? name) : name
      const made = newStep(title, { line: row.line, endLine: row.line }, this.#page, group)
      this.steps.push({
        ...made,
        text: texts.join(' · '),
        commands,
        kind: commands.length > 0 ? 'command' : 'manual',
      })
    }
    return true
  }

  #alternative(section: Section, title: AlternativeTitle): void {
    const inner = new StepCollector(this.#page, this.#kind)
    const reverts = section.children.filter((child) => REVERT.test(child.title))
    const rest = { ...section, children: section.children.filter((child) => !reverts.includes(child)) }
    inner.section(rest, [], title.title)
    for (const [index, { option, steps }] of variantsOf(inner.steps).entries()) {
      const name = option === null ? title : { ...title, ...variantTitle(title, option, index) }
      this.#pushAlternative(this.#oneAlternative(section, name, { text: inner.text, steps, reverts }))
    }
  }

  #oneAlternative(
    section: Section,
    title: AlternativeTitle,
    { text: prose, steps, reverts }: { text: string[]; steps: DraftStep[]; reverts: Section[] },
  ): Alternative {
    const words = [prose[0], steps[0]?.title, steps[0]?.text]
    const condition = title.condition ?? words.flatMap((each) => conditionIn(each ?? '') ?? [])[0] ?? null
    for (const each of steps) {
      const [first] = each.commands
      const told = each.title === title.title || conditionIn(each.title) !== null
      if (first !== undefined && first.explanation === null && !told) first.explanation = each.title
    }
    const commands = steps.flatMap((each) => [
      ...each.commands,
      ...(each.alternatives ?? []).flatMap((one) => one.commands),
    ])
    const undo = [
      ...steps.flatMap((each) => each.revert ?? []),
      ...reverts.flatMap((each) => this.#commandsIn(each)),
    ]
    const only = steps.length === 1 ? steps[0] : undefined
    const text = joined([
      ...prose,
      ...(only === undefined ? steps.map((each) => proseOf(each, title.title)) : [only.text]),
    ])
    const lead = only?.lead === undefined ? undefined : text.length - only.text.length + only.lead
    return {
      ...title, condition, id: '', line: section.line,
      position: this.#page.range(section.line, lastLine(section), section.column), text, commands,
      comments: steps.flatMap((each) => each.comments), risk: riskOf(commands),
      ...(lead === undefined ? {} : { lead }), ...(undo.length === 0 ? {} : { revert: undo }),
    } // prettier-ignore
  }

  #commandsIn(section: Section): RunbookCommand[] {
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
    if (open === undefined) this.steps.push(choiceOf([alternative]))
    else open.push(alternative)
  }

  /** Alternatives met one after the other are one choice, also when each stands under its own heading. */
  #addOrMerge(made: DraftStep): void {
    const kind = made.alternatives?.[0]?.kind
    const open = made.kind === 'choice' && kind !== undefined ? this.#lastAlternatives(kind) : undefined
    if (open !== undefined && made.alternatives !== undefined) append(open, made.alternatives)
    else this.steps.push(made)
  }
}

/** Options inside an alternative exclude each other too: one alternative for each, with what stands around them. */
function variantsOf(steps: DraftStep[]): { option: Alternative | null; steps: DraftStep[] }[] {
  const options = steps.find((each) => (each.alternatives?.length ?? 0) > 1)
  if (options?.alternatives === undefined) return [{ option: null, steps }]
  return options.alternatives.map((option) => ({
    option,
    steps: steps.map((each) => (each === options ? asStep(options, option) : copyOf(each))),
  }))
}

function asStep(choice: DraftStep, option: Alternative): DraftStep {
  const { title, line, position, text, commands, comments = [], lead, revert } = option
  const { id, group } = choice
  return {
    id, title, kind: 'command', line, position, text, commands, comments, group: group ?? null,
    ...(lead === undefined ? {} : { lead }), ...(revert === undefined ? {} : { revert }),
  } // prettier-ignore
}

/** Each alternative has commands of its own: what is noted at one is not noted at another. */
const copyOf = (made: DraftStep): DraftStep => ({
  ...made,
  commands: made.commands.map((command) => ({ ...command })),
})

function variantTitle(
  outer: AlternativeTitle,
  option: Alternative,
  index: number,
): Pick<AlternativeTitle, 'label' | 'title'> {
  return { label: `${outer.label}.${index + 1}`, title: `${outer.title}: ${option.title}` }
}

function introduces(paragraph: ParagraphBlock, next: Block): boolean {
  if (next.type === 'code') return true
  const last = paragraph.lines[paragraph.lines.length - 1]?.text ?? ''
  return (next.type === 'list' || next.type === 'table') && /:\**\s*$/.test(last)
}

const SHOWN =
  /\b(?:you|it) (?:should|will|would) (?:see|look|return|get|show)\b|\b(?:example|sample|expected|typical) (?:error|output|log|response|result)|\boutput (?:is|looks|should|will)\b|\bsimilar to\b/i

/** A block that its introduction says is what one sees. */
function isShown(block: CodeBlock, intro: string | null): boolean {
  const commands = block.lines.some((line) => startsLikeCommand(line.text) || promptOf(line.text) !== null)
  return intro !== null && SHOWN.test(intro) && !commands
}

const hasCode = (section: Section): boolean =>
  hasBlockCode(section.blocks) || section.children.some((child) => hasCode(child))

/** "Use when the queue grows", "**When to use**: …". */
function conditionIn(text: string): string | null {
  const label = labelOf(text.split('\n')[0] ?? '')
  if (label !== null && /^(?:when(?: to use)?|use (?:when|if)|if|condition)$/i.test(label.key)) {
    return firstSentence(label.value, 160)
  }
  const bare = firstSentence(text, 160).replace(/^use (?:this )?(?=(?:if|when)\b)/i, '')
  return /^(?:if|when|only)\b/i.test(bare) ? bare : null
}

function proseOf(made: DraftStep, title: string): string {
  const known = made.title === title || made.title === 'Step' || made.text.startsWith(made.title)
  return [known ? '' : made.title, made.text].filter((text) => text !== '').join(': ')
}

function lastLine(section: Section): number {
  const ends = [
    ...section.blocks.map((block) => block.endLine),
    ...section.children.map((child) => lastLine(child)),
  ]
  return largest(ends, section.line)
}

const withoutTags = (text: string): string => text.replace(/<\/?[a-z][^<>]{0,200}>/gi, '').trim()
