import { createHash } from 'node:crypto'
import { delay } from '../../base/clock.ts'
import { AppError, messageOf } from '../../base/error.ts'
import type { Condition } from '../../runbook/index.ts'
import type { Host, Row } from '../story/index.ts'
import { fits } from '../story/index.ts'
import { atSpeed, firingSeries } from './firing.ts'
import type { FiringSeries, ProcedureRule } from './firing.ts'
import type { Scenario } from './schema.ts'

const LOOK_EVERY_MS = 500

/**
 * What a Prometheus rule with `for:` does, on the page's own trigger.
 * @throws Error naming the last measurement when the limit passes first.
 */
export async function waitForTrigger(
  deps: { host: Pick<Host, 'measure'>; trigger: Condition; service: string; speed: number; now(): Date },
  limit: AbortSignal,
): Promise<number> {
  const { signal, threshold, comparison, forSeconds } = deps.trigger
  if (signal === null || threshold === null || comparison === null) {
    throw new AppError('input_invalid', 'the trigger of the procedure has no number to compare with', {
      action: 'Give the page a trigger such as "Error rate > 5% for 1 minute".',
    })
  }
  const holdMs = ((forSeconds ?? 0) * 1_000) / deps.speed
  let since: number | null = null
  for (;;) {
    const last = await deps.host.measure(deps.service, signal)
    const now = deps.now().getTime()
    if (!fits(last, comparison, threshold)) since = null
    else {
      since ??= now
      if (last !== null && now - since >= holdMs) return last
    }
    await delay(LOOK_EVERY_MS, limit).catch(() => {
      throw new Error(
        `the alert did not fire: ${deps.trigger.text}; the last measurement was ${last ?? 'none'}`,
      )
    })
  }
}

/**
 * What Prometheus and Alertmanager do with the page's own rule: its expression has to give something for the whole of
 * `for`. Of what fires the worst is told of, with its labels.
 * @throws Error naming the expression when the limit passes first
 */
export async function waitForRule(
  deps: { prometheusUrl: string; rule: ProcedureRule; speed: number; now(): Date },
  limit: AbortSignal,
): Promise<FiringSeries> {
  const expr = atSpeed(deps.rule.expr, deps.speed)
  const holdMs = (deps.rule.forSeconds * 1_000) / deps.speed
  let since: number | null = null
  let problem = ''
  for (;;) {
    const [worst] = await firingSeries(deps.prometheusUrl, expr, limit).catch((error: unknown) => {
      problem = `; ${messageOf(error)}`
      return []
    })
    const now = deps.now().getTime()
    if (worst === undefined) since = null
    else {
      since ??= now
      if (now - since >= holdMs) return worst
    }
    await delay(LOOK_EVERY_MS, limit).catch(() => {
      throw new Error(`the alert did not fire: ${expr.replaceAll(/\s+/g, ' ')}${problem}`)
    })
  }
}

/** The webhook that Alertmanager would send. `rehearsal` keeps the alert apart from those of other rehearsals. */
export function webhookOf(
  scenario: Pick<Scenario, 'alert' | 'title' | 'page' | 'procedure'>,
  startsAt: Date,
  rehearsal: string,
  labelsOfTarget: Record<string, string> = {},
): Row {
  const groupLabels = {
    alertname: scenario.alert.name,
    ...scenario.alert.labels,
    ...labelsOfTarget,
    rehearsal,
  }
  const annotations = { summary: scenario.title, runbook_url: `${scenario.page}#${scenario.procedure}` }
  const alert = {
    status: 'firing',
    labels: groupLabels,
    annotations,
    startsAt: startsAt.toISOString(),
    endsAt: '0001-01-01T00:00:00Z',
    generatorURL: '',
    fingerprint: createHash('sha256').update(JSON.stringify(groupLabels)).digest('hex').slice(0, 16),
  }
  return {
    version: '4',
    groupKey: `{}:{alertname="${scenario.alert.name}", rehearsal="${rehearsal}"}`,
    truncatedAlerts: 0,
    status: 'firing',
    receiver: 'erlmcp',
    groupLabels,
    commonLabels: groupLabels,
    commonAnnotations: annotations,
    externalURL: 'http://alertmanager.example',
    alerts: [alert],
  }
}
