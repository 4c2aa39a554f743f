/** The Prometheus alerting rules that the pages' triggers state. */
import { stringify } from 'yaml'
import type { MatchPage } from './match.ts'
import type { Comparison, Condition, Procedure, Severity, Signal } from './model.ts'
import { SIGNAL_TABLE } from './signals.ts'

export interface RulesOptions {
  /** What page paths are appended to: `https://git.example.com/ops/runbooks/blob/main/`. */
  baseUrl?: string
  /** Label matchers for every series, without braces: `namespace="orders"`. */
  selector?: string
  /** The name of the rule group. Default `runbooks`. */
  group?: string
}

export interface SkippedTrigger {
  path: string
  procedureId: string
  line: number
  reason: string
}

export interface AlertingRules {
  /** A rule file for Prometheus; `groups: []` when no page states a trigger. */
  yaml: string
  /** Names of the alerts, in the order of the file. */
  alerts: string[]
  /** Triggers that no rule could be written for, and why. */
  skipped: SkippedTrigger[]
}

interface Rule {
  alert: string
  expr: string
  for: string
  labels: Record<string, string>
  annotations: Record<string, string>
}

/** Only triggers that a page states in a line of its own become rules; sentences are never read as rules. */
export function alertingRules(pages: readonly MatchPage[], options: RulesOptions = {}): AlertingRules {
  const rules: Rule[] = []
  const skipped: SkippedTrigger[] = []
  for (const { path, runbook } of pages) {
    for (const procedure of runbook.procedures) {
      const { trigger } = procedure
      if (trigger === null || trigger.stated === 'prose') continue
      const skip = (reason: string): void => {
        skipped.push({ path, procedureId: procedure.id, line: trigger.position.line, reason })
      }
      const measured = measuredBy(trigger)
      const name = alertName(procedure)
      if (typeof measured === 'string') skip(measured)
      else if (rules.some((rule) => rule.alert === name))
        skip(`${name} has a rule already, from another page`)
      else rules.push(ruleOf(procedure, path, name, measured, options))
    }
  }
  const groups = rules.length === 0 ? [] : [{ name: options.group ?? 'runbooks', rules }]
  const head =
    '# Written by `erlmcp runbook rules` from the triggers of the pages. Change the pages, not this file.\n'
  return {
    yaml: head + stringify({ groups }, { lineWidth: 0, blockQuote: 'literal' }),
    alerts: rules.map((rule) => rule.alert),
    skipped,
  }
}

interface Measured {
  signal: Signal
  comparison: Comparison
  threshold: number
  forSeconds: number
  quantile: number
}

/** What to measure, or why it cannot be. */
function measuredBy(trigger: Condition): Measured | string {
  const { signal, comparison, threshold, unit, forSeconds, text } = trigger
  if (signal === null) return `"${text}" names no signal that erlmcp knows`
  const entry = SIGNAL_TABLE[signal]
  const quantile = Number(/\bp(\d{2,3})\b/i.exec(text)?.[1]?.replace(/^(\d\d)(\d)$/, '$1.$2') ?? 95) / 100
  const hold = forSeconds ?? entry.defaultForSeconds
  if (comparison === null || threshold === null) {
    if (entry.defaultThreshold === null) return `"${text}" gives no number`
    return { signal, comparison: '>=', threshold: entry.defaultThreshold, forSeconds: hold, quantile }
  }
  if (unit !== entry.unit && !(entry.unit === 'count' && unit === null)) {
    return `"${text}" compares ${entry.label}, which is in ${entry.unit}, with a number in ${unit ?? 'no unit'}`
  }
  return { signal, comparison, threshold, forSeconds: hold, quantile }
}

function ruleOf(
  procedure: Procedure,
  path: string,
  name: string,
  measured: Measured,
  options: RulesOptions,
): Rule {
  const { signal, comparison, threshold, forSeconds, quantile } = measured
  const entry = SIGNAL_TABLE[signal]
  const service =
    entry.hasService && procedure.service != null
      ? `service="${procedure.service.replace(/["\\\n]/g, '')}"`
      : ''
  const selector = [options.selector ?? '', service].filter((part) => part !== '').join(',')
  const own = entry.alert?.(comparison, String(threshold), selector)
  const expr =
    own ??
    `(\n${entry.value(selector, entry.window, quantile).replace(/^/gm, '  ')}\n) ${comparison} ${threshold}`
  const limit = entry.unit === 'ratio' ? `${Number((threshold * 100).toFixed(4))}%` : `${threshold}`
  const value = entry.unit === 'ratio' ? '{{ $value | humanizePercentage }}' : '{{ $value | humanize }}'
  const where = entry.by.map((label) => `{{ $labels.${label} }}`).join('/')
  return {
    alert: name,
    expr,
    for: duration(forSeconds),
    labels: labelsOf(procedure.severity),
    annotations: {
      summary: procedure.title.replace(/\s+alert$/i, '').replaceAll('{{', '{ {'),
      description: `${where}: ${entry.label} is ${value} (threshold ${comparison} ${limit} for ${duration(forSeconds)}).`,
      runbook_url: `${options.baseUrl ?? ''}${path}#${procedure.id}`,
    },
  }
}

/** `severity` as stock inhibition rules know it, the page's own in `priority`. */
function labelsOf(severity: Severity | null): Record<string, string> {
  if (severity === null) return { severity: 'warning' }
  const word = severity === 'P1' || severity === 'P2' ? 'critical' : severity === 'P3' ? 'warning' : 'info'
  return { severity: word, priority: severity }
}

function duration(seconds: number): string {
  if (seconds % 3600 === 0 && seconds > 0) return `${seconds / 3600}h`
  return seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`
}

/** The page's own alert name, else its title in CamelCase: "High Error Rate Alert" is HighErrorRate. */
export function alertName(procedure: Procedure): string {
  const own = procedure.alertNames[0]
  if (own !== undefined) return own
  const words = procedure.title.replace(/\s+alert$/i, '').match(/[A-Za-z0-9]+/g) ?? []
  const name = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
  return /^[A-Za-z]/.test(name) ? name : `Runbook${name}`
}
