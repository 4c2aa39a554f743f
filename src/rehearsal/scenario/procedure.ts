import path from 'node:path'
import { AppError } from '../../base/error.ts'
import { sha256 } from '../../base/id.ts'
import { SEVERITY_POLICY } from '../../incident/index.ts'
import type { LoadedPage } from '../../runbook/index.ts'
import { commitOf } from './commit.ts'
import { ruleOf } from './firing.ts'
import type { RehearsedProcedure } from './rehearse.ts'
import type { Scenario } from './schema.ts'

/**
 * The procedure that a scenario is about, among the pages of `folder`.
 * @throws AppError `not_found` when it does not exist or states nothing that can fire
 */
export async function procedureOf(
  scenario: Pick<Scenario, 'name' | 'page' | 'procedure' | 'alert'>,
  pages: readonly LoadedPage[],
  folder: string,
): Promise<RehearsedProcedure> {
  const page = pages.find((candidate) => candidate.path === scenario.page)
  const procedure = page?.runbook.procedures.find((candidate) => candidate.id === scenario.procedure)
  if (page === undefined || procedure === undefined) {
    const known = page?.runbook.procedures.map(({ id }) => id) ?? pages.map((each) => each.path)
    throw new AppError(
      'not_found',
      `the scenario ${scenario.name} is about ${scenario.page}#${scenario.procedure}, which does not exist in ${folder}`,
      { action: `Choose from: ${known.slice(0, 20).join(', ')}.` },
    )
  }
  if (procedure.trigger === null) {
    throw new AppError(
      'input_invalid',
      `the scenario ${scenario.name} is about ${scenario.page}#${scenario.procedure}, which has no trigger`,
      { action: 'Give it one, such as "**Alert Trigger:** Error rate > 5% for 1 minute".' },
    )
  }
  const minutes =
    procedure.responseTimeMinutes ??
    (procedure.severity === null ? null : SEVERITY_POLICY[procedure.severity].responseTimeMinutes)
  return {
    trigger: procedure.trigger,
    rule: ruleOf(page, procedure.id, scenario.alert.labels['namespace'] ?? 'erlmcp'),
    contentHash: sha256(page.source),
    commit: await commitOf(path.join(folder, page.path)),
    severity: procedure.severity,
    responseTimeSeconds: minutes === null ? null : minutes * 60,
  }
}
