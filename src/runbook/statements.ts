/** The statements of a block in any language, as offsets. Bash goes to the shell parser while it parses. */
import { splitStatements } from '../command/index.ts'
import type { Language } from '../command/index.ts'
import { openQuote } from './session.ts'

export interface Statement {
  start: number
  end: number
}

export function statementsOf(text: string, language: Language): Statement[] {
  if (language === 'bash') return shellStatements(text)
  if (language === 'sql') return sqlStatements(text)
  if (language === 'erlang') return lineStatements(text, (line) => !/\.\s*(?:%.*)?$/.test(line), /^\s*%/)
  if (language === 'promql') return lineStatements(text, () => true, /^\s*#/)
  const start = text.length - text.trimStart().length
  return text.trim() === '' ? [] : [{ start, end: text.trimEnd().length }]
}

/** A block that the parser gave up on comes back whole; then one bad line must not take the others with it. */
function shellStatements(text: string): Statement[] {
  const found = splitStatements(text)
  const first = found[0]
  const gaveUp =
    found.length === 1 && first !== undefined && /\n\s*(?:#|\n)/.test(text.slice(first.start, first.end))
  return gaveUp ? resilientStatements(text) : found
}

/** Cuts at line ends outside quotes, continuations, here-documents and compound commands. */
function resilientStatements(text: string): Statement[] {
  return lineStatements(text, (_line, statement) => isOpenShell(statement), /^\s*#/)
}

function isOpenShell(statement: string): boolean {
  if (statement.length > 8000) return false
  if (/(?:^|[^\\])(?:\\\\)*\\$/.test(statement) || /(?:\||&&)\s*$/.test(statement)) return true
  const heredoc = /<<-?\s*['"]?(\w+)['"]?[^\n]*\n/.exec(statement)
  if (
    heredoc !== null &&
    !new RegExp(`^\\s*${heredoc[1] ?? ''}\\s*$`, 'm').test(statement.slice(heredoc.index + heredoc[0].length))
  )
    return true
  if (/<<-?\s*['"]?\w+['"]?[^\n]*$/.test(statement) && heredoc === null) return true
  const words = statement.match(/(?:^|[;&|\n]\s*)(?:if|for|while|until|case|done|fi|esac)\b/g) ?? []
  const depth = words.reduce((sum, word) => sum + (/(?:done|fi|esac)$/.test(word) ? -1 : 1), 0)
  return depth > 0 || openQuote(statement)
}

/** Beyond this, text that does not parse is cut anyway: a quote is open for good. */
const MAX_STATEMENT_LINES = 60

/** `more` says whether the statement goes on after this line. A blank line ends one that no longer can. */
function lineStatements(
  text: string,
  more: (line: string, statement: string) => boolean,
  comment: RegExp,
): Statement[] {
  const out: Statement[] = []
  let at = 0
  let start: number | null = null
  let end = 0
  let count = 0
  const close = (): void => {
    if (start !== null) out.push({ start, end })
    start = null
    count = 0
  }
  for (const line of text.split('\n')) {
    const blank = line.trim() === ''
    if (start === null ? !blank && !comment.test(line) : true) {
      if (blank && (start === null || !openQuote(text.slice(start, end)) || count > MAX_STATEMENT_LINES))
        close()
      else {
        start ??= at + (line.length - line.trimStart().length)
        end = at + line.trimEnd().length
        count += 1
        if (count > MAX_STATEMENT_LINES || !more(line.trim(), text.slice(start, end))) close()
      }
    }
    at += line.length + 1
  }
  close()
  return out
}

const SQL_TOKEN =
  /--[^\n]*|\/\*[^]*?(?:\*\/|$)|'(?:[^']|'')*(?:'|$)|"[^"]*(?:"|$)|\$(\w*)\$[^]*?(?:\$\1\$|$)|;|\S|\s+/g

/** Statements end at `;` outside quotes and comments, or at the end of the block. */
function sqlStatements(text: string): Statement[] {
  const out: Statement[] = []
  let start: number | null = null
  let end = 0
  for (const match of text.matchAll(SQL_TOKEN)) {
    const token = match[0]
    if (/^\s/.test(token) || token.startsWith('--') || token.startsWith('/*')) {
      // A blank line after a line without `;` starts a new statement: pages forget the semicolon.
      if (/\n[ \t]*\n/.test(token) && start !== null) {
        out.push({ start, end })
        start = null
      }
      continue
    }
    start ??= match.index
    end = match.index + token.length
    if (token === ';') {
      out.push({ start, end })
      start = null
    }
  }
  if (start !== null) out.push({ start, end })
  return out
}
