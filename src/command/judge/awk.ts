import { UNKNOWN } from '../placeholders.ts'
import type { Call } from './call.ts'
import { parseOptions } from './options.ts'

const VALUES = new Set([
  'F',
  'field-separator',
  'v',
  'assign',
  'f',
  'file',
  'i',
  'include',
  'l',
  'load',
  'e',
  'source',
  'E',
  'exec',
  'm',
  'W',
])
/** Options of gawk and mawk that only change how the program is read or run. */
const NAMES = new Set([
  'b', 'characters-as-bytes', 'c', 'traditional', 'C', 'copyright', 'g', 'gen-pot', 'h', 'help', 'I', 'trace', 'k', 'csv', 'M',
  'bignum', 'n', 'non-decimal-data', 'N', 'use-lc-numeric', 'O', 'optimize', 'P', 'posix', 'r', 're-interval', 's', 'no-optimize',
  'S', 'sandbox', 't', 'lint-old', 'V', 'version',
]) // prettier-ignore

export function judgeAwk(call: Call): void {
  const parsed = parseOptions(call.args, { values: VALUES, names: NAMES, style: 'gnu', stops: true })
  const operands = [...parsed.operands]
  let hasSource = false
  for (const { name, candidates, value, at } of parsed.options) {
    if (['F', 'field-separator', 'v', 'assign', 'm'].includes(name)) continue
    if (candidates.length === 1 && NAMES.has(name)) continue
    hasSource = true
    call.note('destructive', 'runs or loads a program that cannot be judged', at, value ?? at)
  }
  if (parsed.options.length === 1 && parsed.options[0]?.name === 'version') operands.length = 0
  const program = hasSource ? undefined : operands.shift()
  if (parsed.open.length > 0)
    call.note(
      'destructive',
      'options or a program of awk that are not known before it runs',
      call.word,
      parsed.open[0],
    )
  if (program !== undefined) {
    call.code(program)
    if (program.open || program.value.replaceAll(UNKNOWN, '').trim() === '') {
      call.note('destructive', 'a program that is not known before it runs', program)
    }
    for (const finding of judgeAwkProgram(program.value)) call.note(finding.risk, finding.why, program)
  }
  call.note('read', 'prints what its program selects', call.word, call.args.at(-1))
}

type Token = { kind: 'word' | 'string' | 'regex' | 'number' | 'sign' | 'newline'; text: string }

/** Finds everything by which an awk program reaches beyond its input and output. */
export function judgeAwkProgram(program: string): { risk: 'change' | 'destructive'; why: string }[] {
  const tokens = tokenise(program)
  if (tokens === null) return [{ risk: 'destructive', why: 'an awk program that cannot be followed' }]
  const found: { risk: 'change' | 'destructive'; why: string }[] = []
  let printing = false
  let depth = 0
  for (const [index, token] of tokens.entries()) {
    const next = tokens[index + 1]
    if (token.kind === 'word') {
      const before = tokens[index - 1]
      const opens =
        before === undefined ||
        before.kind === 'newline' ||
        (before.kind === 'sign' && /^[{};]$/.test(before.text))
      if (opens && token.text.includes(UNKNOWN))
        found.push({ risk: 'destructive', why: 'code that is not known before it runs' })
      if (token.text === 'system') found.push({ risk: 'destructive', why: 'system() runs a command' })
      if (token.text === 'print' || token.text === 'printf') {
        printing = true
        depth = 0
      }
    }
    if (
      token.kind === 'newline' ||
      token.text === ';' ||
      token.text === '{' ||
      (token.text === '}' && token.kind === 'sign')
    )
      printing = false
    if (token.kind !== 'sign') continue
    if (token.text === '(' || token.text === '[') depth++
    if (token.text === ')' || token.text === ']') depth--
    if (token.text === '@')
      found.push({ risk: 'destructive', why: '@ loads another program or calls a function by its name' })
    if (token.text === '|' || token.text === '|&')
      found.push({ risk: 'destructive', why: 'a pipe runs a command' })
    if (token.text === '<' && next?.text.startsWith('/inet') === true)
      found.push({ risk: 'change', why: 'opens a network connection' })
    if (
      printing &&
      depth <= 0 &&
      (token.text === '>' || token.text === '>>') &&
      !isStandardOutput(next, tokens[index + 2])
    ) {
      found.push({ risk: 'change', why: 'print > writes a file' })
    }
  }
  return found
}

/** The target must end there: `"/dev/null" x` is the name of another file. */
function isStandardOutput(target: Token | undefined, after: Token | undefined): boolean {
  if (target?.kind !== 'string' || !/^\/dev\/(?:stdout|stderr|null)$/.test(target.text)) return false
  return after === undefined || after.kind === 'newline' || after.text === ';' || after.text === '}'
}

function tokenise(program: string): Token[] | null {
  const tokens: Token[] = []
  let at = 0
  while (at < program.length) {
    const rest = program.slice(at, at + 2)
    const char = program[at] ?? ''
    if (char === '\n') tokens.push({ kind: 'newline', text: '\n' })
    if (/\s/.test(char)) at++
    else if (char === '\\' && /^\r?\n/.test(program.slice(at + 1, at + 3))) at += 2
    else if (char === '#') while (at < program.length && program[at] !== '\n') at++
    else if (
      char === '/' &&
      tokens.at(-1)?.text === ')' &&
      /^\/[^/\n]*"[^/\n]*\//.test(program.slice(at, at + 2_000))
    )
      return null
    else if (char === '"' || (char === '/' && regexMayStart(tokens))) {
      const end = closing(program, at, char)
      if (end === -1) return null
      tokens.push({ kind: char === '"' ? 'string' : 'regex', text: program.slice(at + 1, end) })
      at = end + 1
    } else if (/[A-Za-z_]/.test(char) || char === UNKNOWN) {
      const [word = char] = /^[\w\uE000]+/.exec(program.slice(at, at + 1_000)) ?? []
      tokens.push({ kind: 'word', text: word })
      at += word.length
    } else if (/\d/.test(char)) {
      const [number = char] = /^[\d.]+/.exec(program.slice(at, at + 1_000)) ?? []
      tokens.push({ kind: 'number', text: number })
      at += number.length
    } else {
      const sign = /^(?:>>|\|&|\|\||&&|==|!=|<=|>=|\+\+|--)$/.test(rest) ? rest : char
      tokens.push({ kind: 'sign', text: sign })
      at += sign.length
    }
  }
  return tokens
}

/** After a value `/` divides; everywhere else it opens a regular expression. */
function regexMayStart(tokens: Token[]): boolean {
  const last = tokens.at(-1)
  if (last === undefined || last.kind === 'newline') return true
  if (last.kind === 'word') return /^(?:print|printf|return|in|getline|case|else|do)$/.test(last.text)
  return last.kind === 'sign' && ![')', ']', '$', '++', '--'].includes(last.text)
}

function closing(program: string, from: number, mark: string): number {
  let inClass = false
  for (let at = from + 1; at < program.length; at++) {
    const char = program[at]
    if (char === '\\') at++
    else if (char === '\n' || (inClass && char === mark)) return -1
    else if (mark === '/' && char === '[' && !inClass) {
      inClass = true
      if (program[at + 1] === '^') at++
      if (program[at + 1] === ']') at++
    } else if (mark === '/' && char === ']' && inClass) inClass = false
    else if (char === mark && !inClass) return at
  }
  return -1
}
