import type { LintContext } from './context.ts'

/** `error`: cannot work or does harm. `warning`: likely trouble at night. `info`: hygiene. */
export const LINT_SEVERITIES = ['error', 'warning', 'info'] as const
export type LintSeverity = (typeof LINT_SEVERITIES)[number]

/** Replaces part of one line; `column` is 1-based, UTF-16. */
export interface LintEdit {
  line: number
  column: number
  length: number
  text: string
}

/** What a rule found, before it knows its file and severity. */
export interface Problem {
  line: number
  column: number
  endLine?: number
  /** What is wrong, with the words of the page; without a full stop. */
  message: string
  /** What to write or do instead, as one or two sentences. */
  remedy: string
  /** Set only where the change cannot alter what was meant. */
  edits?: LintEdit[]
}

export interface LintRule {
  /** Permanent; never renamed or reused. */
  id: string
  severity: LintSeverity
  /** One line for the list of rules. */
  summary: string
  /** A small page that has this problem and no other, and the same page without it. */
  bad: string
  good: string
  check: (context: LintContext) => Problem[]
}

export interface Finding {
  rule: string
  severity: LintSeverity
  file: string
  line: number
  column: number
  endLine?: number
  message: string
  remedy: string
  /** The line of the page, trimmed. */
  excerpt: string
  edits?: LintEdit[]
}
