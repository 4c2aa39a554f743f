/** Recorded terminal sessions: prompts are stripped, what follows a command is its output. */
import type { TextLine } from './markdown.ts'
import { startsLikeCommand } from './programs.ts'

export interface Prompt {
  length: number
  /** `shell`, or the language of the program whose prompt it is. */
  kind: 'shell' | 'root' | 'sql' | 'ruby' | 'erlang' | 'other'
}

const DOLLAR = /^\s*(?:\$|❯|➜\s+\S+)\s+(?=\S)/
const USER_HOST =
  /^\s*(?:\([\w.-]+\)\s*)?(?:\[[\w.-]+@[^\]]{1,80}\]|[\w.-]{1,64}@[\w.-]{1,128}(?::[^\s$#%>]{0,200})?|[\w.-]{1,64}:[~/][^\s$#]{0,200})\s*([$#%>])\s+(?=\S)/
const DATABASE = /^\s*[A-Za-z_][\w-]{0,63}(?:[=*!-][#>]|#)\s+(?=\S)/
const NAMED = /^\s*(mysql|mariadb|MariaDB \[[^\]]{0,64}\]|psql|sqlite|cqlsh|postgres)>\s+(?=\S)/
const REDIS = /^\s*(?:redis[\w .:-]{0,64}|\d{1,3}(?:\.\d{1,3}){3}:\d{2,5})>\s+(?=\S)/
const RUBY = /^\s*(?:irb|pry|\[\d+\] pry)[^>\n]{0,64}>\s+(?=\S)/
const ERLANG = /^\s*(?:\([\w@.-]{1,128}\))?\d{1,4}>\s+(?=\S)/
const POWERSHELL = /^\s*PS(?: [A-Z]:[^>\n]{0,200})?>\s+(?=\S)/

/** The prompt a line starts with. `# cmd` is not one: it cannot be told from a comment by its form. */
export function promptOf(text: string): Prompt | null {
  const plain = DOLLAR.exec(text)
  if (plain !== null) return { length: plain[0].length, kind: 'shell' }
  const user = USER_HOST.exec(text)
  if (user !== null) return { length: user[0].length, kind: 'shell' }
  for (const [pattern, kind] of [
    [NAMED, 'sql'],
    [DATABASE, 'sql'],
    [RUBY, 'ruby'],
    [ERLANG, 'erlang'],
    [REDIS, 'other'],
    [POWERSHELL, 'other'],
  ] as const) {
    const match = pattern.exec(text)
    if (match !== null) return { length: match[0].length, kind }
  }
  return null
}

const ROOT = /^\s*#\s+(?=\S)/

/** A `# cmd` line whose words are a command and no sentence. */
export function rootPrompt(text: string): Prompt | null {
  const match = ROOT.exec(text)
  const rest = match === null ? '' : text.slice(match[0].length)
  if (match === null || /[.:!?]$|\.\s/.test(rest.trim())) return null
  const program = startsLikeCommand(rest) && /^\S+\s+(?:-|[a-z<$"'/{])/.test(rest)
  const dashed = /^[a-z]+(?:-[a-z]+)+\s+(?:-\S+|[a-z][\w-]*)(?:\s+\S+){0,4}$/.test(rest)
  return program || dashed ? { length: match[0].length, kind: 'root' } : null
}

const OUTPUT_LINE = [
  /^total \d+(?:\.\d+)?[KMGT]?$/, /^[bcdlps-][rwxsStT-]{9}[.+@]?\s/, /^\(\d+ rows?\)$/, /^[-+|=\s]{6,}$/,
  /^(?:[A-Z][A-Z0-9_()%/-]+(?:\s{2,}|\s*$)){2,}$/, /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/, /^[IWEF]\d{4} \d\d:\d\d:\d\d/,
  /^(?:FATA|ERRO|WARN|INFO|DEBU)\[?\d*\]?\s/, /^\s*-{1,2}[\w-]+(?:, --[\w-]+)?(?: \w+)?\s{2,}\S/, /^\s*[{[]"\w+":/,
  /^(?:Error|error|Warning|panic|fatal|Traceback)\b.*:/, /^\S+(?:\s{3,}\S+){2,}\s*$/,
] // prettier-ignore

/** Whether a line without a prompt is what a program printed. Only forms that no command line has. */
export function looksLikeOutput(text: string): boolean {
  return !startsLikeCommand(text) && OUTPUT_LINE.some((form) => form.test(text))
}

export interface SessionPart {
  kind: 'command' | 'output' | 'comment'
  prompt: Prompt['kind'] | null
  lines: TextLine[]
}

/** Cuts a block that has prompts into commands and their output. */
export function readSession(lines: TextLine[]): SessionPart[] {
  const parts: SessionPart[] = []
  let open = false
  for (const line of lines) {
    const last = parts[parts.length - 1]
    if (open && last !== undefined && promptOf(line.text)?.kind !== 'shell') {
      const more = /^\s*>\s/.exec(line.text)
      last.lines.push(more === null ? line : cut(line, more[0].length))
      open = isOpen(last.lines)
      continue
    }
    const prompt = promptOf(line.text) ?? rootPrompt(line.text)
    if (prompt !== null) {
      const command = cut(line, prompt.length)
      parts.push({ kind: 'command', prompt: prompt.kind, lines: [command] })
      open = isOpen([command])
      continue
    }
    const kind = /^\s*#/.test(line.text) && last?.kind !== 'output' ? 'comment' : 'output'
    if (line.text.trim() === '' && last?.kind !== 'output') continue
    if (last?.kind === kind) last.lines.push(line)
    else parts.push({ kind, prompt: null, lines: [line] })
  }
  return parts
}

export function cut(line: TextLine, length: number): TextLine {
  return { text: line.text.slice(length), line: line.line, column: line.column + length }
}

/** A command goes on after a trailing backslash and inside an open quote. */
function isOpen(lines: TextLine[]): boolean {
  if (lines.length > 60) return false
  const text = lines.map((line) => line.text).join('\n')
  if (/(?:^|[^\\])(?:\\\\)*\\$/.test(text)) return true
  return openQuote(text)
}

/** Whether shell quotes are open at the end of the text. */
export function openQuote(text: string): boolean {
  let quote = ''
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index]
    if (character === '\\' && quote !== "'") index += 1
    else if (quote !== '' && character === quote) quote = ''
    else if (quote === '' && (character === '"' || character === "'")) quote = character
  }
  return quote !== ''
}
