import { assertNever } from '../base/error.ts'
import { defaultTemplate, queueMessage, renderMessage, templateFor } from '../communication/index.ts'
import type { Facts, MessageKind } from '../communication/index.ts'
import type { Transaction } from '../db/index.ts'
import { SEVERITY_POLICY } from '../incident/index.ts'
import type { SeverityLevel } from '../incident/index.ts'
import { duration } from '../review/index.ts'
import type { CommunicationTemplate } from '../runbook/index.ts'
import type { WorkflowContext } from '../workflow/index.ts'
import type { ResponseDeps, RunHandle } from './deps.ts'

/** Stage 7: queues one message from the page's own template, filled from rows. Queuing the same one again is a no-op. */
export async function tell(
  deps: ResponseDeps,
  context: WorkflowContext,
  request: {
    kind: MessageKind
    incidentId: string
    run: RunHandle | null
    attempt: number
    facts?: Facts
  },
): Promise<void> {
  await context.transaction(`tell ${request.kind} ${request.attempt}`, async (trx) => {
    const templates = await templatesFor(deps, request.run)
    const template = templateFor(templates, request.kind) ?? defaultTemplate(request.kind)
    const facts = { ...(await factsOf(trx, request.incidentId, request.run)), ...request.facts }
    const rendered = renderMessage(template, facts)
    // opened again it is told again
    const round = (deps.round ?? 1) > 1 ? `${deps.round}.` : ''
    await queueMessage(trx, deps.clock.now(), {
      incidentId: request.incidentId,
      kind: request.kind,
      channel: deps.channel,
      target: rendered.channel,
      body: rendered.body,
      dedupKey: `${request.incidentId}:${request.kind}:${round}${request.attempt}`,
    })
  })
}

/** Templates of the run's page, else of any page that has some. */
async function templatesFor(
  deps: ResponseDeps,
  run: RunHandle | null,
): Promise<readonly CommunicationTemplate[]> {
  const pages = await deps.pages()
  const own = pages.find((page) => page.path === run?.pagePath)?.runbook.templates ?? []
  return own.length > 0 ? own : pages.flatMap((page) => page.runbook.templates)
}

async function factsOf(trx: Transaction, incidentId: string, run: RunHandle | null): Promise<Facts> {
  const incident = await trx
    .selectFrom('incident')
    .selectAll()
    .where('id', '=', incidentId)
    .executeTakeFirstOrThrow()
  const measured = await trx
    .selectFrom('timeline_entry')
    .select(['data'])
    .where('incident_id', '=', incidentId)
    .where('kind', 'in', ['signal.measured', 'verification.passed', 'verification.failed'])
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst()
  const latest = await trx
    .selectFrom('timeline_entry')
    .select('message')
    .where('incident_id', '=', incidentId)
    .where('kind', 'not like', 'message.%')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst()
  const value = (measured?.data as { value?: unknown } | undefined)?.value
  const minutes = SEVERITY_POLICY[incident.severity as SeverityLevel].responseTimeMinutes
  const end = incident.resolved_at ?? null
  return {
    title: incident.title,
    severity: incident.severity,
    service: incident.service ?? 'unknown service',
    time: `${incident.opened_at.toISOString().slice(11, 16)} UTC`,
    alert: incident.alert_name ?? '',
    incident: `INC-${incident.number}`,
    response_time: minutes === null ? 'next business day' : `${minutes} minutes`,
    expected_resolution: minutes === null ? 'next business day' : `${minutes} minutes`,
    actor: incident.acknowledged_by ?? 'erlmcp',
    ...(typeof value === 'number' ? { value: formatValue(value, run?.plan.trigger?.unit ?? 'ratio') } : {}),
    ...(latest === undefined ? {} : { update: latest.message }),
    ...(run === null ? {} : { runbook: `${run.pagePath}:${run.plan.line}` }),
    ...(end === null
      ? {}
      : { duration: duration(Math.round((end.getTime() - incident.opened_at.getTime()) / 1_000)) }),
  }
}

/** A value with its unit, as people read it: 0.085 as a ratio is "8.50 %". */
export function formatValue(value: number, unit: 'ratio' | 'seconds' | 'bytes' | 'count'): string {
  switch (unit) {
    case 'ratio':
      return `${(value * 100).toFixed(2)} %`
    case 'seconds':
      return `${value.toFixed(3)} s`
    case 'bytes':
      return `${(value / 1_048_576).toFixed(1)} MiB`
    case 'count':
      return String(value)
    default:
      return assertNever(unit)
  }
}
