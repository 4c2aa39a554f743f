import type { Procedure } from '../../model.ts'
import { bash } from '../example.ts'
import type { LintContext } from '../context.ts'
import type { LintRule, Problem } from '../rule.ts'

const incident = (...labels: string[]): string =>
  [
    '# Example',
    '',
    '## Web errors',
    '',
    ...labels,
    '',
    '### Diagnosis',
    '',
    ...bash('kubectl get pods -n shop').split('\n').slice(4),
  ].join('\n')

const ALERT = '**Alert:** WebErrors'
const TRIGGER = '**Alert Trigger:** Error rate > 5% for 1 minute'
const IMPACT = '**Impact:** Customers see errors'

/** Only what the page itself presents as an incident: with a severity or a trigger stated as such. */
const incidents = ({ runbook }: LintContext): Procedure[] =>
  runbook.procedures.filter(
    (one) => one.kind === 'incident' && (one.severity !== null || one.trigger?.stated === 'label'),
  )

const atHeading = (procedure: Procedure, message: string, remedy: string): Problem => ({
  line: procedure.line,
  column: procedure.position.column,
  message,
  remedy,
})

/** The label line of a procedure, or its heading. */
function labelLine(
  { lines }: LintContext,
  procedure: Procedure,
  label: RegExp,
): { line: number; column: number } {
  const end = Math.min(procedure.position.endLine, procedure.line + 20)
  for (let line = procedure.line; line <= end; line += 1) {
    const at = (lines[line - 1] ?? '').search(label)
    if (at !== -1) return { line, column: at + 1 }
  }
  return { line: procedure.line, column: procedure.position.column }
}

export const TRIGGER_RULES: LintRule[] = [
  {
    id: 'procedure-without-alert',
    severity: 'warning',
    summary: 'A procedure for an incident that names no alert, so nothing can open it',
    bad: incident(TRIGGER, '**Severity:** P2', IMPACT),
    good: incident(ALERT, TRIGGER, '**Severity:** P2', IMPACT),
    check: (context) =>
      incidents(context)
        .filter(({ alertNames }) => alertNames.length === 0)
        .map((one) =>
          atHeading(
            one,
            `"${one.title}" names no alert: an alert finds it only by an annotation with its address`,
            'Add "**Alert:** AlertName" with the name in Prometheus.',
          ),
        ),
  },
  {
    id: 'procedure-without-trigger',
    severity: 'warning',
    summary: 'A procedure with a severity that does not say when it applies',
    bad: incident(ALERT, '**Severity:** P2', IMPACT),
    good: incident(ALERT, TRIGGER, '**Severity:** P2', IMPACT),
    check: (context) =>
      incidents(context)
        .filter((one) => one.trigger === null)
        .map((one) => {
          const status = labelLine(context, one, /^\*\*Status:?\*\*/)
          const hint = status.line === one.line ? '' : '; "**Status:**" is not read as one'
          return {
            ...status,
            message: `"${one.title}" has no trigger${hint}`,
            remedy: 'Add "**Alert Trigger:** SIGNAL > THRESHOLD for DURATION".',
          }
        }),
  },
  {
    id: 'trigger-without-threshold',
    severity: 'warning',
    summary: 'A trigger without a number or a duration, which nobody can check or turn into an alert',
    bad: incident(ALERT, '**Alert Trigger:** Connection pool exhaustion', '**Severity:** P2', IMPACT),
    good: incident(
      ALERT,
      '**Alert Trigger:** Connection pool > 90% for 2 minutes',
      '**Severity:** P2',
      IMPACT,
    ),
    check: (context) =>
      incidents(context).flatMap(({ trigger, alertNames }) => {
        if (trigger?.stated !== 'label') return []
        const lacks = [
          ...(trigger.threshold === null ? ['threshold'] : []),
          ...(trigger.forSeconds === null && (trigger.threshold === null || alertNames.length === 0)
            ? ['duration']
            : []),
        ]
        if (lacks.length === 0) return []
        const { line, column } = trigger.position
        return [
          {
            line,
            column,
            message: `"${trigger.text}" has no ${lacks.join(' and no ')}`,
            remedy: 'Write it as "SIGNAL > THRESHOLD for DURATION": "pool usage > 90% for 2 minutes".',
          },
        ]
      }),
  },
  {
    id: 'severity-range',
    severity: 'warning',
    summary: 'A severity that is a range: whoever is paged has to decide what it is',
    bad: incident(ALERT, TRIGGER, '**Severity:** P2-P3', IMPACT),
    good: incident(ALERT, TRIGGER, '**Severity:** P2', IMPACT),
    check: (context) =>
      incidents(context).flatMap((one) => {
        if (one.severityRange === null) return []
        const [from, to] = one.severityRange
        return [
          {
            ...labelLine(context, one, /^\*\*Severity:?\*\*/),
            message: `${from} to ${to} is not one severity; ${from} is assumed`,
            remedy: `Write ${from}, or split the trigger by threshold.`,
          },
        ]
      }),
  },
  {
    id: 'response-time-range',
    severity: 'info',
    summary: 'A response time that is a range, so nobody knows when it was missed',
    bad: incident(ALERT, TRIGGER, '**Severity:** P2', '**Response Time:** 15-30 minutes', IMPACT),
    good: incident(ALERT, TRIGGER, '**Severity:** P2', '**Response Time:** 15 minutes', IMPACT),
    check: (context) =>
      incidents(context).flatMap((one) => {
        const place = labelLine(context, one, /^\*\*Response Time:?\*\*.*\d\s*(?:-|–|to)\s*\d/)
        if (place.line === one.line) return []
        return [
          {
            ...place,
            message: 'a range is no limit: it cannot be missed before its end',
            remedy: 'Give one time, the one that is promised.',
          },
        ]
      }),
  },
  {
    id: 'procedure-without-impact',
    severity: 'info',
    summary: 'A procedure for an incident that does not say what users notice',
    bad: incident(ALERT, TRIGGER, '**Severity:** P2'),
    good: incident(ALERT, TRIGGER, '**Severity:** P2', IMPACT),
    check: (context) =>
      incidents(context)
        .filter((one) => one.severity !== null && one.impact === null)
        .map((one) =>
          atHeading(
            one,
            `"${one.title}" does not say what it means for users`,
            'Add "**Impact:** …"; it goes into the first message to people.',
          ),
        ),
  },
  {
    id: 'rate-against-per-cent',
    severity: 'error',
    summary: 'A rate per second compared with a fraction where the page speaks of per cent',
    bad: [
      incident(ALERT, TRIGGER, '**Severity:** P2', IMPACT),
      '```promql',
      'sum(rate(http_requests_total{code=~"5.."}[5m])) > 0.05',
      '```',
      '',
    ].join('\n'),
    good: [
      incident(ALERT, TRIGGER, '**Severity:** P2', IMPACT),
      '```promql',
      'sum(rate(http_requests_total{code=~"5.."}[5m])) / sum(rate(http_requests_total[5m])) > 0.05',
      '```',
      '',
    ].join('\n'),
    check: (context) => context.runbook.procedures.flatMap((procedure) => ratesIn(context, procedure)),
  },
]

const RATE_COMPARED = /\b(?:rate|irate|increase)\s*\([^#\n]*?[)\]]\s*(?:>=?|<=?)\s*0?\.\d+/

function ratesIn({ lines }: LintContext, procedure: Procedure): Problem[] {
  if (procedure.trigger?.unit !== 'ratio') return []
  const out: Problem[] = []
  for (let line = procedure.line; line <= procedure.position.endLine; line += 1) {
    const text = lines[line - 1] ?? ''
    const match = RATE_COMPARED.exec(text)
    if (match === null || withoutQuotes(text).replace(/\/\//g, '').includes('/')) continue
    const bound = /[\d.]+$/.exec(match[0])?.[0] ?? ''
    out.push({
      line,
      column: match.index + 1,
      message: `rate() counts per second and per series: > ${bound} is ${bound} events a second, not the ${Math.round((procedure.trigger.threshold ?? 0) * 1000) / 10} % that the trigger states`,
      remedy: 'Divide: sum(rate(errors[5m])) / sum(rate(all[5m])), and compare that with the fraction.',
    })
  }
  return out
}

const withoutQuotes = (text: string): string =>
  text.replace(/"[^"]*"|'[^']*'/g, '').replace(/https?:\S+/g, '')
