import { decodePage } from '../decode.ts'
import type { Finding, LintEdit } from './rule.ts'

export interface FixedPage {
  text: string
  /** Findings that were mended; the others are as they were. */
  fixed: Finding[]
}

/**
 * Applies what is safe to mend. Line ends and a byte order mark stay as they are; of edits that overlap the first
 * wins, and linting again finds the rest.
 */
export function fixPage(source: Uint8Array | string, findings: readonly Finding[]): FixedPage {
  const raw =
    typeof source === 'string' ? source : new TextDecoder('utf-8', { ignoreBOM: true }).decode(source)
  const original = raw.split(/(\r\n|\r|\n)/)
  const repaired = decodePage(raw, findings[0]?.file ?? 'page').text.split('\n')
  const mojibake = new Set(findings.filter((one) => one.rule === 'mojibake').map((one) => one.line))
  const taken = new Map<number, LintEdit[]>()
  const fixed = findings.filter((finding) => {
    const edits = finding.edits ?? []
    if (edits.length === 0 || !edits.every((edit) => fits(edit, taken))) return false
    for (const edit of edits) taken.set(edit.line, [...(taken.get(edit.line) ?? []), edit])
    return true
  })
  for (const [line, edits] of taken) {
    const at = (line - 1) * 2
    const text = original[at] ?? ''
    const mark = line === 1 && text.startsWith('\uFEFF') ? '\uFEFF' : ''
    const base = mojibake.has(line) ? (repaired[line - 1] ?? '') : text.slice(mark.length)
    original[at] =
      mark +
      applyEdits(
        base,
        edits.filter((edit) => edit.length >= 0),
      )
  }
  return { text: original.join(''), fixed }
}

/** A whole-line repair (`length` -1) changes no column of the text as it is read, so others may join it. */
function fits(edit: LintEdit, taken: Map<number, LintEdit[]>): boolean {
  if (edit.length < 0) return true
  return (taken.get(edit.line) ?? []).every(
    (other) =>
      other.length < 0 ||
      edit.column + edit.length < other.column ||
      other.column + other.length < edit.column,
  )
}

function applyEdits(line: string, edits: LintEdit[]): string {
  let out = line
  for (const { column, length, text } of edits.toSorted((a, b) => b.column - a.column)) {
    out = out.slice(0, column - 1) + text + out.slice(column - 1 + length)
  }
  return out
}
