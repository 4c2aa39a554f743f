import { assertNever } from '../base/error.ts'
import type { Database, Transaction } from '../db/index.ts'
import type { SeverityLevel } from '../incident/index.ts'
import { isBusinessTime } from './business-hours.ts'
import type { Roster } from './roster.ts'

export const SEVERITY_RULES = [
  'highest',
  'lowest',
  'lowest-in-business-hours',
  'highest-in-business-hours',
] as const
export type SeverityRuleName = (typeof SEVERITY_RULES)[number]

/** A range that a page gives: "P2-P3". */
export interface SeverityRange {
  pagePath: string
  procedureId: string
  highest: SeverityLevel
  lowest: SeverityLevel
}

export interface ConfirmedRule extends SeverityRange {
  rule: SeverityRuleName
  confirmedBy: string
  confirmedAt: Date
}

/** Every rule that a person has confirmed. */
export async function readSeverityRules(kysely: Database['kysely']): Promise<ConfirmedRule[]> {
  const rows = await kysely.selectFrom('severity_rule').selectAll().execute()
  return rows.map((row) => ({
    pagePath: row.page_path,
    procedureId: row.procedure_id,
    highest: row.highest as SeverityLevel,
    lowest: row.lowest as SeverityLevel,
    rule: row.rule as SeverityRuleName,
    confirmedBy: row.confirmed_by,
    confirmedAt: row.confirmed_at,
  }))
}

/** The rule for a range; `null` until somebody has confirmed one, and after the range on the page has changed. */
export const ruleFor = (rules: readonly ConfirmedRule[], range: SeverityRange): ConfirmedRule | null =>
  rules.find(
    (rule) =>
      rule.pagePath === range.pagePath &&
      rule.procedureId === range.procedureId &&
      rule.highest === range.highest &&
      rule.lowest === range.lowest,
  ) ?? null

/** The severity that a page's range means at a time: by its rule, without one the more urgent. */
export const severityInRange = (
  rules: readonly ConfirmedRule[],
  roster: Roster,
  range: SeverityRange,
  at: Date,
): SeverityLevel => pick(range, ruleFor(rules, range)?.rule ?? 'highest', () => isBusinessTime(roster, at))

function pick(range: SeverityRange, rule: SeverityRuleName, inHours: () => boolean): SeverityLevel {
  switch (rule) {
    case 'highest':
      return range.highest
    case 'lowest':
      return range.lowest
    case 'lowest-in-business-hours':
      return inHours() ? range.lowest : range.highest
    case 'highest-in-business-hours':
      return inHours() ? range.highest : range.lowest
    default:
      return assertNever(rule)
  }
}

/** Writes down what a person said a range means; said again, it replaces what was said before. */
export async function confirmSeverityRule(
  trx: Transaction,
  at: Date,
  range: SeverityRange,
  rule: SeverityRuleName,
  by: string,
): Promise<void> {
  const said = {
    highest: range.highest,
    lowest: range.lowest,
    rule,
    confirmed_by: by,
    confirmed_at: at,
  }
  await trx
    .insertInto('severity_rule')
    .values({ page_path: range.pagePath, procedure_id: range.procedureId, ...said })
    .onConflict((conflict) => conflict.columns(['page_path', 'procedure_id']).doUpdateSet(said))
    .execute()
}
