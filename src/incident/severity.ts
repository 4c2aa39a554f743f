export const SEVERITY_LEVELS = ['P1', 'P2', 'P3', 'P4'] as const
export type SeverityLevel = (typeof SEVERITY_LEVELS)[number]

/** How soon somebody has to respond, and who is asked in turn. */
export interface SeverityPolicy {
  severity: SeverityLevel
  name: string
  /** `null`: the next business day. */
  responseTimeMinutes: number | null
  escalation: readonly string[]
}

/** The severity matrix of the operational runbooks; a page's own matrix replaces it. */
export const SEVERITY_POLICY: Record<SeverityLevel, SeverityPolicy> = {
  P1: {
    severity: 'P1',
    name: 'Critical',
    responseTimeMinutes: 5,
    escalation: ['On-call', 'Manager', 'Director'],
  },
  P2: {
    severity: 'P2',
    name: 'High',
    responseTimeMinutes: 15,
    escalation: ['On-call', 'Team Lead', 'Manager'],
  },
  P3: { severity: 'P3', name: 'Medium', responseTimeMinutes: 30, escalation: ['On-call', 'Team'] },
  P4: { severity: 'P4', name: 'Low', responseTimeMinutes: null, escalation: ['Ticket queue'] },
}

/** Prometheus's customary `severity` label, where nobody states a priority. */
const BY_LABEL: Record<string, SeverityLevel> = {
  page: 'P1',
  critical: 'P1',
  error: 'P2',
  high: 'P2',
  major: 'P2',
  warning: 'P3',
  medium: 'P3',
  minor: 'P3',
  info: 'P4',
  low: 'P4',
  none: 'P4',
}

const asLevel = (text: string | undefined): SeverityLevel | null =>
  SEVERITY_LEVELS.find((level) => level === text?.trim().toUpperCase()) ?? null

/**
 * The severity of an incident: a `priority` or `severity` label that says P1..P4, else what the page says, else the
 * customary meaning of `severity`, else P3.
 */
export function severityOf(labels: Record<string, string>, page: SeverityLevel | null): SeverityLevel {
  return (
    asLevel(labels['priority']) ??
    asLevel(labels['severity']) ??
    page ??
    BY_LABEL[labels['severity']?.toLowerCase() ?? ''] ??
    'P3'
  )
}
