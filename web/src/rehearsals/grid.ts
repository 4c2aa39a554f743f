import type { Rehearsal } from '../api/pages.ts'

const MAX_CELLS = 20

/** A row for each scenario, its newest results last; scenarios by name. */
export function gridOf(rehearsals: readonly Rehearsal[]): { scenario: string; results: Rehearsal[] }[] {
  const rows = Map.groupBy(rehearsals, ({ scenario }) => scenario)
  return [...rows]
    .map(([scenario, results]) => ({
      scenario,
      results: results.toSorted((a, b) => a.at.localeCompare(b.at)).slice(-MAX_CELLS),
    }))
    .toSorted((a, b) => a.scenario.localeCompare(b.scenario))
}

/** How much of the response time it took to mitigate; `null` where either is not known. */
export function shareOf(
  rehearsal: Pick<Rehearsal, 'secondsToMitigate' | 'responseTimeSeconds'>,
): number | null {
  const { secondsToMitigate, responseTimeSeconds } = rehearsal
  if (secondsToMitigate === null || responseTimeSeconds === null || responseTimeSeconds === 0) return null
  return secondsToMitigate / responseTimeSeconds
}
