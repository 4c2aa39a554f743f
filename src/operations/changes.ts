import type { Actor, Circumstances } from '../access/index.ts'
import { appendAudit } from '../access/index.ts'
import { AppError } from '../base/error.ts'
import { newId } from '../base/id.ts'
import { withTransaction } from '../db/index.ts'
import { takeSnapshot } from '../kubernetes/index.ts'
import {
  addDutyEvent,
  approveChange,
  changeName,
  findChange,
  listChanges,
  moveChange,
  planHorizontal,
  planRollback,
  planVertical,
  proposeChange,
  readDeployment,
  readReplicaSets,
  recommend,
  revisionsOf,
  templateDiff,
} from '../rollout/index.ts'
import type { ChangePlan, OpenCluster, PlannedChange, Revision } from '../rollout/index.ts'
import type { InputOf } from './catalogue.ts'
import { workloadOf } from './cluster-desk.ts'
import { openNamed } from './cluster.ts'
import type { HandlersOf, OperationDeps } from './deps.ts'

type ChangeVerb =
  | `rollout.${'history' | 'undo'}`
  | 'guard.list'
  | `scale.${'horizontal' | 'vertical' | 'recommend'}`
  | `change.${'list' | 'show' | 'approve' | 'break-glass' | 'cancel'}`

export const changeHandlers: HandlersOf<ChangeVerb> = {
  'rollout.history': (deps, _actor, input) => history(deps, input),
  'rollout.undo': undo,
  'guard.list': (deps, _actor, input) => listGuarded(deps, input),
  'scale.horizontal': scaleHorizontally,
  'scale.vertical': scaleVertically,
  'scale.recommend': (deps, _actor, input) => recommendation(deps, input),
  'change.list': (deps, _actor, input) => list(deps, input),
  'change.show': async (deps, _actor, input) => show(deps, await findChange(deps.database.kysely, input.id)),
  'change.approve': (deps, actor, input) => approve(deps, actor, input, false),
  'change.break-glass': (deps, actor, input) => approve(deps, actor, input, true),
  'change.cancel': cancel,
}

const ROOM = ['horizontalpodautoscalers', 'poddisruptionbudgets', 'resourcequotas', 'nodes', 'pods'] as const

async function history(deps: OperationDeps, input: InputOf<'rollout.history'>): Promise<unknown> {
  const { kubectl, workload, namespace } = openNamed(deps, input)
  const [deployment, sets] = await Promise.all([readDeployment(kubectl, workload), readReplicaSets(kubectl)])
  const revisions = revisionsOf(deployment, sets)
  const by = await whoDid(deps, workload, namespace)
  const managers = [...new Set((deployment.metadata?.managedFields ?? []).map(({ manager }) => manager ?? ''))] // prettier-ignore
  return {
    workload,
    namespace,
    revisions: revisions.map(({ template: _template, ...each }) => ({
      ...each,
      by: by.get(each.cause ?? '') ?? null,
    })),
    /** Programs that have written the Deployment; the cluster keeps no people. */
    writers: managers.filter((name) => name !== ''),
    diff: input.from === undefined ? null : templateDiff(pick(revisions, input.from), pick(revisions, input.to ?? null)), // prettier-ignore
  }
}

function pick(revisions: readonly Revision[], number: number | null): Revision {
  const found = revisions.find((each) => (number === null ? each.current : each.revision === number))
  if (found !== undefined) return found
  throw new AppError('not_found', `there is no revision ${number ?? 'that is current'}`, {
    action: `There are: ${revisions.map((each) => each.revision).join(', ') || 'none'}.`,
  })
}

/** Who proposed the change that carries this cause, where erlmcp did it. */
async function whoDid(
  deps: OperationDeps,
  workload: string,
  namespace: string,
): Promise<Map<string, string>> {
  const rows = await deps.database.kysely
    .selectFrom('planned_change')
    .select(['title', 'requested_by'])
    .where('workload', '=', workload)
    .where('namespace', '=', namespace)
    .where('state', '=', 'done')
    .orderBy('number', 'desc')
    .limit(100)
    .execute()
  return new Map(rows.map((row) => [row.title, row.requested_by]))
}

async function undo(deps: OperationDeps, actor: Actor, input: InputOf<'rollout.undo'>): Promise<unknown> {
  const opened = openNamed(deps, input)
  const [deployment, sets] = await Promise.all([
    readDeployment(opened.kubectl, opened.workload),
    readReplicaSets(opened.kubectl),
  ])
  const changeId = newId('chg')
  const revisions = revisionsOf(deployment, sets)
  const plan = planRollback({ deployment, revisions, to: input.toRevision ?? null, target: opened, changeId })
  return propose(deps, actor, opened, changeId, plan, input.reason)
}

async function scaleHorizontally(
  deps: OperationDeps,
  actor: Actor,
  input: InputOf<'scale.horizontal'>,
): Promise<unknown> {
  const opened = openNamed(deps, input)
  const [deployment, snapshot] = await Promise.all([
    readDeployment(opened.kubectl, opened.workload),
    takeSnapshot(opened.kubectl, ROOM),
  ])
  const changeId = newId('chg')
  const plan = planHorizontal({
    deployment,
    snapshot,
    target: opened,
    changeId,
    replicas: input.replicas,
  })
  return propose(deps, actor, opened, changeId, plan, input.reason)
}

async function scaleVertically(
  deps: OperationDeps,
  actor: Actor,
  input: InputOf<'scale.vertical'>,
): Promise<unknown> {
  const given = (cpu: string | undefined, memory: string | undefined) => ({
    ...(cpu === undefined ? {} : { cpu }),
    ...(memory === undefined ? {} : { memory }),
  })
  const resources = {
    requests: given(input.cpuRequest, input.memoryRequest),
    limits: given(input.cpuLimit, input.memoryLimit),
  }
  const opened = openNamed(deps, input)
  const [deployment, snapshot] = await Promise.all([
    readDeployment(opened.kubectl, opened.workload),
    takeSnapshot(opened.kubectl, ROOM),
  ])
  const changeId = newId('chg')
  const container = input.container ?? null
  const plan = planVertical({ deployment, snapshot, target: opened, changeId, container, resources })
  return propose(deps, actor, opened, changeId, plan, input.reason)
}

async function propose(
  deps: OperationDeps,
  actor: Actor,
  opened: OpenCluster & { workload: string },
  changeId: string,
  plan: ChangePlan,
  reason: string,
): Promise<unknown> {
  const { service, context, namespace, workload } = opened
  const change = await withTransaction(
    deps.database,
    (trx) =>
    proposeChange(trx, deps.clock.now(), { id: changeId, plan, service, context, namespace, workload, actor, reason }), // prettier-ignore
  )
  return show(deps, change)
}

async function recommendation(deps: OperationDeps, input: InputOf<'scale.recommend'>): Promise<unknown> {
  const opened = openNamed(deps, input)
  const { signals, workload, namespace } = opened
  if (signals?.kind !== 'prometheus') {
    throw new AppError('unsupported', `no Prometheus is configured for ${opened.service ?? workload}`, {
      action: 'Set `signals: { kind: prometheus, url: … }` of the service.',
    })
  }
  const deployment = await readDeployment(opened.kubectl, workload)
  const containers = deployment.spec?.template.spec?.containers ?? []
  const container = containers.find(({ name }) => name === input.container) ?? (containers.length === 1 ? containers[0] : undefined) // prettier-ignore
  if (container === undefined) {
    throw new AppError('input_invalid', 'it is not said which container is meant', {
      action: `Name one with --container: ${containers.map(({ name }) => name).join(', ')}.`,
    })
  }
  const request = { url: signals.url, namespace, workload, container: container.name, days: input.days }
  const advice = await recommend({ fetch: globalThis.fetch }, request)
  return { workload, namespace, now: container.resources ?? {}, ...advice }
}

async function list(deps: OperationDeps, input: InputOf<'change.list'>): Promise<unknown> {
  const workload = input.target === undefined ? null : workloadOf(input.target)
  const changes = await listChanges(deps.database, { workload, limit: input.limit })
  const now = deps.clock.now()
  return {
    changes: changes.map((change) => ({
      change: changeName(change),
      state: stateOf(change, now),
      title: change.title,
      requestedBy: change.requested_by,
      createdAt: change.created_at,
      outcome: change.outcome,
    })),
  }
}

const stateOf = (change: PlannedChange, now: Date): string =>
  change.state === 'proposed' && change.expires_at <= now ? 'expired' : change.state

async function show(deps: OperationDeps, change: PlannedChange): Promise<unknown> {
  const database = deps.database.kysely
  const [events, approvals] = await Promise.all([
    database.selectFrom('duty_event').select(['at', 'kind', 'actor', 'message']).where('subject', '=', change.id).orderBy('id').limit(200).execute(),
    database.selectFrom('duty_approval').select(['decided_by', 'decided_at', 'break_glass', 'consumed_at', 'reason']).where('subject', '=', change.id).execute(),
  ]) // prettier-ignore
  const { plan } = change
  return {
    id: change.id,
    change: changeName(change),
    kind: change.kind,
    state: stateOf(change, deps.clock.now()),
    title: change.title,
    service: change.service,
    context: change.context,
    namespace: change.namespace,
    workload: change.workload,
    requestedBy: change.requested_by,
    reason: change.reason,
    createdAt: change.created_at,
    expiresAt: change.expires_at,
    hash: change.hash,
    command: plan.apply.text,
    revert: plan.revert?.text ?? null,
    risk: plan.apply.risk,
    diff: plan.diff,
    notes: plan.notes,
    outcome: change.outcome,
    approvals: approvals.map((each) => ({
      by: each.decided_by,
      at: each.decided_at,
      breakGlass: each.break_glass,
      used: each.consumed_at !== null,
      reason: each.reason,
    })),
    events,
  }
}

async function approve(
  deps: OperationDeps,
  actor: Actor,
  input: { id: string; hash?: string | undefined; reason?: string | undefined },
  breakGlass: boolean,
): Promise<unknown> {
  const result = await withTransaction(deps.database, async (trx) => {
    const change = await findChange(trx, input.id)
    const by = {
      actor,
      reason: input.reason ?? null,
      breakGlass,
      hash: input.hash ?? null,
      ttlMs: deps.approvalTtlMs,
    }
    const approved = await approveChange(
      trx,
      deps.clock.now(),
      deps.engine,
      change,
      by,
      circumstances(deps, change),
    )
    return { change: changeName(change), id: change.id, ...approved }
  })
  return result
}

function circumstances(
  deps: OperationDeps,
  { service, context, namespace }: Pick<PlannedChange, 'service' | 'context' | 'namespace'>,
): Circumstances {
  return {
    ...(deps.policy === undefined ? {} : { policy: deps.policy.policy }),
    labels: service === null ? {} : { service },
    target: { kind: 'kubernetes', context: context ?? '', namespace },
  }
}

async function cancel(deps: OperationDeps, actor: Actor, input: InputOf<'change.cancel'>): Promise<unknown> {
  return withTransaction(deps.database, async (trx) => {
    const at = deps.clock.now()
    const change = await findChange(trx, input.id)
    const cancelled = await moveChange(trx, change.id, ['proposed', 'approved'], {
      state: 'cancelled',
      endedAt: at,
      outcome: input.reason,
    })
    if (cancelled) {
      const message = `${actor.id} withdrew it: ${input.reason}`
      await addDutyEvent(trx, at, { subject: change.id, kind: 'change.cancelled', actor: actor.id, message })
      await appendAudit(trx, at, {
        actor,
        operation: 'change.cancel',
        subject: change.id,
        outcome: 'done',
        data: { reason: input.reason },
      })
    }
    return { change: changeName(change), cancelled, state: cancelled ? 'cancelled' : change.state }
  })
}

async function listGuarded(deps: OperationDeps, input: InputOf<'guard.list'>): Promise<unknown> {
  const workload = input.target === undefined ? null : workloadOf(input.target)
  const rows = await deps.database.kysely
    .selectFrom('guarded_rollout')
    .selectAll()
    .$if(workload !== null, (query) => query.where('workload', '=', workload ?? ''))
    .orderBy('seen_at', 'desc')
    .limit(input.limit)
    .execute()
  return {
    rollouts: rows.map((row) => ({
      workload: row.workload,
      namespace: row.namespace,
      revision: row.revision,
      previous: row.previous,
      state: row.state,
      seenAt: row.seen_at,
      endedAt: row.ended_at,
      reason: row.reason,
      change: row.change_id,
      incident: row.incident_id,
    })),
  }
}
