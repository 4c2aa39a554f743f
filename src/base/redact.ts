import { createLiteralFinder } from './redact-literals.ts'
import { SECRET_KEY } from './redact-patterns.ts'
import { blank, createTextStream, findSpans, REDACTED } from './redact-stream.ts'

export interface ByteStream {
  push(chunk: Buffer): Buffer
  end(): Buffer
}

export interface Redactor {
  text(value: string): string
  /** A copy with every string redacted and every member with a secret's name blanked. Errors become plain objects. */
  value(value: unknown): unknown
  /** For output that arrives in pieces. Bytes that are not UTF-8 pass unchanged. Holds back at most 64 KiB. */
  stream(): ByteStream
  /** One that also knows the secrets among these variables: by their names, and passwords in addresses. */
  knowing(variables: Readonly<Record<string, string>>): Redactor
}

/**
 * Blanks out secrets: those that have a known form, and the values given, plain, URL-encoded and in base64.
 * It does not know a secret that has no form and was not given.
 */
export function createRedactor(options: { secrets?: readonly string[] } = {}): Redactor {
  const secrets = options.secrets ?? []
  const literals = createLiteralFinder(secrets)
  const text = (value: string): string => {
    const bytes = Buffer.from(value, 'utf8').toString('latin1')
    const spans = findSpans(bytes, literals)
    return spans.length === 0 ? value : Buffer.from(blank(bytes, spans, 0), 'latin1').toString('utf8')
  }
  return {
    text,
    value: (value) => redactValue(value, text, 0, new Set()),
    knowing(variables) {
      const more = secretsAmong(variables)
      return more.length === 0 ? this : createRedactor({ secrets: [...secrets, ...more] })
    },
    stream: () => {
      const inner = createTextStream(literals)
      return {
        push: (chunk) => Buffer.from(inner.push(chunk.toString('latin1')), 'latin1'),
        end: () => Buffer.from(inner.end(), 'latin1'),
      }
    },
  }
}

const PASSWORD_IN_ADDRESS = /:\/\/[^/:@\s]*:([^@\s]+)@/

function secretsAmong(variables: Readonly<Record<string, string>>): string[] {
  return Object.entries(variables).flatMap(([name, value]) => {
    const password = PASSWORD_IN_ADDRESS.exec(value)?.[1]
    const found = password === undefined ? [] : [password, decoded(password)]
    // the path of a file with a secret is none
    return SECRET_KEY.test(name) && !value.startsWith('/') ? [...found, value] : found
  })
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const DEEPEST = 12

function redactValue(
  value: unknown,
  text: (value: string) => string,
  depth: number,
  above: Set<object>,
): unknown {
  if (typeof value === 'string') return text(value)
  if (typeof value === 'bigint') return String(value)
  if (value === null || typeof value !== 'object') return typeof value === 'function' ? undefined : value
  if (value instanceof Date) return value
  if (ArrayBuffer.isView(value)) return `(${value.byteLength} bytes)`
  if (above.has(value)) return '(circular)'
  if (depth >= DEEPEST) return '(too deep)'
  const inside = new Set(above).add(value)
  const next = (member: unknown): unknown => redactValue(member, text, depth + 1, inside)
  if (Array.isArray(value)) return value.map(next)
  if (value instanceof Set) return [...value].map(next)
  const entries: [string, unknown][] =
    value instanceof Map
      ? [...value].map(([key, member]) => [String(key), member])
      : value instanceof Error
        ? errorEntries(value)
        : Object.entries(value)
  return Object.fromEntries(
    entries.map(([key, member]) => [key, isSecret(key, member) ? REDACTED : next(member)]),
  )
}

const isSecret = (key: string, member: unknown): boolean =>
  SECRET_KEY.test(key) && member !== null && member !== undefined && typeof member !== 'boolean'

function errorEntries(error: Error): [string, unknown][] {
  const own = Object.entries(error).filter(([key]) => key !== 'name')
  const cause: [string, unknown][] = error.cause === undefined ? [] : [['cause', error.cause]]
  return [['type', error.name], ['message', error.message], ['stack', error.stack], ...own, ...cause]
}
