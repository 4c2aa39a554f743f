import { addTimeline } from '../incident/index.ts'
import { knownValues, planProcedure, startRun } from '../run/index.ts'
import type { Plan } from '../run/index.ts'
import type { Procedure } from '../runbook/index.ts'
import type { WorkflowContext } from '../workflow/index.ts'
import type { ResponseDeps, RunHandle, Service } from './deps.ts'
import { findProcedure } from './match.ts'

/** Stages 3 and 4: the page for the incident's alert, and the run over that revision of it. `null`: no page fits. */
export async function findRunbook(
  deps: ResponseDeps,
  context: WorkflowContext,
  incidentId: string,
): Promise<RunHandle | null> {
  // before the transaction: reading pages may need a connection of its own, and an alert storm takes all there are
  const pages = await deps.pages()
  return context.transaction('find the runbook', async (trx) => {
    const at = deps.clock.now()
    const incident = await trx
      .selectFrom('incident')
      .selectAll()
      .where('id', '=', incidentId)
      .executeTakeFirstOrThrow()
    const labels = incident.labels as Record<string, string>
    const match = findProcedure(pages, {
      name: incident.alert_name ?? '',
      labels,
      annotations: incident.annotations as Record<string, string>,
    })
    if (match === null) {
      await addTimeline(trx, at, {
        incidentId,
        kind: 'runbook.missing',
        actor: 'system:erlmcp',
        message: `No runbook fits ${incident.alert_name ?? 'this alert'}; a person has to find the way`,
      })
      return null
    }
    const { plan, service } = planFor(deps.service, match.procedure, incident.service, labels)
    const runId = await startRun(trx, at, incidentId, match.page, plan, match.how)
    return { runId, incidentId, serviceName: service.name, plan, pagePath: match.page.path }
  })
}

/** The plan of a procedure for a service, with every value that is known. */
export function planFor(
  serviceOf: ResponseDeps['service'],
  procedure: Procedure,
  serviceName: string | null,
  labels: Record<string, string>,
): { plan: Plan; service: Service } {
  const service = serviceOf(procedure.service ?? serviceName)
  const values = knownValues(inputNames(procedure), service, labels, procedure.inputs ?? [])
  return { plan: planProcedure(procedure, { target: service.target, values }), service }
}

function inputNames(procedure: Procedure): Set<string> {
  const names = new Set<string>()
  for (const phase of procedure.phases) {
    for (const step of phase.steps) {
      const commands = [
        ...step.commands,
        ...(step.alternatives ?? []).flatMap((alternative) => alternative.commands),
      ]
      for (const command of commands) for (const input of command.inputs) names.add(input.name)
    }
  }
  return names
}
