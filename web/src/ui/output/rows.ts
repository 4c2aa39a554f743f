import type { Lines } from './lines.ts'

/** Where each line stands when one screen line is one row. */
export interface Layout {
  total: number
  /** The row in which a line begins. */
  topOf(line: number): number
  /** The line that a row belongs to. */
  lineAt(row: number): number
}

/** `columns`: lines are broken there; `null`: they are not. */
export function layRows(lines: Lines, columns: number | null): Layout {
  const { count } = lines
  if (columns === null) {
    return { total: count, topOf: (line) => line, lineAt: (row) => clamp(row, count - 1) }
  }
  const tops = new Uint32Array(count + 1)
  for (let line = 0; line < count; line += 1)
    tops[line + 1] = (tops[line] ?? 0) + Math.max(1, Math.ceil(lines.columns(line) / columns))
  return {
    total: tops[count] ?? 0,
    topOf: (line) => tops[clamp(line, count)] ?? 0,
    lineAt(row) {
      let low = 0
      let high = count - 1
      while (low < high) {
        const middle = (low + high + 1) >> 1
        if ((tops[middle] ?? 0) <= row) low = middle
        else high = middle - 1
      }
      return clamp(low, count - 1)
    },
  }
}

const clamp = (value: number, most: number): number => Math.max(0, Math.min(value, most))

const MAX_HITS = 10_000

/** Lines that hold the text, upper and lower case alike; at most 10,000. */
export function searchLines(lines: Lines, query: string): number[] {
  if (query === '') return []
  const wanted = query.toLowerCase()
  const hits: number[] = []
  for (let line = 0; line < lines.count && hits.length < MAX_HITS; line += 1)
    if (lines.plain(line).toLowerCase().includes(wanted)) hits.push(line)
  return hits
}
