import { UNKNOWN } from '../placeholders.ts'
import type { Argument } from '../shell/argument.ts'
import type { Call } from './call.ts'
import { parseOptions } from './options.ts'

const VALUES = new Set(['e', 'expression', 'f', 'file', 'l', 'line-length'])
const NAMES = new Set([
  'n', 'quiet', 'silent', 'debug', 'follow-symlinks', 'in-place', 'posix', 'E', 'r', 'regexp-extended', 's', 'separate',
  'sandbox', 'u', 'unbuffered', 'z', 'null-data', 'zero-terminated', 'help', 'version', 'b', 'binary', 'a',
]) // prettier-ignore

export function judgeSed(call: Call): void {
  const parsed = parseOptions(withoutSuffix(call.args), {
    values: VALUES,
    names: NAMES,
    style: 'gnu',
    stops: false,
  })
  const scripts: Argument[] = []
  for (const { candidates, value, at } of parsed.options) {
    if (candidates.includes('i') || candidates.includes('I') || candidates.includes('in-place'))
      call.note('change', 'edits the files in place', at)
    else if (candidates.includes('f') || candidates.includes('file'))
      call.note('destructive', 'runs a script that cannot be judged', at, value ?? at)
    else if (candidates.includes('e') || candidates.includes('expression')) scripts.push(value ?? at)
    else if (!candidates.every((name) => NAMES.has(name) || VALUES.has(name)))
      call.note('destructive', 'sed has no such option that is known', at)
  }
  for (const word of parsed.open)
    call.note('destructive', 'options or a script of sed that are not known before it runs', word)
  const files = [...parsed.operands]
  if (scripts.length === 0) {
    const script = files.shift()
    if (script !== undefined) scripts.push(script)
  }
  // Several `-e` are one script of several lines: `-e 'a\' -e 'text'`.
  const text = scripts.map((script) => script.value).join('\n')
  for (const script of scripts) call.code(script)
  for (const { risk, why } of judgeSedScript(text))
    call.note(risk, why, scripts[0] ?? call.word, scripts.at(-1))
  call.note('read', 'prints its input, edited', call.word, call.args.at(-1))
}

/** `-i.bak` is `-i` with a suffix, whatever letters that has. */
function withoutSuffix(args: Argument[]): Argument[] {
  return args.map((arg) => {
    const match = /^(-[nErsuz]*i).+$/s.exec(arg.value)
    return match === null ? arg : { ...arg, value: match[1] ?? '' }
  })
}

export interface ScriptFinding {
  risk: 'change' | 'destructive'
  why: string
}

/**
 * Reads a sed script as sed does; whatever it cannot follow counts as destructive. Old versions of sed end a pattern
 * at a delimiter inside `[…]`, new ones do not: a script that both can read has the findings of both.
 */
export function judgeSedScript(script: string): ScriptFinding[] {
  const found = readScript(script, true)
  const old = readScript(script, false)
  return old.some((finding) => finding.why === LOST) ? found : [...found, ...old]
}

const LOST = 'a sed script that cannot be followed'

function readScript(script: string, brackets: boolean): ScriptFinding[] {
  const reader: Reader = { text: script, at: 0, brackets }
  const found: ScriptFinding[] = []
  let depth = 0
  while (reader.at < script.length) {
    skip(reader, /[\s;]/)
    if (reader.at >= script.length) break
    if (!skipAddresses(reader)) return [...found, lost()]
    const command = script[reader.at++] ?? ''
    switch (command) {
      case '{':
        depth++
        break
      case '}':
        depth--
        break
      case '#':
        skip(reader, /[^\n]/)
        break
      case 's':
        if (!readSubstitution(reader, found)) return [...found, lost()]
        break
      case 'y':
        if (readDelimited(reader, 2, false) === null) return [...found, lost()]
        break
      case 'a':
      case 'i':
      case 'c':
        skipText(reader)
        break
      case 'w':
      case 'W':
        noteFile(readLine(reader), found)
        break
      case 'r':
      case 'R':
        readLine(reader)
        break
      case 'e':
        readLine(reader)
        found.push({ risk: 'destructive', why: 'the sed command e runs a program' })
        break
      case ':':
      case 'b':
      case 't':
      case 'T':
        skip(reader, /[^\n;}]/)
        break
      case 'q':
      case 'Q':
      case 'l':
      case 'L':
        skip(reader, /[ \t\d]/)
        break
      case 'v':
        skip(reader, /[^\n;]/)
        break
      default:
        if (!/[dDgGhHnNpPxzF=]/.test(command)) return [...found, lost()]
    }
    if (depth < 0) return [...found, lost()]
  }
  return depth === 0 ? found : [...found, lost()]
}

interface Reader {
  text: string
  at: number
  brackets: boolean
}

function lost(): ScriptFinding {
  return { risk: 'destructive', why: LOST }
}

function skip(reader: Reader, pattern: RegExp): void {
  while (reader.at < reader.text.length && pattern.test(reader.text[reader.at] ?? '')) reader.at++
}

/** `1`, `$`, `/re/I`, `\,re,`, `first~step`, `1,+3`, followed by `!`. */
function skipAddresses(reader: Reader): boolean {
  for (;;) {
    const char = reader.text[reader.at] ?? ''
    if (/[\d$~+]/.test(char) || char === UNKNOWN) reader.at++
    else if (char === '/' || char === '\\') {
      if (char === '\\') reader.at++
      if (readDelimited(reader, 1) === null) return false
      skip(reader, /[IM]/)
    } else break
    skip(reader, /[\d~+$]/)
    skip(reader, /\s/)
    if (reader.text[reader.at] !== ',') break
    reader.at++
    skip(reader, /\s/)
  }
  skip(reader, /[\s!]/)
  return true
}

/** Reads `count` parts, each closed by the character at which the reader stands. */
function readDelimited(reader: Reader, count: number, pattern = true): string[] | null {
  const delimiter = reader.text[reader.at++]
  if (delimiter === undefined || delimiter === '\n' || delimiter === '\\' || delimiter === UNKNOWN)
    return null
  const parts: string[] = []
  for (let part = 0; part < count; part++) {
    let text = ''
    for (;;) {
      const char = reader.text[reader.at++]
      if (char === undefined) return null
      if (char === '\\') text += char + (reader.text[reader.at++] ?? '')
      else if (char === delimiter) break
      else if (char === '[' && part === 0 && reader.brackets && pattern) {
        const [rest = ''] =
          /^\^?\]?(?:\[:\w+:\]|[^\]\n])*\]/.exec(reader.text.slice(reader.at, reader.at + 1_000)) ?? []
        text += char + rest
        reader.at += rest.length
      } else text += char
    }
    parts.push(text)
  }
  return parts
}

function readSubstitution(reader: Reader, found: ScriptFinding[]): boolean {
  if (readDelimited(reader, 2) === null) return false
  for (;;) {
    const flag = reader.text[reader.at] ?? ''
    if (flag === 'w') {
      reader.at++
      noteFile(readLine(reader), found)
      return true
    }
    if (flag === 'e' || flag === UNKNOWN) {
      found.push({ risk: 'destructive', why: 'the flag e of s runs the result as a command' })
    } else if (!/[gpiImM\d]/.test(flag)) break
    reader.at++
  }
  skip(reader, /[ \t]/)
  return reader.at >= reader.text.length || /[;\n}#]/.test(reader.text[reader.at] ?? '')
}

function readLine(reader: Reader): string {
  const start = reader.at
  skip(reader, /[^\n]/)
  return reader.text.slice(start, reader.at).trim()
}

/** `a text`, or `a\` and lines that end in a backslash while more follow. */
function skipText(reader: Reader): void {
  for (;;) {
    const line = readLine(reader)
    if (!line.endsWith('\\') || reader.at >= reader.text.length) return
    reader.at++
  }
}

function noteFile(name: string, found: ScriptFinding[]): void {
  if (!/^\/dev\/(?:stdout|stderr|null)$/.test(name))
    found.push({ risk: 'change', why: 'the sed command w writes a file' })
}
