/** Finds given secret values in the forms in which commands print them: plain, base64 (inside longer text too), URL, JSON. */
export interface LiteralFinder {
  regex: RegExp | null
  /** Where a secret that is not complete yet may begin at the end of `text`; `text.length` when none can. */
  partialStart(text: string): number
}

const MINIMUM = 4
const MINIMUM_ENCODED = 6

/** Secrets shorter than 4 characters are not searched for: they would blank out ordinary text. */
export function createLiteralFinder(secrets: readonly string[]): LiteralFinder {
  const plain = new Set<string>()
  const encoded = new Set<string>()
  for (const secret of secrets.flatMap(withLines).filter((value) => value.length >= MINIMUM)) {
    for (const form of plainForms(secret)) plain.add(form)
    for (const form of base64Forms(secret)) encoded.add(form)
  }
  const forms = [...plain, ...encoded]
  if (forms.length === 0) return { regex: null, partialStart: (text) => text.length }
  const longest = Math.max(...forms.map((form) => form.length))
  const sources = [
    ...[...plain].map(escape),
    // `base64` breaks its output every 76 characters
    ...[...encoded].map((form) => form.split('').map(escape).join('(?:\\r?\\n)?')),
  ].sort((a, b) => b.length - a.length)
  return {
    regex: new RegExp(`()(${sources.join('|')})`, 'g'),
    partialStart: (text) => partialStart(text, forms, longest),
  }
}

function withLines(secret: string): string[] {
  const lines = secret.split(/\r?\n/).filter((line) => line.length >= 8)
  return lines.length > 1 ? [secret.trim(), ...lines] : [secret.trim()]
}

function plainForms(secret: string): string[] {
  const url = encodeURIComponent(secret.toWellFormed())
  const lower = url.replace(/%[0-9A-F]{2}/g, (hex) => hex.toLowerCase())
  const form = url
    .replaceAll('%20', '+')
    .replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
  const json = JSON.stringify(secret).slice(1, -1)
  return [secret, url, lower, form, json].map(bytesOf)
}

/** The secret's own base64, and the part that stays the same when 0, 1 or 2 bytes (modulo 3) come before it. */
function base64Forms(secret: string): string[] {
  const bytes = Buffer.from(secret, 'utf8')
  const inner = [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .replace(/=+$/, '')
    const whole = (before + bytes.length) % 3 === 0 ? text.length : text.length - 1
    return text.slice(before === 0 ? 0 : before + 1, whole)
  })
  const all = [bytes.toString('base64').replace(/=+$/, ''), ...inner]
  return all
    .flatMap((form) => [form, form.replaceAll('+', '-').replaceAll('/', '_')])
    .filter((form) => form.length >= MINIMUM_ENCODED)
}

const bytesOf = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')
const escape = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')

function partialStart(text: string, forms: readonly string[], longest: number): number {
  const from = Math.max(0, text.length - longest * 2 - 2)
  const positions: number[] = []
  let joined = ''
  for (let index = from; index < text.length; index += 1) {
    const character = text[index] ?? ''
    if (character === '\n' || character === '\r') continue
    positions.push(index)
    joined += character
  }
  const within = text.slice(from)
  let start = text.length
  for (const form of forms) {
    const plainAt = prefixAtEnd(within, form)
    if (plainAt !== null) start = Math.min(start, from + plainAt)
    const joinedAt = prefixAtEnd(joined, form)
    if (joinedAt !== null) start = Math.min(start, positions[joinedAt] ?? text.length)
  }
  return start
}

/** The first index from which the rest of `text` is a proper beginning of `form`. */
function prefixAtEnd(text: string, form: string): number | null {
  for (let index = Math.max(0, text.length - form.length + 1); index < text.length; index += 1) {
    if (text[index] === form[0] && form.startsWith(text.slice(index))) return index
  }
  return null
}
