/** The YAML between `---` lines at the head of a page. */
import { parseDocument } from 'yaml'
import { camelKey } from './labels.ts'
import type { ReadNote } from './model.ts'

const MAX_LINES = 500

export interface FrontMatter {
  values: Record<string, unknown>
  /** Line of each top-level key. */
  lineOf: Record<string, number>
  /** 0-based line where Markdown starts. */
  firstLine: number
}

export function readFrontMatter(lines: string[], notes: ReadNote[]): FrontMatter {
  if (/^\+\+\+\s*$/.test(lines[0] ?? '')) return readToml(lines)
  const none: FrontMatter = { values: {}, lineOf: {}, firstLine: 0 }
  if (!/^---\s*$/.test(lines[0] ?? '')) return none
  const end = lines
    .slice(0, MAX_LINES)
    .findIndex((line, index) => index > 0 && /^(?:---|\.\.\.)\s*$/.test(line))
  if (end === -1) {
    // A page may start with a thematic break; only something that looks like a key makes it broken front matter.
    if (/^[A-Za-z_][\w-]*\s*:/.test(lines[1] ?? ''))
      notes.push(broken('The front matter has no closing ---', 1))
    return none
  }
  const text = lines.slice(1, end).join('\n')
  const document = parseDocument(text, { logLevel: 'silent', prettyErrors: false, uniqueKeys: false })
  const error = document.errors[0]
  if (error !== undefined) {
    const line = 2 + (text.slice(0, error.pos[0]).match(/\n/g) ?? []).length
    notes.push(broken(`The front matter is not valid YAML: ${error.message}`, line))
    return { ...none, firstLine: end + 1 }
  }
  const values = toPlain(document)
  if (values === null) {
    if (text.trim() !== '') notes.push(broken('The front matter is not a list of keys and values', 2))
    return { ...none, firstLine: end + 1 }
  }
  const lineOf: Record<string, number> = {}
  for (const [index, line] of lines.slice(1, end).entries()) {
    const key = /^["']?([A-Za-z_][\w .-]*?)["']?\s*:/.exec(line)?.[1]
    if (key !== undefined) lineOf[key] ??= index + 2
  }
  return { values, lineOf, firstLine: end + 1 }
}

/** Hugo's other form; only its plain `key = value` lines are read. */
function readToml(lines: string[]): FrontMatter {
  const end = lines.slice(0, MAX_LINES).findIndex((line, index) => index > 0 && /^\+\+\+\s*$/.test(line))
  const found: FrontMatter = { values: {}, lineOf: {}, firstLine: end + 1 }
  for (const [index, line] of lines.slice(1, Math.max(1, end)).entries()) {
    const match =
      /^([A-Za-z_][\w-]{0,63})\s*=\s*(?:"([^"]*)"|'([^']*)'|\[([^\]]*)\]|([^"'[\]{}\s]+))\s*$/.exec(line)
    if (match === null) continue
    const [, key = '', double, single, list, bare] = match
    const items = list?.split(',').map((item) => item.trim().replace(/^["']|["']$/g, ''))
    found.values[key] = items ?? double ?? single ?? bare
    found.lineOf[key] = index + 2
  }
  return found
}

function toPlain(document: ReturnType<typeof parseDocument>): Record<string, unknown> | null {
  try {
    const value: unknown = document.toJS({ maxAliasCount: 50 })
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null
  } catch {
    return null
  }
}

const broken = (message: string, line: number): ReadNote => ({
  kind: 'front-matter',
  message,
  line,
  column: 1,
})

/** Scalars and lists of scalars as text, under camelCase keys. */
export function frontMatterMetadata(values: Record<string, unknown>): Record<string, string> {
  const out: Record<string, string> = {}
  for (const [key, value] of Object.entries(values)) {
    const text = Array.isArray(value)
      ? value
          .map(scalarText)
          .filter((each) => each !== null)
          .join(', ')
      : scalarText(value)
    if (text !== null && text !== '') out[camelKey(key)] = text
  }
  return out
}

export function scalarText(value: unknown): string | null {
  if (typeof value === 'string') return value.slice(0, 2000)
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return value instanceof Date ? value.toISOString().slice(0, 10) : null
}

/** A scalar or a list of scalars as a list; anything else is empty. */
export function textList(value: unknown): string[] {
  const list: unknown[] = Array.isArray(value) ? value : [value]
  return list
    .flatMap((each) => {
      const text = scalarText(each)
      return text === null ? [] : text.split(/\s*,\s*/)
    })
    .filter((text) => text !== '')
}
