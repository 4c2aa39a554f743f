import type { Deployment } from 'kubernetes-types/apps/v1.js'
import type { Actor } from '../access/index.ts'
import { appendAudit } from '../access/index.ts'
import { messageOf } from '../base/error.ts'
import { newId } from '../base/id.ts'
import { queueMessage } from '../communication/index.ts'
import type { Transaction } from '../db/index.ts'
import { withTransaction } from '../db/index.ts'
import { causeOf, diagnose } from '../diagnose/index.ts'
import { addTimeline, declareIncident } from '../incident/index.ts'
import { RESPONSE_WORKFLOW } from '../response/index.ts'
import type { WorkflowEngine } from '../workflow/index.ts'
import type { OpenCluster } from './cluster.ts'
import { CHANGE_WORKFLOW } from './execute.ts'
import type { ChangeDeps } from './execute.ts'
import type { GuardedRollout, GuardSettings } from './guard.ts'
import type { Revision } from './history.ts'
import { addDutyEvent } from './record.ts'
import { proposeChange } from './propose.ts'
import { planRollback } from './rollback.ts'
import type { ChangePlan } from './plan.ts'
import { moveChange } from './store.ts'

export interface GuardActDeps {
  engine: Pick<WorkflowEngine, 'start'>
  approvalTtlMs: number
}

interface Failure {
  opened: OpenCluster & { service: string }
  deployment: Deployment
  revisions: Revision[]
  row: GuardedRollout
  reason: string
}

/** The guard acts by its configuration, which an administrator wrote. */
export const GUARD_ACTOR: Actor = { id: 'system:guard', kind: 'system', role: 'viewer' }

type Deps = GuardActDeps & Pick<ChangeDeps, 'database' | 'clock' | 'tell'>

/** Undoes a failed rollout once: incident, change and word to people are one transaction, decided by the row. */
export async function actOnFailure(deps: Deps, failure: Failure, settings: GuardSettings): Promise<void> {
  const evidence = await evidenceOf(deps, failure)
  const changeId = newId('chg')
  const plan = wayBack(failure, changeId)
  await withTransaction(deps.database, async (trx) => {
    const at = deps.clock.now()
    const act = settings.mode === 'on' && typeof plan !== 'string'
    const won = await trx
      .updateTable('guarded_rollout')
      .set({
        state: settings.mode === 'dry-run' ? 'would-undo' : act ? 'undone' : 'failed',
        reason: failure.reason,
        ended_at: at,
        change_id: act ? changeId : null,
      }) // prettier-ignore
      .where('id', '=', failure.row.id)
      .where('state', '=', 'watching')
      .returning('id')
      .executeTakeFirst()
    if (won === undefined) return
    const does =
      typeof plan === 'string'
        ? `It cannot be undone: ${plan}`
        : settings.mode === 'dry-run'
          ? `It would be undone (dry run): ${plan.title}`
          : `It is undone: ${plan.title}`
    await note(trx, at, failure, does, evidence)
    if (settings.mode === 'on') await declare(deps, trx, failure, does, evidence, settings)
    if (act) await undo(deps, trx, failure, changeId, plan)
    await tell(deps, trx, failure, does, evidence)
  })
}

async function evidenceOf(deps: Deps, { opened, deployment }: Failure): Promise<string[]> {
  const request = { symptom: 'pod-wont-start' as const, workload: deployment.metadata?.name ?? '' }
  const { findings } = await diagnose({ kubectl: opened.kubectl, now: () => deps.clock.now() }, request)
  return findings.slice(0, 4).map(({ cause, about, evidence }) => `${causeOf(cause).says}: ${about}: ${evidence.join(' | ')}`) // prettier-ignore
}

/** The plan, or why there is none. */
function wayBack({ deployment, revisions, row, opened }: Failure, changeId: string): ChangePlan | string {
  if (row.previous === null) return 'there is no revision before it'
  try {
    const plan = planRollback({ deployment, revisions, to: row.previous, target: opened, changeId })
    const stop = plan.notes.find(({ level }) => level === 'stop')
    // what the release did to data cannot be judged here
    const migration = plan.notes.find(({ text }) => text.includes('irreversibl'))
    return stop === undefined && migration === undefined ? plan : (stop ?? migration)?.text ?? '' // prettier-ignore
  } catch (error) {
    return messageOf(error)
  }
}

const titleOf = ({ deployment, row }: Failure): string =>
  `The rollout of ${deployment.metadata?.name ?? ''} (revision ${row.revision}) has failed`

async function note(
  trx: Transaction,
  at: Date,
  failure: Failure,
  does: string,
  evidence: readonly string[],
): Promise<void> {
  const message = `${titleOf(failure)}: ${failure.reason}. ${does}`
  await addDutyEvent(trx, at, {
    subject: failure.row.id,
    kind: 'rollout.failed',
    actor: GUARD_ACTOR.id,
    message,
    data: { evidence },
  })
  await appendAudit(trx, at, {
    actor: GUARD_ACTOR,
    operation: 'guard.act',
    subject: failure.row.id,
    outcome: 'done',
    data: {
      workload: failure.row.workload,
      revision: failure.row.revision,
      reason: failure.reason,
      does,
      evidence,
    },
  })
}

async function declare(
  deps: Deps,
  trx: Transaction,
  failure: Failure,
  does: string,
  evidence: readonly string[],
  settings: GuardSettings,
): Promise<void> {
  const at = deps.clock.now()
  const { incidentId, declared } = await declareIncident(trx, at, {
    source: 'guard',
    groupKey: failure.row.id,
    title: titleOf(failure),
    severity: settings.severity,
    service: failure.opened.service,
    alertName: 'RolloutFailed',
    labels: {
      service: failure.opened.service,
      deployment: failure.row.workload,
      namespace: failure.row.namespace,
    },
    annotations: { description: `${failure.reason}. ${does}` },
  })
  await addTimeline(trx, at, {
    incidentId,
    kind: 'rollout.failed',
    actor: GUARD_ACTOR.id,
    message: `${failure.reason}. ${does}`,
    data: { evidence, revision: failure.row.revision },
  })
  await trx
    .updateTable('guarded_rollout')
    .set({ incident_id: incidentId })
    .where('id', '=', failure.row.id)
    .execute()
  if (declared) await deps.engine.start(trx, RESPONSE_WORKFLOW, incidentId, { incidentId })
}

/** The same way as a change that a person proposes; the approval is the configuration's, and says so. */
async function undo(
  deps: Deps,
  trx: Transaction,
  { opened, row, reason }: Failure,
  changeId: string,
  plan: ChangePlan,
): Promise<void> {
  const at = deps.clock.now()
  const { service, context, namespace } = opened
  const change = await proposeChange(trx, at, { id: changeId, plan, service, context, namespace, workload: row.workload, actor: GUARD_ACTOR, reason }) // prettier-ignore
  await trx
    .insertInto('duty_approval')
    .values({
      id: newId('apr'),
      subject: changeId,
      hash: change.hash,
      risk: plan.apply.risk,
      requested_by: GUARD_ACTOR.id,
      decided_by: GUARD_ACTOR.id,
      decided_at: at,
      expires_at: new Date(at.getTime() + deps.approvalTtlMs),
      reason: 'guard.mode is on in the configuration',
    })
    .execute()
  await moveChange(trx, changeId, ['proposed'], { state: 'approved' })
  await deps.engine.start(trx, CHANGE_WORKFLOW, changeId, { changeId })
}

async function tell(
  deps: Deps,
  trx: Transaction,
  failure: Failure,
  does: string,
  evidence: readonly string[],
): Promise<void> {
  for (const place of deps.tell) {
    await queueMessage(trx, deps.clock.now(), {
      ...place,
      incidentId: null,
      kind: 'guard',
      subject: titleOf(failure),
      body: [`${titleOf(failure)}: ${failure.reason}.`, does, ...evidence.map((line) => `- ${line}`)].join(
        '\n',
      ),
      dedupKey: `${failure.row.id}:${place.channel}:${place.target ?? ''}`,
    })
  }
}
