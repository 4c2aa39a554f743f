import type { CommandInput, Language, PlaceholderForm } from './model.ts'

/** Stands for one character of a value that is not known yet: no shell, SQL or PromQL text contains it by itself. */
export const UNKNOWN = '\uE000'

export interface MaskedText {
  /** As long as the original; every placeholder is replaced by as many `UNKNOWN` characters. */
  text: string
  inputs: CommandInput[]
}

interface Found {
  form: PlaceholderForm
  start: number
  end: number
}

/** Nouns that make an upper-case word a placeholder rather than a constant such as `ON_ERROR_STOP`. */
const NOUNS =
  'NAME|NAMESPACE|POD|PODNAME|NODE|NODENAME|HOST|HOSTNAME|IP|ADDRESS|PORT|URL|CLUSTER|CONTAINER|DEPLOYMENT|SERVICE|' +
  'INSTANCE|REGION|ZONE|PROJECT|BUCKET|FILE|FILENAME|DIR|DIRECTORY|VERSION|REVISION|TAG|IMAGE|USER|USERNAME|' +
  'PASSWORD|TOKEN|DATABASE|DBNAME|DB|TABLE|TOPIC|QUEUE|ID|PID|UUID|DATE|TIME|TIMESTAMP|BACKUP|SNAPSHOT|VOLUME|PVC|' +
  'SECRET|CONFIGMAP|DISK|DEVICE|DOMAIN|EMAIL|COMMIT|SHA|BRANCH|ENVIRONMENT|CONTEXT|STATEFULSET|REPLICAS|ALERT|HERE'

/** Only what names a value: nothing that could be an expression between two comparisons. */
const ANGLE = /<[A-Za-z][\w .:/@#+,'-]{0,80}>/g
const AT_BRACE = /@\{[A-Za-z][\w .-]{0,60}\}/g
const BRACE = /(?<![$%#@{\\])\{[A-Za-z][\w -]{0,60}\}(?!\})/g
const SQUARE =
  /(?<![\w$\]'")*?}-])\[(?:[A-Za-z][a-z]+(?:[-_ ][A-Za-z0-9]+)+|[A-Z][a-z]{2,}|[a-z]{4,})\](?![\w*?])/g
const UPPER = new RegExp(
  `(?<![\\w$.{%<-])(?:(?:[A-Z][A-Z0-9]*[_-])+(?:${NOUNS}|PATH)|(?:${NOUNS})(?:[_-][A-Z0-9]+)*|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*_(?:${NOUNS})_[A-Z0-9_]+|CHANGEME|CHANGE_ME)(?![\\w=(.>-]|:=|\\+=)`,
  'g',
)
const XXX = /(?<![A-Za-z0-9$.%])[xX]{3,}(?![A-Za-z0-9])/g
const EXAMPLE = /(?<![\w$./@-])(?:your|my|example)[-_][A-Za-z0-9]+(?:[-_][A-Za-z0-9]+)*/g

/** A redirection that only looks like a placeholder: `sort <in.txt>out.txt`. */
const FILE_NAME = /\.(?:sql|txt|log|json|ya?ml|sh|csv|gz|tgz|tar|out|dump|conf|tmp|bak|env)$/i
const FILE_AHEAD = /^ +[\w./-]+\.(?:sql|txt|log|json|csv|gz|tgz|tar|out|dump|tmp|bak)(?:\s|$)/i
const AWK_WORDS = /^\{(?:print|next|exit|printf|getline|nextfile)\}$/
const GIT_REFERENCE = /^@\{(?:u|upstream|push)\}$/i

/** Finds what a person would fill in, and hides it from the parsers without moving anything. */
export function maskPlaceholders(text: string, language: Language): MaskedText {
  const found = findPlaceholders(text, language)
  if (found.length === 0) return { text, inputs: [] }
  const pieces: string[] = []
  let last = 0
  for (const { start, end } of found) {
    pieces.push(text.slice(last, start), UNKNOWN.repeat(end - start))
    last = end
  }
  pieces.push(text.slice(last))
  return { text: pieces.join(''), inputs: toInputs(text, found) }
}

function findPlaceholders(text: string, language: Language): Found[] {
  const taken = new Uint8Array(text.length)
  for (const match of text.matchAll(/\{\{[^{}]*\}\}/g))
    taken.fill(1, match.index, match.index + match[0].length)
  const found: Found[] = []
  const collect = (
    form: PlaceholderForm,
    pattern: RegExp,
    accept: (word: string, start: number) => boolean,
  ): void => {
    for (const match of text.matchAll(pattern)) {
      const [word] = match
      const end = match.index + word.length
      if (taken.subarray(match.index, end).includes(1) || !accept(word, match.index)) continue
      taken.fill(1, match.index, end)
      found.push({ form, start: match.index, end })
    }
  }
  collect('angle', ANGLE, (word, start) => isAngle(text, word, start, language))
  collect('at-brace', AT_BRACE, (word, start) => !GIT_REFERENCE.test(word) && text[start - 1] !== '$')
  if (language === 'promql') return found.sort((a, b) => a.start - b.start)
  const quotes = quotedSpans(text, language)
  collect('brace', BRACE, (word, start) => isBrace(text, word, start, quotes))
  collect('square', SQUARE, (_, start) => language !== 'sql' && quotes[start] === 0)
  collect('xxx', XXX, (_, start) => !/mktemp[^|;&\n]*$/.test(text.slice(Math.max(0, start - 200), start)))
  collect('upper', UPPER, (word, start) => isUpper(text, word, start, language, quotes))
  if (language === 'bash') collect('example', EXAMPLE, (_, start) => quotes[start] !== 1)
  return found.sort((a, b) => a.start - b.start)
}

function isAngle(text: string, word: string, start: number, language: Language): boolean {
  const inner = word.slice(1, -1)
  if (/\s$/.test(inner)) return false
  if (language !== 'bash') return true
  const before = text[start - 1] ?? ' '
  const rest = text.slice(start + word.length, start + word.length + 100)
  if (before === '<' || before === '>' || /^[(>&]/.test(rest)) return false
  if (!/\s/.test(before)) return true
  // `sort <in>out`, `sort <in.txt> out.txt`: files.
  return !/^[\w.]/.test(rest) && !FILE_NAME.test(inner) && !(/^\S+$/.test(inner) && FILE_AHEAD.test(rest))
}

function isBrace(text: string, word: string, start: number, quotes: Uint8Array): boolean {
  if (AWK_WORDS.test(word) || word === '{}') return false
  const before = text[start - 1] ?? ' '
  const after = text[start + word.length] ?? ' '
  // Inside quotes a brace is often a program or a pattern; beside a separator it is a value.
  if (quotes[start] !== 0) return /[/:=@.-]/.test(before) || /[/:@]/.test(after)
  return !/^\{\w+ /.test(word)
}

function isUpper(text: string, word: string, start: number, language: Language, quotes: Uint8Array): boolean {
  const before = text[start - 1] ?? ' '
  const after = text[start + word.length] ?? ' '
  if (language === 'sql') return word.includes('_') && /['"]/.test(before) && /['"]/.test(after)
  if (language !== 'bash') return false
  if (quotes[start] !== 0)
    return /[/:=@'"]/.test(before) && (/[/:@'"]/.test(after) || after === '') && word.includes('_')
  const line = text.slice(text.lastIndexOf('\n', start) + 1, start)
  if (
    /\b(?:export|unset|printenv|declare|typeset|local|readonly|read|env|getenv|echo)\s+(?:-\w+\s+)*(?:\w+\s+)*$/.test(
      line,
    )
  )
    return false
  if (/\bfor\s+$/.test(line) || /^\s*$/.test(line)) return false
  return true
}

/** 0 outside quotes, 1 inside single, 2 inside double quotes. A rough reading, good enough to choose placeholders. */
function quotedSpans(text: string, language: Language): Uint8Array {
  const spans = new Uint8Array(text.length + 1)
  if (language !== 'bash') return spans
  let state = 0
  for (let index = 0; index < text.length; index++) {
    const char = text[index]
    if (state === 0 && char === '\\') {
      index++
      continue
    }
    if (state === 2 && char === '\\') spans[index++] = 2
    else if (state === 0 && char === "'") state = 1
    else if (state === 0 && char === '"') state = 2
    else if (state === 1 && char === "'") state = 0
    else if (state === 2 && char === '"') state = 0
    else if (state === 0 && char === '#' && /\s/.test(text[index - 1] ?? '\n')) {
      while (index + 1 < text.length && text[index + 1] !== '\n') index++
    }
    spans[index] = state
  }
  return spans
}

function toInputs(text: string, found: Found[]): CommandInput[] {
  const inputs = new Map<string, CommandInput>()
  for (const { form, start, end } of found) {
    const word = text.slice(start, end)
    addPlace(
      inputs,
      inputName(form === 'xxx' ? enclosingWord(text, start, end) : word),
      form,
      word,
      start,
      end,
    )
  }
  return [...inputs.values()]
}

/** Adds a place to the input of that name, making the input at its first place. */
export function addPlace(
  inputs: Map<string, CommandInput>,
  name: string,
  form: PlaceholderForm,
  text: string,
  start: number,
  end: number,
): void {
  const known = inputs.get(name)
  if (known === undefined) inputs.set(name, { name, form, text, places: [{ start, end }] })
  else known.places.push({ start, end })
}

/** `<pod-name>` and `POD_NAME` name the same value. */
export function inputName(placeholder: string): string {
  const words = placeholder
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .toUpperCase()
  return /^[A-Z]/.test(words) ? words.slice(0, 64) : `VALUE_${words}`.slice(0, 64)
}

function enclosingWord(text: string, start: number, end: number): string {
  const before = /[\w-]*$/.exec(text.slice(Math.max(0, start - 60), start))?.[0] ?? ''
  const after = /^[\w-]*/.exec(text.slice(end, end + 60))?.[0] ?? ''
  return `${before.replace(/^-+/, '')}${text.slice(start, end)}${after}`
}
