import { parse } from 'yaml'
import { z } from 'zod'
import { alertingRules } from '../../runbook/index.ts'
import type { MatchPage } from '../../runbook/index.ts'

/** The alerting rule of one procedure, as `erlmcp runbook rules` writes it. */
export interface ProcedureRule {
  expr: string
  forSeconds: number
}

/** What an expression gives for one thing that is at fault. */
export interface FiringSeries {
  labels: Record<string, string>
  value: number
}

const ruleFile = z.object({
  groups: z.array(
    z.object({
      rules: z.array(
        z.object({ expr: z.string(), for: z.string(), annotations: z.object({ runbook_url: z.string() }) }),
      ),
    }),
  ),
})

/** The rule that the procedure's trigger states for a namespace; `null` where it states none that can be measured. */
export function ruleOf(page: MatchPage, procedureId: string, namespace: string): ProcedureRule | null {
  const { yaml } = alertingRules([page], { selector: `namespace="${namespace}"` })
  const rules = ruleFile.parse(parse(yaml)).groups.flatMap((group) => group.rules)
  const rule = rules.find((candidate) => candidate.annotations.runbook_url.endsWith(`#${procedureId}`))
  return rule === undefined ? null : { expr: rule.expr, forSeconds: secondsOf(rule.for) }
}

/** Five scrapes of the sandbox's Prometheus: less than that is no rate. */
const SHORTEST_WINDOW_SECONDS = 10

/** Time that passes faster shortens the windows of an expression too, as far as there is something to measure in them. */
export const atSpeed = (expr: string, speed: number): string =>
  expr.replaceAll(/\[(\d+[smhd])\]/g, (_whole, window: string) => {
    const seconds = secondsOf(window)
    return `[${Math.round(Math.max(seconds / speed, Math.min(seconds, SHORTEST_WINDOW_SECONDS)))}s]`
  })

const UNITS: Record<string, number> = { s: 1, m: 60, h: 3_600, d: 86_400 }

const secondsOf = (duration: string): number =>
  [...duration.matchAll(/(\d+)([smhd])/g)].reduce((sum, [, count, unit = 's']) => sum + Number(count) * (UNITS[unit] ?? 1), 0) // prettier-ignore

const reply = z.object({
  data: z.object({
    resultType: z.literal('vector'),
    result: z.array(
      z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) }),
    ),
  }),
})

const QUERY_TIMEOUT_MS = 5_000

/**
 * Asks Prometheus for what fires now; the highest value first. Empty where nothing does.
 * @throws Error when Prometheus does not answer or refuses the expression
 */
export async function firingSeries(prometheusUrl: string, expr: string, signal: AbortSignal): Promise<FiringSeries[]> {
  const url = `${prometheusUrl.replace(/\/+$/, '')}/api/v1/query?query=${encodeURIComponent(expr)}`
  const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(QUERY_TIMEOUT_MS)]) })
  const body: unknown = await response.json()
  if (!response.ok) throw new Error(`Prometheus refused the expression: ${JSON.stringify(body).slice(0, 300)}`)
  return reply
    .parse(body)
    .data.result.map(({ metric: { __name__: _name, ...labels }, value }) => ({ labels, value: Number(value[1]) }))
    .sort((a, b) => b.value - a.value)
} // prettier-ignore
