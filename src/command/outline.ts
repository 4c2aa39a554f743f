/**
 * The simple commands of a shell text with what surrounds them: pipes, redirections, the program they are run
 * through. It judges nothing; lint asks it questions of form.
 */
import { parseKubectl } from './kubectl/index.ts'
import { maskPlaceholders, UNKNOWN } from './placeholders.ts'
import { forEachChild, parseShell } from './shell/parse.ts'
import type { Command, Pipeline, Redirection, SyntaxNode, Word } from './shell/parse.ts'

export interface OutlineWord {
  /** After quote removal; `null` when it is not known before it runs. */
  text: string | null
  /** UTF-16 offsets in the text as it was given; those of the outer word for words of a quoted script. */
  start: number
  end: number
  /** An unquoted `*` or `?` that the shell expands. */
  glob: boolean
}

export interface OutlineRedirect {
  operator: string
  /** `null` for here-documents and what is not known. */
  target: string | null
  start: number
}

export interface OutlineCommand {
  /** The program first. */
  words: OutlineWord[]
  /** Its own and, for what runs inside, those of the command around it. */
  redirects: OutlineRedirect[]
  /** Place in its pipeline and the length of that. */
  pipeIndex: number
  pipeLength: number
  /** Commands after it in the pipeline, as programs. */
  pipedInto: OutlineWord[][]
  /** Its output is taken by `$(…)`, backticks or a process substitution. */
  captured: boolean
  /** Outermost first: `['watch', 'kubectl exec']`. */
  through: string[]
  start: number
  end: number
}

export interface ShellOutline {
  commands: OutlineCommand[]
  /** Why the text is no shell, else `null`. */
  error: string | null
}

interface Around {
  captured: boolean
  through: string[]
  redirects: OutlineRedirect[]
  pipeIndex: number
  pipeLength: number
  pipedInto: OutlineWord[][]
  /** Offsets of the outer word, for a script inside quotes. */
  fixed: { start: number; end: number } | null
}

const ALONE: Around = {
  captured: false, through: [], redirects: [], pipeIndex: 0, pipeLength: 1, pipedInto: [], fixed: null,
} // prettier-ignore
const MAX_DEPTH = 6

/** Never throws. Placeholders count as words that are not known yet. */
export function outlineShell(text: string): ShellOutline {
  const parsed = parseShell(maskPlaceholders(text, 'bash').text)
  if (parsed.script === undefined) return { commands: [], error: parsed.error }
  const commands: OutlineCommand[] = []
  walk(parsed.script, ALONE, commands)
  return { commands, error: null }
}

function walk(node: SyntaxNode, around: Around, out: OutlineCommand[]): void {
  if (node.type === 'Pipeline') {
    walkPipeline(node, around, out)
    return
  }
  if (node.type === 'Command') walkCommand(node, around, out)
  if (node.type === 'Redirected') {
    const redirects = [...around.redirects, ...node.redirects.map((one) => redirectOf(one, around))]
    walk(node.command, { ...around, redirects }, out)
    return
  }
  const substitution = node.type === 'CommandExpansion' || node.type === 'ProcessSubstitution'
  const inner = substitution
    ? { ...ALONE, captured: true, through: around.through, fixed: around.fixed }
    : around
  const nested =
    node.type === 'Command'
      ? { ...ALONE, captured: around.captured, through: around.through, fixed: around.fixed }
      : inner
  forEachChild(node, (child) => walk(child, nested, out))
}

function walkPipeline(node: Pipeline, around: Around, out: OutlineCommand[]): void {
  const programs = node.commands.map((one) => (one.type === 'Command' ? wordsOf(one, around) : []))
  node.commands.forEach((command, at) => {
    const length = Math.max(node.commands.length, around.pipeLength)
    const pipedInto = [...programs.slice(at + 1), ...around.pipedInto]
    walk(command, { ...around, pipeIndex: at + around.pipeIndex, pipeLength: length, pipedInto }, out)
  })
}

function walkCommand(node: Command, around: Around, out: OutlineCommand[]): void {
  const words = wordsOf(node, around)
  if (words.length === 0) return
  const redirects = [...node.redirects.map((one) => redirectOf(one, around)), ...around.redirects]
  const { start, end } = around.fixed ?? { start: node.pos, end: node.end }
  addCommand({ ...around, words, redirects, start, end }, out)
}

function addCommand(command: OutlineCommand & Around, out: OutlineCommand[]): void {
  const { fixed: _fixed, ...plain } = command
  out.push(plain)
  if (command.through.length >= MAX_DEPTH) return
  const inner = innerOf(command.words)
  if (inner === null) return
  const through = [...command.through, inner.name]
  if (inner.words !== null) {
    if (inner.words.length > 0) addCommand({ ...command, words: inner.words, through }, out)
    return
  }
  const { script } = inner
  if (script.text === null) return
  const parsed = parseShell(script.text)
  if (parsed.script === undefined) return
  const around: Around = { ...command, through, fixed: { start: script.start, end: script.end } }
  walk(parsed.script, around, out)
}

type Inner =
  | { name: string; words: OutlineWord[]; script?: undefined }
  | { name: string; words: null; script: OutlineWord }

const SHELLS = new Set(['sh', 'bash', 'ash', 'dash', 'zsh', '/bin/sh', '/bin/bash', '/bin/ash'])
/** Wrappers whose command follows their own options, with the options that take a value. */
const WRAPPERS: Record<string, RegExp> = {
  sudo: /^-[ugpChrt]$/, doas: /^-[uC]$/, time: /^-[fo]$/, nohup: /^$/, env: /^-[uCS]$/, nice: /^-n$/, stdbuf: /^-[ioe]$/,
  command: /^$/, exec: /^-a$/, timeout: /^-[ks]$/, watch: /^-[nq]$/, xargs: /^-[adEIiLlnPs]$/,
} // prettier-ignore

/** The command that this one runs: `sudo`, `watch`, `bash -c`, `kubectl exec … --`. */
function innerOf(words: OutlineWord[]): Inner | null {
  const [program, ...rest] = words
  const name = program?.text ?? ''
  if (name === 'kubectl') return execOf(words)
  if (SHELLS.has(name)) {
    const flag = rest.findIndex((word) => word.text !== null && /^-[a-z]*c$/.test(word.text))
    const script = flag === -1 ? undefined : rest[flag + 1]
    return script === undefined ? null : { name, words: null, script }
  }
  const takesValue = WRAPPERS[name]
  if (takesValue === undefined) return null
  const left = [...rest]
  while (left.length > 0) {
    const text = left[0]?.text ?? null
    if (text === null) break
    if (!text.startsWith('-') && !(name === 'env' && /^\w+=/.test(text))) break
    left.shift()
    if (text === '--') break
    if (takesValue.test(text)) left.shift()
  }
  if (name === 'timeout') left.shift()
  const [only] = left
  if (only === undefined) return null
  if (name === 'watch' && left.length === 1) return { name, words: null, script: only }
  return { name, words: left }
}

function execOf(words: OutlineWord[]): Inner | null {
  const command = parseKubectl(words.map((word) => word.text))
  if (command.verb !== 'exec' && command.verb !== 'debug' && command.verb !== 'run') return null
  const dash = words.findIndex((word) => word.text === '--')
  return dash === -1 ? null : { name: `kubectl ${command.verb}`, words: words.slice(dash + 1) }
}

function wordsOf(node: Command, around: Around): OutlineWord[] {
  const words = [node.name, ...node.args].filter((word) => word !== undefined)
  return words.map((word) => {
    const place = around.fixed ?? { start: word.pos, end: word.end }
    if (word.type !== 'Word') {
      const text = word.value.type === 'Word' && isKnown(word.value) ? word.text : null
      return { text, ...place, glob: false }
    }
    return { text: isKnown(word) ? word.value : null, ...place, glob: hasGlob(word) }
  })
}

function redirectOf(redirect: Redirection, around: Around): OutlineRedirect {
  const word = redirect.type === 'HereDoc' ? undefined : redirect.target
  const target = word !== undefined && isKnown(word) ? word.value : null
  return { operator: redirect.operator, target, start: around.fixed?.start ?? redirect.pos }
}

const OPEN = new Set([
  'SimpleExpansion', 'ParameterExpansion', 'CommandExpansion', 'ArithmeticExpansion', 'ProcessSubstitution',
  'BraceExpansion',
]) // prettier-ignore

function isKnown(word: Word): boolean {
  if (word.value.includes(UNKNOWN)) return false
  return !(word.parts ?? []).some(
    (part) =>
      OPEN.has(part.type) || (part.type === 'DoubleQuoted' && part.parts.some((one) => OPEN.has(one.type))),
  )
}

const hasGlob = (word: Word): boolean =>
  (word.parts ?? []).some((part) => part.type === 'Glob' && part.kind !== 'bracket')
