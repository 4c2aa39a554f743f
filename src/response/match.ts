import { matchProcedure } from '../runbook/index.ts'
import type { Procedure } from '../runbook/index.ts'
import type { Page } from './deps.ts'

export interface FoundProcedure {
  page: Page
  procedure: Procedure
  /** What bound it: an anchor, the alert's name, a heading. */
  how: string
}

/** The procedure for an alert among the pages as they are now. */
export function findProcedure(
  pages: readonly Page[],
  alert: { name: string; labels: Record<string, string>; annotations: Record<string, string> },
): FoundProcedure | null {
  const match = matchProcedure(pages, {
    labels: { ...alert.labels, alertname: alert.labels['alertname'] ?? alert.name },
    annotations: alert.annotations,
  })
  if (match === null) return null
  const page = pages.find((candidate) => candidate.path === match.path)
  const procedure = page?.runbook.procedures.find((candidate) => candidate.id === match.procedureId)
  return page === undefined || procedure === undefined ? null : { page, procedure, how: match.how }
}
