/** What every stage of reading one page shares. */
import { smallest } from './append.ts'
import { analyseCommand } from '../command/index.ts'
import { entriesOf, tagOf } from './entries.ts'
import type { CommandEntry, Entry } from './entries.ts'
import { withoutComments } from './inline.ts'
import type { CodeSpan } from './inline.ts'
import type { Block, CodeBlock } from './markdown.ts'
import type { ReadNote, RunbookCommand, SourceRange } from './model.ts'

/** More commands than this are shown as text; the largest of 2,073 public runbooks has a tenth of it. */
export const MAX_COMMANDS = 5000
/** Longer commands are for a person: no one reviews them before approving. */
export const MAX_COMMAND_LENGTH = 32 * 1024

export class Page {
  readonly path: string
  readonly lines: string[]
  readonly notes: ReadNote[]
  #commands = 0

  constructor(path: string, lines: string[], notes: ReadNote[]) {
    this.path = path
    this.lines = lines
    this.notes = notes
  }

  /** The Markdown of a block as written, without the indentation of its container. */
  source(block: Block): string {
    const lines = this.lines.slice(block.line - 1, block.endLine)
    const indents = lines
      .filter((line) => line.trim() !== '')
      .map((line) => line.length - line.trimStart().length)
    const indent = smallest(indents)
    const text = lines.map((line) => line.slice(Number.isFinite(indent) ? indent : 0)).join('\n')
    return withoutComments(text).trim()
  }

  range(line: number, endLine: number, column = 1): SourceRange {
    return { line, column, endLine, endColumn: (this.lines[endLine - 1] ?? '').length + 1 }
  }

  entries(block: CodeBlock): Entry[] {
    return entriesOf(block)
  }

  blockCommand(entry: CommandEntry, block: CodeBlock): RunbookCommand | null {
    return this.#command(entry, tagOf(block), block.line)
  }

  inlineCommand(span: CodeSpan): RunbookCommand | null {
    const origin = [{ line: span.line, column: span.column }]
    const entry: CommandEntry = {
      type: 'command', text: span.text, language: 'bash', origin, explanation: null, expectation: null, nested: false,
    } // prettier-ignore
    return this.#command(entry, 'inline', null)
  }

  #command(entry: CommandEntry, tag: string | null, block: number | null): RunbookCommand | null {
    const first = entry.origin[0]
    if (first === undefined || entry.text === '') return null
    this.#commands += 1
    if (this.#commands > MAX_COMMANDS) {
      if (this.#commands === MAX_COMMANDS + 1) {
        const message = `Only the first ${MAX_COMMANDS} commands of a page are read; the rest is text`
        this.notes.push({ kind: 'too-many-commands', message, line: first.line, column: first.column })
      }
      return null
    }
    if (entry.text.length > MAX_COMMAND_LENGTH) {
      const message = `A command of ${entry.text.length} characters is shown, never run`
      this.notes.push({ kind: 'command-too-long', message, line: first.line, column: first.column })
    }
    return buildCommand(entry, tag, block)
  }
}

function buildCommand(entry: CommandEntry, tag: string | null, block: number | null): RunbookCommand {
  const first = entry.origin[0] ?? { line: 1, column: 1 }
  const last = entry.origin[entry.origin.length - 1] ?? first
  const lastText = entry.text.slice(entry.text.lastIndexOf('\n') + 1)
  const tooLong = entry.text.length > MAX_COMMAND_LENGTH
  const analysis = analyseCommand(tooLong ? entry.text.slice(0, 200) : entry.text, {
    language: entry.language,
  })
  return {
    text: entry.text,
    language: entry.language,
    tag,
    line: first.line,
    position: { ...first, endLine: last.line, endColumn: last.column + lastText.length },
    risk: tooLong ? 'destructive' : analysis.risk,
    flags: analysis.flags,
    reasons: analysis.reasons,
    inputs: analysis.inputs,
    changesShell: analysis.changesShell,
    runnable: analysis.runnable && !entry.nested && !tooLong,
    explanation: entry.explanation,
    expectation: entry.expectation,
    origin: entry.origin,
    block,
    nested: entry.nested,
  }
}
