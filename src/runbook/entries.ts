/** A code block to its entries: commands with their explanation and expectation, comments, output. */
import { append } from './append.ts'
import { analyseCommand, detectLanguage } from '../command/index.ts'
import type { Language } from '../command/index.ts'
import type { CodeBlock, TextLine } from './markdown.ts'
import { startsLikeCommand } from './programs.ts'
import { looksLikeOutput, promptOf, readSession, rootPrompt } from './session.ts'
import type { SessionPart } from './session.ts'
import { statementsOf } from './statements.ts'
import type { Statement } from './statements.ts'

export interface CommandEntry {
  type: 'command'
  text: string
  language: Language
  /** Where each line of `text` starts in the page. */
  origin: { line: number; column: number }[]
  explanation: string | null
  expectation: string | null
  /** Typed at a prompt that is not the operator's own shell. */
  nested: boolean
}
export interface CommentEntry {
  type: 'comment'
  /** Without the comment mark. */
  text: string
  line: number
  column: number
}
export interface OutputEntry {
  type: 'output'
  text: string
  language: Language
  line: number
}
export type Entry = CommandEntry | CommentEntry | OutputEntry

/** Longer blocks are shown as text: no one reads them before approving, and the shell parser refuses them. */
export const MAX_BLOCK = 64_000

/** Languages whose blocks hold nothing to run or to type. */
const DATA: ReadonlySet<Language> = new Set(['json', 'yaml', 'hcl', 'log', 'output', 'text'])
const EXPECTATION = /^(?:expect|should\b|must\b|=>|→|->|returns?\b|output\b|result\b|you should\b|good:|ok:)/i

/** What a block was read as; it is asked for by more than one stage. Entries are never changed afterwards. */
const READ = new WeakMap<CodeBlock, Entry[]>()

export function entriesOf(block: CodeBlock): Entry[] {
  const known = READ.get(block)
  if (known !== undefined) return known
  const entries = readEntries(block)
  READ.set(block, entries)
  return entries
}

/** A block that its surroundings call a query of Prometheus, and that is one by its grammar. */
export function queryEntries(block: CodeBlock): Entry[] | null {
  if (block.lines.some((line) => startsLikeCommand(line.text) || promptOf(line.text) !== null)) return null
  const entries = attachComments(plainEntries(block.lines, 'promql', null))
  const queries = entries.filter((entry) => entry.type === 'command')
  const parsed = queries.every((entry) => analyseCommand(entry.text, { language: 'promql' }).parsed)
  return queries.length > 0 && parsed ? entries : null
}

function readEntries(block: CodeBlock): Entry[] {
  const lines = block.lines
  if (lines.every((line) => line.text.trim() === '')) return []
  const tag = tagOf(block)
  const size = lines.reduce((sum, line) => sum + line.text.length + 1, 0)
  if (size > MAX_BLOCK) {
    return [
      { type: 'output', text: lines.map((line) => line.text).join('\n'), language: 'text', line: block.line },
    ]
  }
  if (isSession(lines)) return sessionEntries(readSession(lines))
  const text = lines.map((line) => line.text).join('\n')
  const language = blockLanguage(lines, text, tag)
  if (language === 'bash' && isOutput(lines))
    return [{ type: 'output', text, language: 'output', line: block.line }]
  if (DATA.has(language)) return [{ type: 'output', text, language, line: block.line }]
  return attachComments(plainEntries(lines, language, tag))
}

/** A block tagged as shell that holds only what a program printed, or the help of its options. */
function isOutput(lines: TextLine[]): boolean {
  const used = lines.filter((line) => line.text.trim() !== '')
  const shown = used.filter((line) => looksLikeOutput(line.text)).length
  return shown > 0 && shown * 2 > used.length && !used.some((line) => startsLikeCommand(line.text))
}

/**
 * Without a tag, a block in which no line starts like a command is a drawing, a message or a sample. A block with
 * commands among Slack or Erlang lines is a shell block with foreign lines.
 */
function blockLanguage(lines: TextLine[], text: string, tag: string | null): Language {
  const language = detectLanguage(text, tag)
  const commands = (): boolean => lines.some((line) => startsLikeCommand(line.text))
  if (language === 'slack' || (language === 'erlang' && commands())) return 'bash'
  return tag === null && language === 'bash' && !commands() ? 'text' : language
}

/** The first word of the info string as written, without braces and attributes. */
export function tagOf(block: CodeBlock): string | null {
  const word = (block.info ?? '').replace(/^[{.\s]+/, '').split(/[\s{},:]/)[0] ?? ''
  return word === '' ? null : word
}

function isSession(lines: TextLine[]): boolean {
  const used = lines.filter((line) => line.text.trim() !== '')
  if (used.some((line) => promptOf(line.text) !== null)) return true
  // A block of nothing but `# cmd` lines is a root shell only when each of them reads as a command.
  return used.every((line) => rootPrompt(line.text) !== null)
}

function sessionEntries(parts: SessionPart[]): Entry[] {
  const out: Entry[] = []
  let explanation: string[] = []
  for (const part of parts) {
    const text = part.lines.map((line) => line.text).join('\n')
    if (part.kind === 'comment') {
      explanation = part.lines.map((line) => stripMark(line.text))
      for (const line of part.lines) out.push(commentEntry(line))
      continue
    }
    const last = out[out.length - 1]
    if (part.kind === 'output') {
      const shown = text.replace(/\s+$/, '').slice(0, 2000)
      if (last?.type === 'command') last.expectation = shown
      else out.push({ type: 'output', text, language: 'output', line: part.lines[0]?.line ?? 1 })
      continue
    }
    const language =
      part.prompt === 'sql' || part.prompt === 'ruby' || part.prompt === 'erlang' ? part.prompt : 'bash'
    const inside = out.some((entry) => entry.type === 'command')
    const nested = part.prompt !== 'shell' && (part.prompt !== 'root' || inside)
    const entry = commandEntry(part.lines, 0, undefined, language)
    if (language === 'bash') cutTrailingComment(entry)
    entry.nested = nested
    if (explanation.length > 0) {
      out.splice(-explanation.length)
      entry.explanation = [...explanation, ...(entry.explanation === null ? [] : [entry.explanation])].join(
        '\n',
      )
    }
    out.push(entry)
    explanation = []
  }
  return out
}

/** `$ cmd  # why`: what the shell would skip explains the command. */
function cutTrailingComment(entry: CommandEntry): void {
  if (!entry.text.includes('#')) return
  const last = statementsOf(entry.text, 'bash').at(-1)
  const why = last === undefined ? null : trailingComment(entry.text.slice(last.end))
  if (last === undefined || why === null) return
  entry.text = entry.text.slice(0, last.end)
  entry.explanation = why
}

/** Commands and comments in page order, before comments are attached; a blank line is an empty comment. */
function plainEntries(lines: TextLine[], language: Language, tag: string | null): Entry[] {
  const starts: number[] = []
  let length = 0
  for (const line of lines) {
    starts.push(length)
    length += line.text.length + 1
  }
  const foreign = foreignLines(lines, language)
  const own = lines.map((line, index) => (foreign.has(index) ? ' '.repeat(line.text.length) : line.text))
  const pieces: { at: number; entry: Entry }[] = []
  const covered = new Set<number>(foreign.keys())
  for (const statement of wholeLines(statementsOf(own.join('\n'), language), own.join('\n'))) {
    const first = lineAt(starts, statement.start)
    const last = lineAt(starts, Math.max(statement.start, statement.end - 1))
    const part = lines.slice(first, last + 1)
    const until = statement.end - (starts[last] ?? 0)
    const entry = commandEntry(
      part,
      statement.start - (starts[first] ?? 0),
      until,
      statementLanguage(part, language, tag),
    )
    entry.explanation = trailingComment(lines[last]?.text.slice(until) ?? '')
    pieces.push({ at: statement.start, entry })
    for (let index = first; index <= last; index += 1) covered.add(index)
  }
  for (const [index, line] of lines.entries()) {
    const other = foreign.get(index)
    if (other === undefined && covered.has(index)) continue
    const entry =
      other === undefined || other === 'comment'
        ? commentEntry(line)
        : commandEntry([line], 0, undefined, other)
    pieces.push({ at: starts[index] ?? 0, entry })
  }
  return pieces.sort((x, y) => x.at - y.at).map((piece) => piece.entry)
}

/** Statements that share a line are one command: people read, copy and approve lines. */
function wholeLines(statements: Statement[], text: string): Statement[] {
  const out: Statement[] = []
  for (const statement of statements) {
    const last = out[out.length - 1]
    if (last !== undefined && !text.slice(last.end, statement.start).includes('\n')) last.end = statement.end
    else out.push({ ...statement })
  }
  return out
}

/** `cmd  # why` at the end of a line. */
function trailingComment(rest: string): string | null {
  const match = /^\s+#+\s*(\S.*)$/.exec(rest)
  return match?.[1]?.trim() ?? null
}

/** The line that holds an offset. */
function lineAt(starts: number[], offset: number): number {
  let low = 0
  let high = starts.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((starts[middle] ?? 0) <= offset) low = middle
    else high = middle - 1
  }
  return low
}

function commandEntry(
  lines: TextLine[],
  from: number,
  until: number | undefined,
  language: Language,
): CommandEntry {
  const last = lines.length - 1
  const texts = lines.map((line, index) =>
    line.text.slice(index === 0 ? from : 0, index === last ? until : undefined),
  )
  const lead = (texts[0] ?? '').length - (texts[0] ?? '').trimStart().length
  texts[0] = (texts[0] ?? '').slice(lead)
  const origin = lines.map((line, index) => ({
    line: line.line,
    column: line.column + (index === 0 ? from + lead : 0),
  }))
  const text = texts.join('\n').trimEnd()
  return { type: 'command', text, language, origin, explanation: null, expectation: null, nested: false }
}

function commentEntry(line: TextLine): CommentEntry {
  const lead = line.text.length - line.text.trimStart().length
  return { type: 'comment', text: stripMark(line.text), line: line.line, column: line.column + lead }
}

const stripMark = (text: string): string =>
  text
    .trim()
    .replace(/^(?:#+|--+|%+|\/\/+|\/\*+|\*+\/?|::|REM\b)\s?/i, '')
    .replace(/\s*\*\/$/, '')

/** Lines of another language inside a block; they would keep the rest of it from being parsed. */
function foreignLines(lines: TextLine[], language: Language): Map<number, Language | 'comment'> {
  const out = new Map<number, Language | 'comment'>()
  let continues = false
  let inOutput = false
  for (const [index, line] of lines.entries()) {
    const text = line.text.trim()
    if (!continues) {
      inOutput =
        text !== '' && index > 0 && looksLikeOutput(line.text)
          ? true
          : inOutput && text !== '' && !startsLikeCommand(text)
      const kind = language === 'bash' && inOutput ? 'output' : foreignKind(text, language)
      if (kind !== null) out.set(index, kind)
    }
    continues = text.endsWith('\\')
  }
  return out
}

function foreignKind(text: string, language: Language): Language | 'comment' | null {
  if (language === 'bash') {
    if (/^\/[a-z][a-z-]*(?:\s|$)/.test(text) && !/^\/[a-z-]+\/|^\/bin\b/.test(text)) return 'slack'
    if (/^%+\s/.test(text)) return 'comment'
    if (/^[a-z][a-zA-Z0-9_]*:[a-z][a-zA-Z0-9_]*\(/.test(text)) return 'erlang'
    return null
  }
  if (language === 'sql') {
    if (
      /^(?:psql|pg_dump|pg_restore|pg_basebackup|kubectl|mysql|createdb|dropdb|sudo|docker|ssh)\s/.test(text)
    )
      return 'bash'
    if (/^\\[a-z]/i.test(text)) return 'sql'
    if (text.startsWith('#')) return 'comment'
  }
  return null
}

function statementLanguage(lines: TextLine[], language: Language, tag: string | null): Language {
  if (language !== 'bash' || lines.length > 1) return language
  const text = lines[0]?.text.trim() ?? ''
  if (startsLikeCommand(text)) return language
  const own = detectLanguage(text, tag)
  return own === 'promql' || own === 'sql' || own === 'erlang' ? own : language
}

/** Comments directly above a command explain it; directly below it they may say what to expect. */
function attachComments(entries: Entry[]): Entry[] {
  const out: Entry[] = []
  let group: CommentEntry[] = []
  const flush = (): void => {
    append(
      out,
      group.filter((comment) => comment.text !== ''),
    )
    group = []
  }
  for (const entry of entries) {
    if (entry.type === 'comment') {
      const last = out[out.length - 1]
      if (entry.text === '') flush()
      else if (group.length === 0 && last?.type === 'command' && EXPECTATION.test(entry.text)) {
        last.expectation = [last.expectation, expectationOf(entry.text)]
          .filter((text) => text !== null)
          .join('\n')
      } else group.push(entry)
      continue
    }
    if (entry.type === 'command' && entry.language === 'output') {
      const last = out[out.length - 1]
      flush()
      if (last?.type === 'command')
        last.expectation = [last.expectation, entry.text]
          .filter((text) => text !== null)
          .join('\n')
          .slice(0, 2000)
      else
        out.push({ type: 'output', text: entry.text, language: 'output', line: entry.origin[0]?.line ?? 1 })
      continue
    }
    if (entry.type === 'command') takeExplanation(entry, group)
    flush()
    out.push(entry)
  }
  flush()
  return out
}

/** The comments after the last numbered one become the explanation; the numbered one stays an entry. */
function takeExplanation(command: CommandEntry, group: CommentEntry[]): void {
  const marker = group.findLastIndex((comment) => isMarker(comment.text))
  const above = group.splice(marker + 1)
  if (above.length > 0) {
    const own = command.explanation === null ? [] : [command.explanation]
    command.explanation = [...above.map((comment) => comment.text), ...own].join('\n')
  }
  const should = above.find((comment) => /\bshould\b|\bmust be\b|\bexpect/i.test(comment.text))
  if (should !== undefined) command.expectation = should.text
}

const expectationOf = (text: string): string =>
  text.replace(/^(?:expected(?: output| result)?|expect|output|result)\s*:\s*/i, '')

const NUMBER_MARKER = /^(?:step\s+)?(\d{1,2})\s*[.):]\s+(\S.*)$/i
const OPTION_MARKER = /^(?:option|alternative|cause|scenario|case)\s+(?:\d{1,2}|[a-z])\b\s*[:.)–—-]/i

/** "1. Stop the application", "Step 2: …", "Option 1: …" as a comment. */
export const isMarker = (text: string): boolean => NUMBER_MARKER.test(text) || OPTION_MARKER.test(text)
export const isOptionMarker = (text: string): boolean => OPTION_MARKER.test(text)
export function numberMarker(text: string): { number: number; title: string } | null {
  const match = NUMBER_MARKER.exec(text)
  return match === null ? null : { number: Number(match[1]), title: match[2] ?? '' }
}
