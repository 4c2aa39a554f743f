import type { Policy } from '../access/index.ts'
import { appendAudit, SYSTEM_ACTOR } from '../access/index.ts'
import type { SeverityLevel } from '../incident/index.ts'
import { failureOf } from '../kubernetes/index.ts'
import type { KubectlResult } from '../kubernetes/index.ts'
import { addDutyEvent } from '../rollout/index.ts'
import type { ChangeCommand, ChangeDeps, OpenCluster } from '../rollout/index.ts'
import type { WorkflowContext, WorkflowEngine } from '../workflow/index.ts'
import type { WindowPart } from './plan.ts'
import type { Session, WindowRow } from './store.ts'

export interface MaintenanceDeps extends Pick<
  ChangeDeps,
  'database' | 'clock' | 'clusters' | 'tell' | 'delay' | 'now' | 'pollMs'
> {
  policy?: Policy
  engine: Pick<WorkflowEngine, 'start'>
  settings: { readyTimeoutMs: number; commandTimeoutMs: number; severity: SeverityLevel }
}

/** A window under way. */
export interface Carrying {
  deps: MaintenanceDeps
  context: WorkflowContext
  window: WindowRow
  session: Session
}

/** One command, at most once. @returns why it did not work, or `null`. */
export async function runOnce(
  { deps, context, session }: Carrying,
  name: string,
  part: WindowPart,
  command: ChangeCommand,
): Promise<string | null> {
  const outcome = await context.effect<KubectlResult>(
    name,
    {
      claim: (trx) =>
        addDutyEvent(trx, deps.clock.now(), {
          subject: session.id,
          kind: 'maintenance.command',
          actor: SYSTEM_ACTOR.id,
          message: command.text,
        }),
      settle: (trx, settled) =>
        appendAudit(trx, deps.clock.now(), {
          actor: SYSTEM_ACTOR,
          operation: 'maintenance.command',
          subject: session.id,
          outcome: settled.kind === 'done' && settled.value.code === 0 ? 'done' : 'failed',
          data: { command: command.text, state: settled.kind },
        }),
    },
    (signal) =>
      openPart(deps, part).kubectl.change(command.argv, {
        signal,
        timeoutMs: deps.settings.commandTimeoutMs,
      }),
  )
  if (outcome.kind === 'done') return outcome.value.code === 0 ? null : failureOf(outcome.value)
  if (outcome.kind === 'refused') return outcome.message
  return outcome.kind === 'failed' ? outcome.error : `its outcome is unknown: ${outcome.reason}`
}

export const openPart = (deps: Pick<MaintenanceDeps, 'clusters'>, part: WindowPart): OpenCluster =>
  deps.clusters.open({ service: part.service, workload: part.workload })
