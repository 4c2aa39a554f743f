/** Prometheus rules against pages: alerts without a page, pages without an alert, links that lead nowhere. */
import { isMap, isScalar, isSeq, LineCounter, parseAllDocuments } from 'yaml'
import type { Node, Pair } from 'yaml'
import { scalarText } from './front-matter.ts'
import { explainMatch } from './match.ts'
import type { MatchPage, MatchProblem, ProcedureMatch } from './match.ts'
import { wrap } from './layout.ts'

export interface RuleAlert {
  alert: string
  line: number
  labels: Record<string, string>
  annotations: Record<string, string>
}

export interface CoveredAlert extends RuleAlert {
  match: ProcedureMatch | null
  problems: MatchProblem[]
}

export interface Coverage {
  alerts: CoveredAlert[]
  /** Alerts that no page is for. */
  withoutPage: CoveredAlert[]
  /** Links of alerts to an anchor that the page does not have, or to no page. */
  deadLinks: CoveredAlert[]
  /** Links that still hold a template; they cannot be checked before the alert fires. */
  templates: CoveredAlert[]
  /** Procedures for incidents that none of the rules leads to. */
  withoutAlert: { path: string; procedureId: string; title: string; line: number; alertNames: string[] }[]
  /** Parts of the rule file that were not understood. */
  errors: { line: number; message: string }[]
}

const MAX_RULES_BYTES = 32 * 1024 * 1024

/** `rules` is the text of a rule file, or of PrometheusRule objects, one or several documents. */
export function coverage(rules: string, pages: readonly MatchPage[]): Coverage {
  const { alerts: found, errors } = readRuleAlerts(rules)
  const alerts = found.map((alert) => {
    const labels = { ...alert.labels, alertname: alert.alert }
    return { ...alert, ...explainMatch(pages, { labels, annotations: alert.annotations }) }
  })
  const has = (alert: CoveredAlert, ...kinds: MatchProblem['problem'][]): boolean =>
    alert.problems.some((each) => kinds.includes(each.problem))
  const reached = new Set(
    alerts.flatMap(({ match }) => (match === null ? [] : [`${match.path}#${match.procedureId}`])),
  )
  return {
    alerts,
    withoutPage: alerts.filter((alert) => alert.match === null),
    deadLinks: alerts.filter((alert) => has(alert, 'dead-anchor', 'page-not-found')),
    templates: alerts.filter((alert) => has(alert, 'template')),
    withoutAlert: pages.flatMap(({ path, runbook }) =>
      runbook.procedures
        .filter((each) => each.kind === 'incident' && !reached.has(`${path}#${each.id}`))
        .map(({ id, title, line, alertNames }) => ({ path, procedureId: id, title, line, alertNames })),
    ),
    errors,
  }
}

/** The alerting rules of a file, with their lines. Recording rules are left out. */
export function readRuleAlerts(text: string): { alerts: RuleAlert[]; errors: Coverage['errors'] } {
  if (text.length > MAX_RULES_BYTES) {
    return {
      alerts: [],
      errors: [{ line: 1, message: `The rule file is larger than ${MAX_RULES_BYTES} bytes` }],
    }
  }
  const lines = new LineCounter()
  const alerts: RuleAlert[] = []
  const errors: Coverage['errors'] = []
  for (const document of parseAllDocuments(text, {
    lineCounter: lines,
    logLevel: 'silent',
    prettyErrors: false,
  })) {
    if (!('contents' in document)) continue
    for (const error of document.errors.slice(0, 20)) {
      const hint =
        text.includes('{{') && /\{\{-?\s*(?:if|range|include|\.Values)/.test(text)
          ? ' (a Helm template? render it first)'
          : ''
      errors.push({
        line: lines.linePos(error.pos[0]).line,
        message: `not valid YAML: ${error.message}${hint}`,
      })
    }
    collect(document.contents, alerts, lines, 0)
  }
  if (alerts.length === 0 && errors.length === 0)
    errors.push({ line: 1, message: 'The file has no alerting rules' })
  return { alerts, errors }
}

/** Rules stand under `groups[].rules[]`, in PrometheusRule under `spec`; lists of objects hold several. */
function collect(node: unknown, alerts: RuleAlert[], lines: LineCounter, depth: number): void {
  if (depth > 12) return
  if (isSeq(node)) for (const item of node.items) collect(item, alerts, lines, depth + 1)
  if (!isMap(node)) return
  const alert = node.get('alert')
  if (typeof alert === 'string' && node.has('expr')) {
    const pair = node.items.find((each) => keyOf(each) === 'alert')
    const line = lines.linePos(rangeStart(pair?.key)).line
    alerts.push({
      alert,
      line,
      labels: stringMap(node.get('labels')),
      annotations: stringMap(node.get('annotations')),
    })
    return
  }
  for (const pair of node.items) {
    if (/^(?:groups|rules|spec|items|data|additionalPrometheusRulesMap)$/.test(keyOf(pair)) || depth === 0) {
      collect(pair.value, alerts, lines, depth + 1)
    }
  }
}

const keyOf = (pair: Pair): string => (isScalar(pair.key) ? String(pair.key.value) : '')

function rangeStart(node: unknown): number {
  const range = isScalar(node) ? (node satisfies Node).range : undefined
  return range?.[0] ?? 0
}

function stringMap(node: unknown): Record<string, string> {
  if (!isMap(node)) return {}
  const out: Record<string, string> = {}
  for (const pair of node.items) {
    const text = isScalar(pair.value) ? scalarText(pair.value.value) : null
    if (text !== null) out[keyOf(pair)] = text
  }
  return out
}

/** The coverage for people, at most 100 columns. */
export function renderCoverage(found: Coverage): string {
  const out: string[] = []
  const part = (title: string, rows: string[]): void => {
    if (rows.length > 0) out.push(`${title} (${rows.length})`, ...rows.flatMap((row) => wrap(row, 2, 6)), '')
  }
  const problem = (alert: CoveredAlert, ...kinds: MatchProblem['problem'][]): string =>
    alert.problems
      .filter((each) => kinds.includes(each.problem))
      .map((each) => each.message)
      .join('; ')
  part(
    'Alerts without a page',
    found.withoutPage.map((each) => `${each.alert}  line ${each.line}`),
  )
  part(
    'Links that lead nowhere',
    found.deadLinks.map(
      (each) => `${each.alert}  line ${each.line}: ${problem(each, 'dead-anchor', 'page-not-found')}`,
    ),
  )
  part(
    'Links with a template',
    found.templates.map((each) => `${each.alert}  line ${each.line}: ${problem(each, 'template')}`),
  )
  part(
    'Procedures without an alert',
    found.withoutAlert.map((each) => `${each.path}#${each.procedureId}  ${each.title}`),
  )
  part(
    'Not understood',
    found.errors.map((each) => `line ${each.line}: ${each.message}`),
  )
  const covered = found.alerts.length - found.withoutPage.length
  out.push(`${covered} of ${found.alerts.length} alerts have a page`)
  return `${out.join('\n')}\n`
}
