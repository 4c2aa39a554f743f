/** Inline Markdown, read only as far as the model needs it. Every scan here is linear in its text. */
import type { TextLine } from './markdown.ts'

export interface CodeSpan {
  text: string
  /** The words on its line before it. */
  before: string
  line: number
  column: number
}

/** The code spans of a paragraph; one that runs over a line end is skipped, no command is written so. */
export function codeSpans(lines: TextLine[]): CodeSpan[] {
  return lines.flatMap((line) =>
    spansOf(line.text).map((span) => {
      const inner = line.text.slice(span.start, span.end)
      const lead = /^\s*(?:\$\s+)?/.exec(inner)?.[0].length ?? 0
      return {
        text: inner.slice(lead).trim(),
        before: line.text.slice(Math.max(0, span.open - 60), span.open),
        line: line.line,
        column: line.column + span.start + lead,
      }
    }),
  )
}

/** Code spans as offsets of their content: a run of backticks up to the next run of the same length. */
function spansOf(text: string): { start: number; end: number; open: number; close: number }[] {
  if (!text.includes('`')) return []
  const runs = [...text.matchAll(/`+/g)].map((match) => ({ at: match.index, length: match[0].length }))
  const nextOf = new Map<number, number>()
  const next: (number | undefined)[] = []
  for (let index = runs.length - 1; index >= 0; index -= 1) {
    const length = runs[index]?.length ?? 0
    next[index] = nextOf.get(length)
    nextOf.set(length, index)
  }
  const out: { start: number; end: number; open: number; close: number }[] = []
  for (let index = 0; index < runs.length; index += 1) {
    const open = runs[index]
    const closing = next[index]
    const close = closing === undefined ? undefined : runs[closing]
    if (open === undefined || closing === undefined || close === undefined) continue
    out.push({ open: open.at, start: open.at + open.length, end: close.at, close: close.at + close.length })
    index = closing
  }
  return out
}

/** HTML comments and template tags, cut in one pass; one that is never closed stays. */
export const withoutComments = (text: string): string =>
  cutBetween(cutBetween(text, '<!--', '-->'), '<%', '%>')

function cutBetween(text: string, open: string, close: string): string {
  let at = text.indexOf(open)
  if (at === -1) return text
  let out = ''
  let from = 0
  while (at !== -1) {
    const end = text.indexOf(close, at + open.length)
    if (end === -1) break
    out += text.slice(from, at)
    from = end + close.length
    at = text.indexOf(open, from)
  }
  return out + text.slice(from)
}

/** Titles, facts and labels are read from this much of a text; no page means more. */
const MAX_READ = 4000

/** Links around code: the code's backticks must not hide the link. */
const CODE_LINK = /\[(`[^`[\]]{1,400}`)\]\([^()\s]{0,2000}\)/g

/** What a reader sees: no emphasis marks, links as their text, comments and template tags gone. */
export function plainText(whole: string): string {
  const text = (whole.length > MAX_READ ? whole.slice(0, MAX_READ) : whole).replace(CODE_LINK, '$1')
  const spans = spansOf(text)
  let out = ''
  let at = 0
  for (const span of spans) {
    out += plainOutsideCode(text.slice(at, span.open)) + text.slice(span.start, span.end).trim()
    at = span.close
  }
  return (out + plainOutsideCode(text.slice(at))).replace(/\s+/g, ' ').trim()
}

function plainOutsideCode(text: string): string {
  // most text has no mark at all
  if (!/[<{[*_\\]/.test(text)) return text
  return withoutComments(text)
    .replace(/\{\{[<%][^<>%{}]{0,400}[>%]\}\}|\{%[^%{}]{0,400}%\}/g, '')
    .replace(/!?\[([^[\]]{0,400})\]\([^()\s]{0,2000}(?:\s+"[^"]{0,400}")?\)/g, '$1')
    .replace(/!?\[([^[\]]{1,400})\]\[[^[\]]{0,400}\]/g, '$1')
    .replace(/<(https?:\/\/[^<>\s]{1,2000})>/g, '$1')
    .replace(
      /<\/?(?:details|summary|br|p|b|i|em|strong|code|sub|sup|a|div|span|img|kbd)\b[^<>]{0,400}>/gi,
      '',
    )
    .replace(/\*\*|__|(?<![\w*])[*_](?=\S)|(?<=\S)[*_](?![\w*])/g, '')
    .replace(/\\([\\`*_{}[\]()#+.!<>|~-])/g, '$1')
}

export interface Label {
  key: string
  /** Inline source after the colon. */
  value: string
  /** Offset of `value` in the line. */
  valueStart: number
}

const LABEL = /^(?:[-*+]\s+)?(\*\*|__|\*|_)([^*_\n]{1,80}?)\s*(:?)\1\s*(:?)(?:\s+|$)/

/** `**Key:** value`, also `**Key**: value` and `*Key*: value`. */
export function labelOf(text: string): Label | null {
  const match = LABEL.exec(text)
  const key = match?.[2]?.trim()
  if (match === null || key === undefined || (match[3] === '' && match[4] === '')) return null
  return { key: plainText(key), value: text.slice(match[0].length).trim(), valueStart: match[0].length }
}

/** The text of a line that is bold from end to end, as people write headings. A colon may follow. */
export function boldOnly(text: string): string | null {
  const match = /^(\*\*|__)(?=\S)(.{1,160}?)\1\s*:?\s*$/.exec(text.trim())
  const inner = match?.[2]
  if (inner === undefined || inner.includes('**')) return null
  return inner.trim().replace(/:$/, '').trim()
}

export interface Link {
  name: string
  url: string
}

const LINK = /!?\[([^[\]]{0,400})\]\(\s*<?([^()\s<>]{1,2000})>?(?:\s+"[^"]{0,400}")?\s*\)/g
const BARE_URL = /https?:\/\/[^\s<>()|"'`\]]{3,2000}/g

/** Links and bare URLs in order; a bare URL is its own name. */
export function linksOf(text: string): Link[] {
  const named = [...text.matchAll(LINK)]
    .filter((match) => !match[0].startsWith('!'))
    .map((match) => ({ name: plainText(match[1] ?? ''), url: match[2] ?? '' }))
  const rest = text.replace(LINK, ' ')
  const bare = [...rest.matchAll(BARE_URL)].map((match) => match[0].replace(/[.,;:]+$/, ''))
  return [...named, ...bare.map((url) => ({ name: url, url }))]
}

/** The first sentence of a text, without its end mark, at most `limit` characters. */
export function firstSentence(text: string, limit = 100): string {
  const plain = plainText(text)
  const end = /(?<!\b(?:e\.g|i\.e|etc|vs|approx|incl|cf))[.!?](?=\s|$)|:(?=\s*$)|:(?=\s+[A-Z`])/.exec(plain)
  const sentence = end === null || end.index < 4 ? plain.replace(/[.:]$/, '') : plain.slice(0, end.index)
  return shorten(sentence, limit)
}

const TO_RUN =
  /^to (.{4,}?),?\s+(?:(?:please|simply|you (?:can|need to|have to|must|should))\s+)?(?:run|use|execute|issue|do|try|enter)\b.{0,60}$/i

/**
 * What an introduction says a block is for: the last sentence before a colon, "To list the pods, run the
 * following command" as "List the pods".
 */
export function introTitle(text: string, limit = 100): string {
  const plain = plainText(text)
  const sentences = plain.split(/(?<=[^.][.!?])\s+(?=[A-Z"'`])/)
  const last =
    sentences.length > 1 && plain.endsWith(':') ? (sentences[sentences.length - 1] ?? plain) : plain
  const sentence = firstSentence(last, 400)
  const to = TO_RUN.exec(sentence)?.[1]
  return shorten(to === undefined ? sentence : to.charAt(0).toUpperCase() + to.slice(1), limit).replace(
    /[,;]$/,
    '',
  )
}

export function shorten(text: string, limit: number): string {
  if (text.length <= limit) return text
  const cut = text.slice(0, limit - 1)
  const space = cut.lastIndexOf(' ')
  return `${(space > limit / 2 ? cut.slice(0, space) : cut).replace(/[\s,;:]+$/, '')}…`
}
