/**
 * Text whose UTF-8 was once read as Windows-1252 (`â†’` for `→`). Every character is turned back into its
 * byte and the bytes are read as UTF-8. A line is repaired only when all of it can be read so; nothing is guessed.
 */

/** Windows-1252 0x80..0x9F as the WHATWG encoding standard maps them; the five holes stay C1 controls. */
const HIGH =
  '\u20ac\u0081\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u008d\u017d\u008f' +
  '\u0090\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u009d\u017e\u0178'
const BYTE_OF = new Map(HIGH.split('').map((character, index) => [character, 0x80 + index]))
const NON_ASCII = /[^\0-\x7f]/
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export interface Repair {
  text: string
  /** 1-based lines that were repaired. */
  lines: number[]
}

export function repairMojibake(text: string): Repair {
  if (!NON_ASCII.test(text)) return { text, lines: [] }
  const lines = text.split('\n')
  const repaired = lines.map((line) => (NON_ASCII.test(line) ? repairLine(line) : null))
  const certain = repaired.some((candidate) => candidate?.certain === true)
  const changed: number[] = []
  const out = lines.map((line, index) => {
    const candidate = repaired[index]
    if (candidate === null || candidate === undefined || !(candidate.certain || certain)) return line
    changed.push(index + 1)
    return candidate.text
  })
  return { text: changed.length === 0 ? text : out.join('\n'), lines: changed }
}

/**
 * `certain` is false when only two-byte sequences outside Latin-1 were found: `É»` can be meant as it
 * stands, so such a line is repaired only in a page that shows a certain one.
 */
function repairLine(line: string): { text: string; certain: boolean } | null {
  let current = line
  let certain = false
  for (let pass = 0; pass < 3 && NON_ASCII.test(current); pass += 1) {
    const bytes = toWindows1252(current)
    const decoded = bytes === null ? null : decodeStrict(bytes)
    if (bytes === null || decoded === null) break
    certain ||= bytes.some((byte) => byte >= 0xe0 || byte === 0xc2 || byte === 0xc3)
    current = decoded
  }
  return current === line ? null : { text: current, certain }
}

function toWindows1252(text: string): Uint8Array | null {
  const bytes = new Uint8Array(text.length)
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    const byte = code < 0x80 || (code >= 0xa0 && code <= 0xff) ? code : BYTE_OF.get(text.charAt(index))
    if (byte === undefined) return null
    bytes[index] = byte
  }
  return bytes
}

function decodeStrict(bytes: Uint8Array): string | null {
  try {
    return strict.decode(bytes)
  } catch {
    return null
  }
}
