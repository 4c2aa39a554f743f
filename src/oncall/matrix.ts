import { SEVERITY_LEVELS, SEVERITY_POLICY } from '../incident/index.ts'
import type { SeverityLevel } from '../incident/index.ts'
import type { Roster } from './roster.ts'

/** A row of a page's severity matrix, as the page reader gives it. */
export interface MatrixRow {
  severity: SeverityLevel
  /** `null`: the next business day. */
  responseTimeMinutes: number | null
  escalation: readonly string[]
}

/** How one severity is handled. */
export interface SeverityRule {
  severity: SeverityLevel
  /** `null`: by the end of the next business day, and only in business hours. */
  responseMinutes: number | null
  /** How often people have to hear something once it is acknowledged; `null`: no such rule. */
  updateMinutes: number | null
  /** Who is asked in turn: words that the roster's links explain. Never empty. */
  escalation: readonly string[]
}

export type SeverityMatrix = Record<SeverityLevel, SeverityRule>

/** The pages say nothing of updates; these are customary. */
const UPDATE_MINUTES: Record<SeverityLevel, number | null> = { P1: 15, P2: 30, P3: 120, P4: null }

/** The matrix that holds: the roster's settings over the page's table over the one of the operational runbooks. */
export function severityMatrix(page: readonly MatrixRow[], roster: Roster): SeverityMatrix {
  const rule = (severity: SeverityLevel): SeverityRule => {
    const shipped = SEVERITY_POLICY[severity]
    const row = page.find((candidate) => candidate.severity === severity)
    const own = roster.severities[severity]
    const written = row === undefined || row.escalation.length === 0 ? shipped.escalation : row.escalation
    return {
      severity,
      responseMinutes:
        own?.responseMinutes ?? (row === undefined ? shipped.responseTimeMinutes : row.responseTimeMinutes),
      updateMinutes: own?.updateMinutes === undefined ? UPDATE_MINUTES[severity] : own.updateMinutes,
      escalation: own?.escalation ?? written,
    }
  }
  return { P1: rule('P1'), P2: rule('P2'), P3: rule('P3'), P4: rule('P4') }
}

export const isMoreUrgent = (a: SeverityLevel, b: SeverityLevel): boolean =>
  SEVERITY_LEVELS.indexOf(a) < SEVERITY_LEVELS.indexOf(b)
