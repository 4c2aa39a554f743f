/** Bash brace expansion of one unquoted `{…}` without quotes or variables; `null` beyond `limit` words. */
export function expandBraces(text: string, limit: number): string[] | null {
  const sequence = /^\{(-?\d+|[A-Za-z])\.\.(-?\d+|[A-Za-z])(?:\.\.(-?\d+))?\}$/.exec(text)
  if (sequence !== null) return expandSequence(sequence, limit)
  const parts = splitAlternatives(text.slice(1, -1))
  if (parts.length < 2) return [text]
  const words: string[] = []
  for (const part of parts) {
    const expanded = expandNested(part, limit)
    if (expanded === null || words.length + expanded.length > limit) return null
    words.push(...expanded)
  }
  return words
}

function expandSequence(match: RegExpExecArray, limit: number): string[] | null {
  const [, from = '', to = '', by] = match
  const numeric = /\d/.test(from) && /\d/.test(to)
  const first = numeric ? Number(from) : from.charCodeAt(0)
  const last = numeric ? Number(to) : to.charCodeAt(0)
  const step = Math.abs(Number(by ?? '1')) || 1
  if (Math.abs(last - first) / step >= limit) return null
  const words: string[] = []
  for (
    let value = first;
    first <= last ? value <= last : value >= last;
    value += first <= last ? step : -step
  ) {
    words.push(numeric ? String(value) : String.fromCharCode(value))
  }
  return words
}

function splitAlternatives(text: string): string[] {
  const parts: string[] = ['']
  let depth = 0
  for (const char of text) {
    if (char === '{') depth++
    if (char === '}') depth--
    if (char === ',' && depth === 0) parts.push('')
    else parts[parts.length - 1] = `${parts.at(-1) ?? ''}${char}`
  }
  return parts
}

/** One alternative may hold further braces: `{a{1,2},b}`. */
function expandNested(text: string, limit: number): string[] | null {
  const open = text.indexOf('{')
  if (open === -1) return [text]
  let depth = 0
  for (let index = open; index < text.length; index++) {
    if (text[index] === '{') depth++
    if (text[index] === '}' && --depth === 0) {
      const middle = expandBraces(text.slice(open, index + 1), limit)
      const after = expandNested(text.slice(index + 1), limit)
      if (middle === null || after === null || middle.length * after.length > limit) return null
      return middle.flatMap((word) => after.map((rest) => `${text.slice(0, open)}${word}${rest}`))
    }
  }
  return [text]
}
