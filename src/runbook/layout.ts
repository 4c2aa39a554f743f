/** Text for a terminal of a hundred columns: words wrapped, prose re-flowed, commands never. */
import { append } from './append.ts'
import { plainText } from './inline.ts'

export const WIDTH = 100
const MAX_PROSE = 8000

/** A command is never re-flowed: what is longer than the page goes on, marked, on the next line. */
export function chopped(line: string, indent: number, lead: string): string[] {
  const room = WIDTH - indent - 2
  const pieces: string[] = []
  let rest = line
  while (rest.length > room && pieces.length < 20) {
    const space = rest.lastIndexOf(' ', room - 1)
    const at = space > room / 2 ? space : room - 1
    pieces.push(rest.slice(0, at))
    rest = rest.slice(at)
  }
  pieces.push(rest.length > room ? `${rest.slice(0, room - 1)}…` : rest)
  return pieces.map((piece, index) => `${' '.repeat(indent)}${index === 0 ? lead : '> '}${piece}`)
}

/** Markdown prose as it reads, at most `limit` lines. */
export function proseLines(text: string, indent: number, limit: number): string[] {
  const lines: string[] = []
  for (const { line, code } of logicalLines(text.slice(0, MAX_PROSE))) {
    append(
      lines,
      code ? chopped(line, indent, '  ').map((each) => each.slice(0, WIDTH)) : proseBlock(line, indent),
    )
    if (lines.length > limit + 1) break
  }
  const joined = lines.filter((line, index) => line.trim() !== '' || (lines[index - 1] ?? '').trim() !== '')
  while ((joined.at(-1) ?? 'x').trim() === '') joined.pop()
  return joined.length <= limit ? joined : [...joined.slice(0, limit), `${' '.repeat(indent)}…`]
}

const STARTS_LINE = /^\s*(?:[-*+]\s|\d+[.)]\s|[|#>]|\*\*[^*]{1,80}:?\*\*:?)/

/** Lines of code as they are; lines of prose joined to paragraphs and items, up to a hard break. */
function logicalLines(text: string): { line: string; code: boolean }[] {
  const out: { line: string; code: boolean }[] = []
  let fenced = false
  let open = false
  for (const line of text.split('\n')) {
    if (/^\s*(?:```|~~~)/.test(line)) {
      fenced = !fenced
      open = false
      continue
    }
    const last = out[out.length - 1]
    if (fenced) out.push({ line, code: true })
    else if (open && last !== undefined && !STARTS_LINE.test(line) && line.trim() !== '')
      last.line += ` ${line.trim()}`
    else out.push({ line, code: false })
    open = !fenced && line.trim() !== '' && !/(?: {2}|\\)$/.test(line) && !/^\s*\|/.test(line)
  }
  return out
}

function proseBlock(line: string, indent: number): string[] {
  if (/^\s*\|?[\s:|-]+\|[\s:|-]*$/.test(line)) return []
  const bullet = /^(\s*)([-*+]|\d+[.)])\s+/.exec(line)
  if (bullet === null) return wrap(plainText(line.replace(/^\s*>\s?/, '')), indent)
  const depth = indent + Math.min(8, Math.floor((bullet[1] ?? '').length / 2) * 2)
  const mark = /\d/.test(bullet[2] ?? '') ? `${bullet[2]} ` : '- '
  return wrap(`${mark}${plainText(line.slice(bullet[0].length))}`, depth, depth + mark.length)
}

/** Words wrapped to the page; continuation lines are indented by `hang`. */
export function wrap(text: string, indent: number, hang = indent): string[] {
  if (text === '') return []
  const out: string[] = []
  let line = ' '.repeat(indent)
  let empty = true
  for (const word of text.split(/ (?=\S)/).flatMap((each) => pieces(each, WIDTH - Math.max(indent, hang)))) {
    if (!empty && displayWidth(line) + 1 + displayWidth(word) > WIDTH) {
      out.push(line)
      line = ' '.repeat(hang)
      empty = true
    }
    line += empty ? word : ` ${word}`
    empty = false
  }
  return [...out, line]
}

/** A word that is wider than the page is cut. */
function pieces(word: string, room: number): string[] {
  if (displayWidth(word) <= room) return [word]
  const half = Math.max(1, Math.floor(room / 2))
  const step = displayWidth(word) === word.length ? room : half
  return Array.from({ length: Math.ceil(word.length / step) }, (_, index) =>
    word.slice(index * step, (index + 1) * step),
  )
}

/** Emoji and CJK take two columns. */
function displayWidth(text: string): number {
  let width = 0
  for (const character of text)
    width +=
      /[\p{Extended_Pictographic}\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]/u.test(
        character,
      ) && character > '\u00ff'
        ? 2
        : 1
  return width
}
