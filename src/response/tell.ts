import { assertNever } from '../base/error.ts'
import {
  defaultTemplate,
  keptFacts,
  LANES,
  plainName,
  routeMessage,
  tellFromTemplate,
  templateFor,
} from '../communication/index.ts'
import type { Facts, MessageKind } from '../communication/index.ts'
import type { Transaction } from '../db/index.ts'
import { SEVERITY_POLICY } from '../incident/index.ts'
import type { SeverityLevel } from '../incident/index.ts'
import { duration } from '../review/index.ts'
import type { CommunicationTemplate } from '../runbook/index.ts'
import type { WorkflowContext } from '../workflow/index.ts'
import type { ResponseDeps, RunHandle } from './deps.ts'

interface Telling {
  kind: MessageKind
  incidentId: string
  run: Pick<RunHandle, 'pagePath' | 'plan'> | null
  facts?: Facts
}

/** Stage 7: queues one message from the page's own template, filled from rows. Queuing the same one again is a no-op. */
export async function tell(
  deps: ResponseDeps,
  context: WorkflowContext,
  request: Telling & { attempt: number },
): Promise<void> {
  await context.transaction(`tell ${request.kind} ${request.attempt}`, async (trx) => {
    // opened again it is told again
    const round = (deps.round ?? 1) > 1 ? `${deps.round}.` : ''
    await tellPeople(deps, trx, request, `${request.incidentId}:${request.kind}:${round}${request.attempt}`)
  })
}

export type TellDeps = Pick<ResponseDeps, 'pages' | 'clock' | 'routes' | 'hold'>

/** The same outside of a response: a person says how it stands. @returns what nobody has said yet. */
export async function tellPeople(
  deps: TellDeps,
  trx: Transaction,
  request: Telling,
  key: string,
): Promise<{ draftId: string | null; missing: string[] }> {
  const message = await composeMessage(deps, trx, request)
  return tellFromTemplate(trx, deps.clock.now(), {
    ...message,
    key,
    hold: deps.hold.includes(request.kind),
  })
}

/** The template that holds, what is known, and where it goes. */
export async function composeMessage(
  deps: Pick<TellDeps, 'pages' | 'routes'>,
  trx: Transaction,
  request: Telling,
) {
  const { kind, incidentId, run } = request
  const templates = await templatesFor(deps, run)
  const template = templateFor(templates, kind) ?? defaultTemplate(kind)
  const { severity, facts } = await factsOf(trx, incidentId, run)
  return {
    incidentId,
    kind,
    template,
    facts: { ...facts, ...(await keptFacts(trx, incidentId)), ...request.facts },
    route: routeMessage(template.channel, deps.routes),
    lane: severity === 'P1' ? LANES.first : LANES.normal,
  }
}

/** Templates of the run's page, else of any page that has some. */
async function templatesFor(
  deps: Pick<ResponseDeps, 'pages'>,
  run: Telling['run'],
): Promise<readonly CommunicationTemplate[]> {
  const pages = await deps.pages()
  const own = pages.find((page) => page.path === run?.pagePath)?.runbook.templates ?? []
  return own.length > 0 ? own : pages.flatMap((page) => page.runbook.templates)
}

async function factsOf(
  trx: Transaction,
  incidentId: string,
  run: Telling['run'],
): Promise<{ severity: string; facts: Facts }> {
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
  const impact = await trx
    .selectFrom('timeline_entry')
    .select('data')
    .where('incident_id', '=', incidentId)
    .where('kind', '=', 'failures.counted')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst()
  const failed = (impact?.data as { total?: unknown } | undefined)?.total
  const facts = {
    title: incident.title,
    severity: incident.severity,
    service: incident.service ?? 'unknown service',
    time: `${incident.opened_at.toISOString().slice(11, 16)} UTC`,
    alert: incident.alert_name ?? '',
    incident: `INC-${incident.number}`,
    response_time: minutes === null ? 'next business day' : `${minutes} minutes`,
    expected_resolution: minutes === null ? 'next business day' : `${minutes} minutes`,
    ...(incident.acknowledged_by === null ? {} : { actor: plainName(incident.acknowledged_by) }),
    ...(typeof value === 'number' ? { value: formatValue(value, run?.plan.trigger?.unit ?? 'ratio') } : {}),
    ...(typeof failed === 'number' ? { impact: `${failed} failed requests` } : {}),
    ...(latest === undefined ? {} : { update: latest.message }),
    runbook: run === null ? 'none fits' : `${run.pagePath}:${run.plan.line}`,
    ...(end === null ? {} : endFacts(incident, end)),
  }
  return { severity: incident.severity, facts }
}

const endFacts = (
  incident: { number: string; opened_at: Date; closing_reason: string | null },
  end: Date,
) => ({
  duration: duration(Math.round((end.getTime() - incident.opened_at.getTime()) / 1_000)),
  ...(incident.closing_reason === null ? {} : { resolution: incident.closing_reason }),
  review: `INC-${incident.number}`,
})

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
