import type { LiteralFinder } from './redact-literals.ts'
import type { SecretPattern } from './redact-pattern.ts'
import { SECRET_PATTERNS } from './redact-patterns.ts'

export const REDACTED = '[redacted]'

/** What was let through already and may lead to a secret that comes next: `password=`, `"name": "DB_PASSWORD"`. */
const CONTEXT = 2_048
/** The longest run without white space that is held back whole. Every pattern is recognised within half of it. */
const HELD_TOKEN = 8_192
/** Of a pattern for one value. */
const LONGEST_LEAD = 600
/** A secret that grows beyond this is blanked at once, and what follows is swallowed while it goes on. */
const HELD_SECRET = 65_536

const OPENING = SECRET_PATTERNS.flatMap(({ open, goesOn }) => (open === undefined ? [] : [{ open, goesOn }]))

interface Span {
  start: number
  end: number
  goesOn: RegExp | null
}

export interface TextStream {
  push(text: string): string
  end(): string
}

/** Redacts latin1 text that arrives in pieces; a secret is found wherever the pieces are cut. */
export function createTextStream(literals: LiteralFinder): TextStream {
  let context = ''
  let pending = ''
  let swallowing: RegExp | null = null

  const emit = (cut: number, spans: readonly Span[]): string => {
    const shown = blank(pending.slice(0, cut), spans, context.length)
    context = (context + pending.slice(0, cut)).slice(-CONTEXT)
    pending = pending.slice(cut)
    return shown
  }

  const swallow = (text: string): string => {
    if (swallowing === null) return text
    const swallowed = swallowing.exec(text)?.[0].length ?? 0
    if (swallowed < text.length) swallowing = null
    return text.slice(swallowed)
  }

  return {
    push(text) {
      pending += swallow(text)
      if (pending === '') return ''
      const all = context + pending
      const spans = findSpans(all, literals)
      const open = openBlock(all)
      const cut = cutAt(context, pending, open === null ? spans : [...spans, open], literals)
      if (pending.length - cut <= HELD_SECRET) return emit(cut, spans)
      if (open !== null) spans.push(open)
      swallowing = open?.goesOn ?? spans.find((span) => span.end === all.length)?.goesOn ?? null
      return emit(pending.length, spans)
    },
    end() {
      const shown = emit(pending.length, findSpans(context + pending, literals))
      context = ''
      swallowing = null
      return shown
    },
  }
}

/** All secrets in `text`, ordered, merged where they touch. */
export function findSpans(text: string, literals: LiteralFinder): Span[] {
  const found: Span[] = []
  const hints = new Map<RegExp, boolean>()
  for (const pattern of SECRET_PATTERNS) {
    const { hint } = pattern
    if (hint !== undefined && !hints.has(hint)) hints.set(hint, hint.test(text))
    if (hint === undefined || hints.get(hint) === true) collect(text, pattern, found)
  }
  if (literals.regex !== null) collect(text, { regex: literals.regex }, found)
  found.sort((a, b) => a.start - b.start || b.end - a.end)
  const merged: Span[] = []
  for (const span of found) {
    const last = merged.at(-1)
    if (last === undefined || span.start > last.end) merged.push({ ...span })
    else if (span.end > last.end) Object.assign(last, { end: span.end, goesOn: span.goesOn })
  }
  return merged
}

/** A block that may turn out to be a secret, from its beginning to the end of `text`. */
function openBlock(text: string): Span | null {
  for (const { open, goesOn } of OPENING) {
    const match = open.exec(text)
    if (match !== null) return { start: match.index, end: text.length, goesOn }
  }
  return null
}

function collect(
  text: string,
  pattern: Pick<SecretPattern, 'regex'> & Partial<SecretPattern>,
  into: Span[],
): void {
  const { regex, inner, goesOn = null } = pattern
  regex.lastIndex = 0
  for (let match = regex.exec(text); match !== null; match = regex.exec(text)) {
    const [, lead = '', secret = ''] = match
    const start = match.index + lead.length
    if (inner === undefined) into.push({ start, end: start + secret.length, goesOn })
    else into.push(...innerSpans(secret, start, inner, goesOn))
    // from inside the match: the end of what looks like a value can itself lead to another secret
    const end = start + secret.length
    regex.lastIndex = inner === undefined ? Math.max(start + 1, end - LONGEST_LEAD) : Math.max(start + 1, end)
  }
}

const innerSpans = (block: string, offset: number, inner: RegExp, goesOn: RegExp | null): Span[] =>
  [...block.matchAll(inner)].map((match) => {
    const start = offset + match.index + (match[1] ?? '').length
    return { start, end: start + (match[2] ?? '').length, goesOn }
  })

/** How much of `pending` can be shown: nothing of it may be part of a secret that is still arriving. */
function cutAt(context: string, pending: string, spans: readonly Span[], literals: LiteralFinder): number {
  let cut = lastTokenStart(pending)
  if (pending.length - cut > HELD_TOKEN) cut = pending.length - HELD_TOKEN / 2
  cut = Math.min(cut, literals.partialStart(pending))
  const end = context.length + pending.length
  for (const span of spans) {
    const crosses = span.start < context.length + cut && span.end > context.length + cut
    if (span.end === end || crosses) cut = Math.min(cut, Math.max(0, span.start - context.length))
  }
  return cut
}

function lastTokenStart(text: string): number {
  for (let index = text.length - 1; index >= 0; index -= 1) {
    const code = text.charCodeAt(index)
    if (code === 32 || (code >= 9 && code <= 13) || code === 0) return index + 1
  }
  return 0
}

/** `text` with its spans blanked; the spans count from `offset` characters before it. */
export function blank(text: string, spans: readonly Span[], offset: number): string {
  let shown = ''
  let at = 0
  for (const span of spans) {
    const start = Math.max(span.start - offset, at)
    const end = Math.min(span.end - offset, text.length)
    if (end <= start) continue
    shown += text.slice(at, start) + REDACTED
    at = end
  }
  return shown + text.slice(at)
}
