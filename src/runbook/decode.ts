import { AppError } from '../base/error.ts'
import type { ReadNote } from './model.ts'
import { repairMojibake } from './mojibake.ts'

/** The largest page that is read. The largest of 2,073 public runbooks is a tenth of this. */
export const MAX_PAGE_BYTES = 1024 * 1024
export const MAX_PAGE_LINES = 50_000
const SAMPLE_BYTES = 64 * 1024

export interface Decoded {
  /** Lines end in `\n`; no byte order mark. */
  text: string
  notes: ReadNote[]
}

/**
 * Bytes or text to text: byte order marks, line ends, invalid UTF-8 (replaced and noted) and text whose UTF-8
 * was read as Windows-1252 (repaired and noted). Throws AppError `too_large` above `MAX_PAGE_BYTES` and
 * `unsupported` for what is not text.
 */
export function decodePage(source: Uint8Array | string, path: string): Decoded {
  const size = typeof source === 'string' ? source.length : source.byteLength
  if (size > MAX_PAGE_BYTES) {
    throw tooLarge(path, size, 'bytes', MAX_PAGE_BYTES)
  }
  const notes: ReadNote[] = []
  const raw = typeof source === 'string' ? refuseBinaryText(source, path) : decodeBytes(source, path, notes)
  const unix = raw.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n')
  const before = unix.split('\n')
  if (before.length > MAX_PAGE_LINES) throw tooLarge(path, before.length, 'lines', MAX_PAGE_LINES)
  const { text, lines } = repairMojibake(unix)
  const after = text.split('\n')
  for (const line of lines) {
    const was = before[line - 1] ?? ''
    const column = firstDifference(was, after[line - 1] ?? '') + 1
    const message = 'UTF-8 text was saved as if it were Windows-1252; read as it was meant'
    notes.push({ kind: 'mojibake', message, line, column })
  }
  return { text, notes }
}

function decodeBytes(bytes: Uint8Array, path: string, notes: ReadNote[]): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes)
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder('utf-16be').decode(bytes)
  if (looksBinary(bytes.subarray(0, SAMPLE_BYTES))) throw notText(path)
  try {
    return refuseBinaryText(new TextDecoder('utf-8', { fatal: true }).decode(bytes), path)
  } catch (error) {
    if (error instanceof AppError) throw error
    const text = refuseBinaryText(new TextDecoder('utf-8').decode(bytes), path)
    const at = text.indexOf('\uFFFD')
    const head = text.slice(0, at)
    const message = 'Bytes that are not UTF-8 were replaced by \uFFFD'
    notes.push({
      kind: 'invalid-utf8',
      message,
      line: head.split(/\r\n?|\n/).length,
      column: at - Math.max(head.lastIndexOf('\n'), head.lastIndexOf('\r')),
    })
    return text
  }
}

function refuseBinaryText(text: string, path: string): string {
  if (text.includes('\0')) throw notText(path)
  return text
}

/** NUL never stands in text; other control characters do so rarely (escape sequences in pasted output). */
function looksBinary(sample: Uint8Array): boolean {
  let controls = 0
  for (const byte of sample) {
    if (byte === 0) return true
    if (byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d && byte !== 0x0c && byte !== 0x1b)
      controls += 1
  }
  return controls > 16 && controls > sample.length / 20
}

function tooLarge(path: string, size: number, unit: string, limit: number): AppError {
  return new AppError('too_large', `${path} has ${size} ${unit}; a page may have ${limit}`, {
    action: 'Split the page, or check that it is a runbook at all.',
    data: { path, size, limit },
  })
}

function notText(path: string): AppError {
  return new AppError('unsupported', `${path} is not text`, {
    action: 'Give a Markdown file in UTF-8.',
    data: { path },
  })
}

function firstDifference(a: string, b: string): number {
  let index = 0
  while (index < a.length && a[index] === b[index]) index += 1
  return index
}
