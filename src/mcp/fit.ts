/** How much of a result an agent gets at once; the rest is a page, a filter or a resource away. */
export interface Bounds {
  /** Characters of one text. */
  text: number
  /** Entries of one list. */
  list: number
  /** Bytes of the whole result as JSON. */
  total: number
}

export const TOOL_BOUNDS: Bounds = { text: 2_000, list: 50, total: 24_576 }

/** A copy that keeps the bounds. `cut` names what was shortened, as paths: `timeline (120 entries, 50 shown)`. */
export function fit(value: unknown, bounds: Bounds): { value: unknown; cut: string[] } {
  for (let divisor = 1; ; divisor *= 2) {
    const cut: string[] = []
    const text = Math.max(80, Math.floor(bounds.text / divisor))
    const list = Math.max(1, Math.floor(bounds.list / divisor))
    const shortened = shorten(value, '', { ...bounds, text, list }, cut)
    const fits = Buffer.byteLength(JSON.stringify(shortened) ?? '') <= bounds.total
    if (fits || (text === 80 && list === 1)) return { value: shortened, cut: cut.slice(0, 20) }
  }
}

function shorten(value: unknown, path: string, bounds: Bounds, cut: string[]): unknown {
  if (typeof value === 'string') {
    if (value.length <= bounds.text) return value
    cut.push(`${path} (${value.length} characters, ${bounds.text} shown)`)
    return `${value.slice(0, bounds.text).toWellFormed()}…`
  }
  if (Array.isArray(value)) {
    if (value.length > bounds.list) cut.push(`${path} (${value.length} entries, ${bounds.list} shown)`)
    return value.slice(0, bounds.list).map((each, index) => shorten(each, `${path}[${index}]`, bounds, cut))
  }
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [
      key,
      shorten(each, path === '' ? key : `${path}.${key}`, bounds, cut),
    ]),
  )
}
