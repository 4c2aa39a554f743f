/** Severities and response times as pages write them. */
import { plainText } from './inline.ts'
import type { TableBlock } from './markdown.ts'
import type { Severity, SeverityRule } from './model.ts'
import { SECTION_WORDS } from './vocabulary.ts'

const NUMBERED = /\b(?:P|S|SEV|SEVERITY|PRIO(?:RITY)?)[- ]?([0-5])\b/gi
const WORDS: [RegExp, Severity][] = [
  [/\b(?:critical|emergency|page|disaster|blocker)\b/i, 'P1'],
  [/\b(?:high|major|error)\b/i, 'P2'],
  [/\b(?:medium|moderate|warning|warn|minor)\b/i, 'P3'],
  [/\b(?:low|info|informational|notice|none|trivial)\b/i, 'P4'],
]

export interface SeverityReading {
  severity: Severity
  range: [Severity, Severity] | null
}

/** "P2 (High)", "P2-P3", "SEV-1", "critical". Numbers go before words; P0 counts as P1, P5 as P4. */
export function parseSeverity(text: string): SeverityReading | null {
  const numbers = [...text.matchAll(NUMBERED)].map((match) => clamp(Number(match[1])))
  if (numbers.length > 0) {
    const highest = Math.min(...numbers)
    const lowest = Math.max(...numbers)
    const range: SeverityReading['range'] = highest === lowest ? null : [named(highest), named(lowest)]
    return { severity: named(highest), range }
  }
  const word = WORDS.find(([words]) => words.test(text))
  return word === undefined ? null : { severity: word[1], range: null }
}

const clamp = (value: number): number => Math.min(4, Math.max(1, value))
const LEVELS: readonly Severity[] = ['P1', 'P2', 'P3', 'P4']
const named = (level: number): Severity => LEVELS[level - 1] ?? 'P4'

/** "15 minutes", "15-30 minutes" (the shorter), "1 hour", "< 10 minutes"; `null` without a number. */
export function parseMinutes(text: string): number | null {
  const match =
    /(\d{1,5}(?:\.\d+)?)\s*(?:(?:-|–|to)\s*\d{1,5}\s*)?(s\b|sec|m\b|min|h\b|hr|hour|d\b|day)/i.exec(text)
  if (match === null) return /\bimmediate/i.test(text) ? 0 : null
  const unit = (match[2] ?? 'm').charAt(0).toLowerCase()
  const factor = unit === 's' ? 1 / 60 : unit === 'm' ? 1 : unit === 'h' ? 60 : 1440
  return Number(match[1]) * factor
}

/** A table with a severity and a response time column; `null` for any other table. */
export function severityPolicy(table: TableBlock): SeverityRule[] | null {
  const column = (words: RegExp): number => table.header.findIndex((cell) => words.test(plainText(cell)))
  const severity = column(SECTION_WORDS.severities)
  const response = column(/\bresponse|\backnowledge|\bSLA\b/i)
  if (severity === -1 || response === -1 || severity === response) return null
  const escalation = column(/\bescalat/i)
  const example = column(/\bexamples?\b|\bdescription\b|\bcriteria\b|\bdefinition\b/i)
  const rules = table.rows.flatMap((row) => {
    const cell = (index: number): string => (index === -1 ? '' : plainText(row.cells[index] ?? ''))
    const reading = parseSeverity(cell(severity))
    if (reading === null) return []
    return {
      severity: reading.severity,
      label: cell(severity)
        .replace(/^\s*(?:P|S|SEV)[- ]?\d\s*[-–—:(]?\s*/i, '')
        .replace(/\)$/, ''),
      responseTimeMinutes: parseMinutes(cell(response)),
      responseTime: cell(response),
      escalation: cell(escalation)
        .split(/\s*(?:→|->|=>|›|>|,|;)\s*/)
        .filter((name) => name !== ''),
      example: cell(example),
    }
  })
  return rules.length === 0 ? null : rules
}
