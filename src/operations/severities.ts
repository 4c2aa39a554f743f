import type { Actor } from '../access/index.ts'
import { appendAudit } from '../access/index.ts'
import { AppError } from '../base/error.ts'
import { withTransaction } from '../db/index.ts'
import { changeSeverity } from '../incident/index.ts'
import { confirmSeverityRule, readSeverityRules, ruleFor } from '../oncall/index.ts'
import type { SeverityRange } from '../oncall/index.ts'
import type { InputOf } from './catalogue.ts'
import type { OperationDeps } from './deps.ts'
import { findIncident } from './incidents.ts'
import { oncallOf } from './oncall-service.ts'

/** The matrix, and what the ranges on pages mean. */
export async function listSeverities(deps: OperationDeps): Promise<unknown> {
  const { matrix } = await oncallOf(deps).policy()
  const rules = await readSeverityRules(deps.database.kysely)
  const ranges = await rangesOf(deps)
  return {
    matrix: Object.values(matrix),
    ranges: ranges.map((range) => {
      const rule = ruleFor(rules, range)
      return {
        page: range.pagePath,
        procedure: range.procedureId,
        range: `${range.highest}-${range.lowest}`,
        rule: rule?.rule ?? 'highest',
        confirmedBy: rule?.confirmedBy ?? null,
        confirmedAt: rule?.confirmedAt ?? null,
      }
    }),
  }
}

export async function confirmSeverity(
  deps: OperationDeps,
  actor: Actor,
  input: InputOf<'severity.confirm'>,
): Promise<unknown> {
  const range = (await rangesOf(deps)).find(
    (one) => one.pagePath === input.page && one.procedureId === input.procedure,
  )
  if (range === undefined) {
    throw new AppError('not_found', `${input.page}#${input.procedure} gives no range of severities`, {
      action: '`erlmcp severity list` shows those that do.',
    })
  }
  await withTransaction(deps.database, async (trx) => {
    const at = deps.clock.now()
    await confirmSeverityRule(trx, at, range, input.rule, actor.id)
    await appendAudit(trx, at, {
      actor,
      operation: 'severity.confirm',
      subject: `${input.page}#${input.procedure}`,
      outcome: 'done',
      data: { rule: input.rule, highest: range.highest, lowest: range.lowest },
    })
  })
  return { page: input.page, procedure: input.procedure, rule: input.rule, confirmedBy: actor.id }
}

async function rangesOf(deps: OperationDeps): Promise<SeverityRange[]> {
  const pages = await deps.pages.pages()
  return pages.flatMap((page) =>
    page.runbook.procedures.flatMap((procedure) => {
      if (procedure.severityRange === null) return []
      const [highest, lowest] = procedure.severityRange
      return [{ pagePath: page.path, procedureId: procedure.id, highest, lowest }]
    }),
  )
}

export async function setSeverity(
  deps: OperationDeps,
  actor: Actor,
  input: InputOf<'incident.severity'>,
): Promise<unknown> {
  const incident = await findIncident(deps, input.id)
  const before = await withTransaction(deps.database, async (trx) => {
    const at = deps.clock.now()
    const { severity, reason } = input
    const had = await changeSeverity(trx, at, { incidentId: incident.id, severity, actor, reason })
    await deps.oncall?.settle(trx, at, incident.id)
    return had
  })
  return { incident: `INC-${incident.number}`, severity: input.severity, changed: before !== null, before }
}
