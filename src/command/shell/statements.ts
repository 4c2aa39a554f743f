import { forEachChild, parseShell } from './parse.ts'
import type { Statement, SyntaxNode } from './parse.ts'
import { maskPlaceholders } from '../placeholders.ts'

export interface ShellStatement {
  /** Verbatim, continuation lines and heredoc bodies included, without comments around it. */
  text: string
  /** UTF-16 offsets in the block. */
  start: number
  end: number
  /** Comment lines directly above, without `#`; several are joined by newlines. */
  comment: string | null
}

/**
 * The top-level statements of a shell block: pipelines, `&&` lists, loops and functions stay whole.
 * A block that does not parse is split at line ends where every line parses by itself, else it stays whole.
 */
export function splitStatements(text: string): ShellStatement[] {
  const masked = maskPlaceholders(text, 'bash').text
  const parsed = parseShell(masked)
  if (parsed.script === undefined) return splitLines(text, masked)
  const found: ShellStatement[] = []
  let last = 0
  for (const statement of parsed.script.commands) {
    const end = endOf(statement)
    found.push({
      text: text.slice(statement.pos, end),
      start: statement.pos,
      end,
      comment: commentAbove(text, last, statement.pos),
    })
    last = end
  }
  return found
}

/** A heredoc's body lies behind the statement's own end. */
function endOf(statement: Statement): number {
  let end = statement.end
  const stack: SyntaxNode[] = [statement]
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (node.type === 'HereDoc') end = Math.max(end, node.closing?.end ?? node.body.end)
    // Escaped backticks own a decoded text: offsets below them are not ours.
    if (node.type !== 'Script' || !('source' in node) || node.source === undefined) {
      forEachChild(node, (child) => stack.push(child))
    }
  }
  return end
}

function commentAbove(text: string, from: number, to: number): string | null {
  const lines = text.slice(from, to).split('\n')
  lines.pop()
  const comments: string[] = []
  for (let line = lines.pop(); line !== undefined; line = lines.pop()) {
    const comment = /^\s*#+!?\s?(.*)$/.exec(line)
    if (comment === null) break
    comments.unshift((comment[1] ?? '').trimEnd())
  }
  return comments.length === 0 ? null : comments.join('\n')
}

function splitLines(text: string, masked: string): ShellStatement[] {
  const found: ShellStatement[] = []
  let comments: string[] = []
  let offset = 0
  for (const line of joinContinuations(masked)) {
    const start = offset + (line.length - line.trimStart().length)
    const end = start + line.trim().length
    offset += line.length + 1
    if (line.trim() === '') comments = []
    else if (line.trim().startsWith('#')) comments.push(line.trim().replace(/^#+\s?/, ''))
    else {
      if (parseShell(line).script === undefined) return whole(text)
      found.push({
        text: text.slice(start, end),
        start,
        end,
        comment: comments.length === 0 ? null : comments.join('\n'),
      })
      comments = []
    }
  }
  return found
}

function joinContinuations(text: string): string[] {
  const lines: string[] = []
  for (const line of text.split('\n')) {
    const last = lines.at(-1)
    if (last !== undefined && last.endsWith('\\')) lines[lines.length - 1] = `${last}\n${line}`
    else lines.push(line)
  }
  return lines
}

function whole(text: string): ShellStatement[] {
  const start = text.length - text.trimStart().length
  const trimmed = text.trim()
  return trimmed === '' ? [] : [{ text: trimmed, start, end: start + trimmed.length, comment: null }]
}
