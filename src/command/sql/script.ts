import type { CommandFlag, Risk } from '../model.ts'
import { UNKNOWN } from '../placeholders.ts'
import { judgeSql } from './judge.ts'

export interface ScriptFinding {
  risk: Risk
  why: string
  start: number
  end: number
  flags?: CommandFlag[]
}

export interface SqlScript {
  findings: ScriptFinding[]
  /** Whether anything is left to send to the server. */
  empty: boolean
  parsed: boolean
}

/**
 * Judges a text as psql reads it: SQL, meta-commands (`\d`, `\copy`) and variables (`:name`, `:'name'`).
 * `unsafeVariables` are those whose value, pasted in as it is, may be any text.
 */
export function judgeSqlScript(text: string, unsafeVariables: ReadonlySet<string> = new Set()): SqlScript {
  const findings: ScriptFinding[] = []
  const chars = [...splitUnits(text)]
  const sets = new Set(unsafeVariables)
  const references: { name: string; start: number; end: number }[] = []
  for (let at = 0; at < text.length;) {
    const quoted = quotedEnd(text, at)
    if (quoted > at) at = quoted
    else if (text[at] === '\\') at = readMeta(text, at, chars, findings, sets)
    else {
      const [reference = '', name = ''] =
        text[at] === ':' && !/[:\w\])]/.test(text[at - 1] ?? '')
          ? (/^:(?:'(\w+)'|"(\w+)"|\{\?\w+\}|([A-Za-z_]\w*))/.exec(text.slice(at, at + 100)) ?? []).filter(
              (part) => part !== undefined,
            )
          : []
      if (reference !== '' && text[at + 1] !== ':' && text[at + 1] !== '=') {
        if (/^:[A-Za-z_]/.test(reference)) references.push({ name, start: at, end: at + reference.length })
        chars[at] = ' '
        for (let index = at + 1; index < at + reference.length; index++) chars[index] = UNKNOWN
        at += reference.length
      } else at++
    }
  }
  for (const { name, start, end } of references) {
    if (sets.has(name))
      findings.push({ risk: 'destructive', why: `:${name} is pasted into the SQL as it is`, start, end })
  }
  const sql = chars.join('')
  const empty = sql.replace(/[\s;]/g, '') === ''
  if (empty) return { findings, empty, parsed: true }
  const judged = judgeSql(sql)
  return {
    findings: [...findings, ...judged],
    empty,
    parsed: !judged.some((finding) => finding.why.startsWith('cannot be judged')),
  }
}

function splitUnits(text: string): string[] {
  return text.split('')
}

/** End of the quoted text or comment that starts at `at`, or `at` when none does. */
function quotedEnd(text: string, at: number): number {
  const char = text[at]
  if (char === "'" || char === '"') {
    const escapes = char === "'" && /[eE]/.test(text[at - 1] ?? '') && !/\w/.test(text[at - 2] ?? '')
    for (let index = at + 1; index < text.length; index++) {
      if (escapes && text[index] === '\\') index++
      else if (text[index] === char) {
        if (text[index + 1] !== char) return index + 1
        index++
      }
    }
    return text.length
  }
  if (text.startsWith('--', at)) {
    const end = text.indexOf('\n', at)
    return end === -1 ? text.length : end
  }
  if (text.startsWith('/*', at)) return commentEnd(text, at)
  if (char === '$' && !/[\w$]/.test(text[at - 1] ?? '')) {
    const tag = /^\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/.exec(text.slice(at, at + 100))?.[0]
    if (tag === undefined) return at
    const end = text.indexOf(tag, at + tag.length)
    return end === -1 ? text.length : end + tag.length
  }
  return at
}

function commentEnd(text: string, at: number): number {
  let depth = 0
  for (let index = at; index < text.length; index++) {
    if (text.startsWith('/*', index)) {
      depth++
      index++
    } else if (text.startsWith('*/', index)) {
      index++
      if (--depth === 0) return index + 1
    }
  }
  return text.length
}

/** Those that send what was typed before them to the server, as `;` does. */
const SENDS = /^(?:g|gx|gdesc|gset|gexec|watch|crosstabview|bind|bind_named|parse|sendpipeline)$/
const READS =
  /^(?:d\w*[S+x]*|l[+x]*|list[+x]*|z[Sx]*|conninfo\+?|x|a|t|T|H|C|f|pset|timing|echo|qecho|warn|\?|h|help|encoding|sf\+?|sv\+?|errverbose|copyright|q|quit|c|connect|r|reset|p|print|if|elif|else|endif|unset|set|cd|g|gx|gdesc|gset|crosstabview|bind|bind_named|close|close_prepared|parse|startpipeline|endpipeline|syncpipeline|sendpipeline|flushrequest|flush|getresults|getenv|lo_list\+?|restrict|unrestrict|getrow)$/
const WHOLE_LINE = /^(?:!|copy|sf\+?|sv\+?|ef|ev|h|help)$/

/** Judges the meta-command at `at`, blanks it, and returns where the text goes on. */
function readMeta(
  text: string,
  at: number,
  chars: string[],
  findings: ScriptFinding[],
  sets: Set<string>,
): number {
  const name = /^\\(!|\?|\\|;|:|[A-Za-z_]+[+Sx]*)/.exec(text.slice(at, at + 60))?.[1] ?? ''
  let end = at + 1 + name.length
  if (name === ';' || name === ':') {
    chars[at] = ' '
    return end
  }
  const lineEnd = text.indexOf('\n', at) === -1 ? text.length : text.indexOf('\n', at)
  if (WHOLE_LINE.test(name)) end = lineEnd
  else if (name !== '\\') end = argumentsEnd(text, end, lineEnd)
  const words = text.slice(at + 1 + name.length, end).trim()
  for (let index = at; index < end; index++) if (chars[index] !== '\n') chars[index] = ' '
  if (SENDS.test(name)) chars[at] = ';'
  const note = (risk: Risk, why: string, flags: CommandFlag[] = []): void => {
    findings.push({ risk, why, start: at, end: at + text.slice(at, end).trimEnd().length, flags })
  }
  if (words.includes('`')) note('destructive', 'backticks run a command')
  if (name === 'set') noteSet(words, sets)
  judgeMeta(name, words, note)
  return end
}

/** Up to the end of the line, or to the next backslash outside quotes, which opens another meta-command. */
function argumentsEnd(text: string, from: number, lineEnd: number): number {
  let quote = ''
  for (let index = from; index < lineEnd; index++) {
    const char = text[index] ?? ''
    if (quote !== '') {
      if (char === '\\' && quote === "'") index++
      else if (char === quote) quote = ''
    } else if (char === "'" || char === '"' || char === '`') quote = char
    else if (char === '\\') return index
  }
  return lineEnd
}

function noteSet(words: string, sets: Set<string>): void {
  const [, name = '', value = ''] = /^(\S+)\s*(.*)$/s.exec(words) ?? []
  if (!/^[\w.' -]*$/.test(value)) sets.add(name)
}

function judgeMeta(
  name: string,
  words: string,
  note: (risk: Risk, why: string, flags?: CommandFlag[]) => void,
): void {
  switch (name) {
    case '\\':
      return
    case 'g':
    case 'gx':
      if (words.replace(/^\([^)]*\)/, '').trim() !== '') {
        return note(
          /\|/.test(words) ? 'destructive' : 'change',
          `\\${name} sends the result to a file or a program`,
        )
      }
      break
    case 'copy':
      return judgeClientCopy(words, note)
    case 'o':
    case 'out':
    case 's':
    case 'w':
    case 'write':
      if (words === '' && name !== 'w' && name !== 'write') break
      return note(words.includes('|') ? 'destructive' : 'change', `\\${name} writes a file`)
    case 'watch':
      return note('read', 'repeats until it is stopped', /\b(?:c|count)=\d/.test(words) ? [] : ['endless'])
    case 'set':
      if (/^(?:PSQL_\w+|EDITOR|VISUAL|PAGER)\b/.test(words))
        return note('destructive', 'changes what psql runs')
      break
    case 'pset':
      if (/pager/.test(words) && !/pager(?:\s+(?:on|off|0|1|always))?$|pager_min_lines/.test(words))
        return note('destructive', 'changes what psql runs')
      break
    case 'password':
      return note('change', 'changes a password', ['interactive'])
    case 'e':
    case 'edit':
    case 'ef':
    case 'ev':
    case 'prompt':
      return note('destructive', 'waits for a person, and runs what they type', ['interactive'])
    case 'lo_export':
    case 'lo_import':
      return note('change', `\\${name} writes`)
    default:
  }
  if (READS.test(name)) note('read', `\\${name} only shows or sets up this session`)
  else note('destructive', `\\${name} runs something that cannot be judged`)
}

function judgeClientCopy(words: string, note: (risk: Risk, why: string) => void): void {
  if (/\bprogram\b/i.test(words)) return note('destructive', '\\copy runs a program')
  const query = /^\(([\s\S]*)\)\s*to\s+(\S+)/i.exec(words)
  const target = query?.[2] ?? /\bto\s+(\S+)/i.exec(words)?.[1]
  if (query !== null && judgeSql(query[1] ?? '').some((finding) => finding.risk !== 'read')) {
    return note('destructive', '\\copy of a statement that changes something')
  }
  if (
    target !== undefined &&
    /^(?:p?stdout|'?\/dev\/(?:stdout|null)'?);?$/i.test(target) &&
    !/\bfrom\s+\S+\s*;?$/i.test(words)
  )
    return note('read', '\\copy to standard output')
  note('change', '\\copy writes a file or adds rows')
}
