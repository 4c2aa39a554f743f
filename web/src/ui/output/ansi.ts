/** How a stretch of output looks. Colours are names of tokens (0 to 15), or `#rrggbb` made readable by the theme. */
export interface Style {
  fg: number | null
  bg: number | null
  bold: boolean
  dim: boolean
  italic: boolean
  underline: boolean
  inverse: boolean
}

export interface Segment {
  text: string
  style: Style
}

export const PLAIN: Style = {
  fg: null,
  bg: null,
  bold: false,
  dim: false,
  italic: false,
  underline: false,
  inverse: false,
}

/** SGR is kept; every other sequence (cursor, title, links, device) is dropped whole. */
const SEQUENCE =
  /\u001b(?:\[([0-9;:]*)m|\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\|$)|[PX^_][^\u001b]*(?:\u001b\\|$)|[ -/]*[0-~]?)/g
/** What is left and cannot be seen; a tab stays. */
const UNSEEN = /[\u0000-\u0008\u000b-\u001a\u001c-\u001f\u007f-\u009f]/g
/** Marks that turn text around and hide what a command really is. */
const TURNING = /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

export const hasSequence = (text: string): boolean => text.includes('\u001b')

/** One line in stretches, and the style in which the next line begins. */
export function readAnsi(line: string, from: Style): { segments: Segment[]; next: Style } {
  const segments: Segment[] = []
  let style = from
  let at = 0
  const add = (raw: string): void => {
    const text = visible(raw)
    if (text !== '') segments.push({ text, style })
  }
  for (const match of line.matchAll(SEQUENCE)) {
    add(line.slice(at, match.index))
    at = match.index + match[0].length
    if (match[1] !== undefined) style = apply(style, match[1])
  }
  add(line.slice(at))
  return { segments, next: style }
}

/** The line without its colours: what is searched and copied. */
export const plainText = (line: string): string =>
  visible(line.includes('\u001b') ? line.replaceAll(SEQUENCE, '') : line)

const visible = (text: string): string =>
  text
    .replaceAll(UNSEEN, '')
    .replaceAll(TURNING, (mark) => `\u27e8U+${mark.charCodeAt(0).toString(16).toUpperCase()}\u27e9`)
    .replaceAll('\t', '    ')

function apply(before: Style, codes: string): Style {
  const style = { ...before }
  const numbers = codes.split(/[;:]/).map((code) => (code === '' ? 0 : Number(code)))
  for (let index = 0; index < numbers.length; index += 1) {
    const code = numbers[index] ?? 0
    if (code === 0) Object.assign(style, PLAIN)
    else if (code === 1) style.bold = true
    else if (code === 2) style.dim = true
    else if (code === 3) style.italic = true
    else if (code === 4) style.underline = true
    else if (code === 7) style.inverse = true
    else if (code === 22) style.bold = style.dim = false
    else if (code === 23) style.italic = false
    else if (code === 24) style.underline = false
    else if (code === 27) style.inverse = false
    else if (code >= 30 && code <= 37) style.fg = code - 30
    else if (code === 39) style.fg = null
    else if (code >= 40 && code <= 47) style.bg = code - 40
    else if (code === 49) style.bg = null
    else if (code >= 90 && code <= 97) style.fg = code - 82
    else if (code >= 100 && code <= 107) style.bg = code - 92
    else if (code === 38 || code === 48) {
      const [colour, used] = extended(numbers.slice(index + 1))
      if (code === 38) style.fg = colour
      else style.bg = colour
      index += used
    }
  }
  return style
}

/** 256 colours and 24 bit become the nearest of the theme's sixteen: those are readable in both themes. */
function extended(rest: readonly number[]): [number | null, number] {
  if (rest[0] === 5) {
    const index = rest[1] ?? 0
    if (index < 16) return [index, 2]
    if (index >= 232) return [index < 244 ? 8 : 7, 2]
    const cube = index - 16
    return [nearest(Math.floor(cube / 36) * 51, (Math.floor(cube / 6) % 6) * 51, (cube % 6) * 51), 2]
  }
  if (rest[0] === 2) return [nearest(rest[1] ?? 0, rest[2] ?? 0, rest[3] ?? 0), 4]
  return [null, rest.length]
}

function nearest(red: number, green: number, blue: number): number {
  const top = Math.max(red, green, blue)
  const low = Math.min(red, green, blue)
  if (top - low < 40) return top > 127 ? 7 : 8
  const half = (top + low) / 2
  const hue = (red >= half ? 1 : 0) + (green >= half ? 2 : 0) + (blue >= half ? 4 : 0)
  return top > 200 ? hue + 8 : hue
}
