import type { Deployment, DeploymentCondition, ReplicaSet } from 'kubernetes-types/apps/v1.js'
import { apiTime, nameOf, namespaceOf } from '../object.ts'
import { share } from './deps.ts'
import type { ControllerDeps } from './deps.ts'

/** Sums up the replica sets and says whether the rollout moves on, is done, or is stuck. */
export function reportDeployment(
  deps: ControllerDeps,
  deployment: Deployment,
  sets: readonly ReplicaSet[],
  freshName: string | null,
): void {
  const before = deps.context.store.find('deployments.apps', namespaceOf(deployment), nameOf(deployment))
  if (before === undefined) return
  const fresh = sets.find((set) => nameOf(set) === freshName)
  const sum = (field: 'replicas' | 'readyReplicas' | 'availableReplicas') =>
    sets.reduce((total, set) => total + (set.status?.[field] ?? 0), 0)
  const desired = before.spec?.replicas ?? 1
  const counts = {
    replicas: sum('replicas'),
    updatedReplicas: fresh?.status?.replicas ?? 0,
    readyReplicas: sum('readyReplicas'),
    availableReplicas: sum('availableReplicas'),
  }
  const missing = Math.max(0, Math.max(desired, counts.replicas) - counts.availableReplicas)
  const conditions = [
    availability(deps, before, counts.availableReplicas),
    progress(deps, before, counts, freshName),
  ]
  deps.context.store.update('deployments.apps', namespaceOf(deployment), nameOf(deployment), (draft) => {
    const observedGeneration = before.metadata?.generation ?? 1
    const shown = Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0))
    draft.status = {
      observedGeneration,
      ...shown,
      ...(missing > 0 ? { unavailableReplicas: missing } : {}),
      conditions: conditions.filter((item) => item !== null),
    }
  })
}

interface Counts {
  replicas: number
  updatedReplicas: number
  readyReplicas: number
  availableReplicas: number
}

function availability(deps: ControllerDeps, deployment: Deployment, available: number): DeploymentCondition {
  const desired = deployment.spec?.replicas ?? 1
  const allowed = share(deployment.spec?.strategy?.rollingUpdate?.maxUnavailable, desired, 'down')
  const good = available >= desired - allowed
  return settle(deps, deployment, {
    type: 'Available',
    status: good ? 'True' : 'False',
    reason: good ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
    message: good ? 'Deployment has minimum availability.' : 'Deployment does not have minimum availability.',
  })
}

function progress(
  deps: ControllerDeps,
  deployment: Deployment,
  counts: Counts,
  freshName: string | null,
): DeploymentCondition | null {
  const present = deployment.status?.conditions?.find((item) => item.type === 'Progressing')
  const subject = freshName === null ? `Deployment "${nameOf(deployment)}"` : `ReplicaSet "${freshName}"`
  const make = (status: string, reason: string, message: string, touch = false) =>
    settle(deps, deployment, { type: 'Progressing', status, reason, message }, touch)
  if (deployment.spec?.paused === true) return make('Unknown', 'DeploymentPaused', 'Deployment is paused')
  const desired = deployment.spec?.replicas ?? 1
  const complete =
    counts.updatedReplicas === desired && counts.replicas === desired && counts.availableReplicas === desired
  if (complete) return make('True', 'NewReplicaSetAvailable', `${subject} has successfully progressed.`)
  const sameRollout = present?.message?.includes(subject) === true
  if (present?.reason === 'NewReplicaSetAvailable' && sameRollout) return present
  if (present === undefined || !sameRollout)
    return make('True', 'ReplicaSetUpdated', `${subject} is progressing.`, true)
  if (moved(deployment, counts)) return make('True', 'ReplicaSetUpdated', `${subject} is progressing.`, true)
  if (present.reason === 'ProgressDeadlineExceeded') return present
  const deadlineMs = ((deployment.spec?.progressDeadlineSeconds ?? 600) * 1_000) / deps.speed
  const since = Date.parse(present.lastUpdateTime ?? apiTime(deps.context.now()))
  if (deps.context.now().getTime() - since < deadlineMs) return present
  return make('False', 'ProgressDeadlineExceeded', `${subject} has timed out progressing.`)
}

/** More new pods, fewer old ones, or more that work. */
function moved(deployment: Deployment, counts: Counts): boolean {
  const was = deployment.status ?? {}
  const old = (was.replicas ?? 0) - (was.updatedReplicas ?? 0)
  return (
    counts.updatedReplicas > (was.updatedReplicas ?? 0) ||
    counts.replicas - counts.updatedReplicas < old ||
    counts.readyReplicas > (was.readyReplicas ?? 0) ||
    counts.availableReplicas > (was.availableReplicas ?? 0)
  )
}

/** Keeps the times of a condition that says the same as before. */
function settle(
  deps: ControllerDeps,
  deployment: Deployment,
  wanted: Omit<DeploymentCondition, 'lastUpdateTime' | 'lastTransitionTime'>,
  touch = false,
): DeploymentCondition {
  const now = apiTime(deps.context.now())
  const before = deployment.status?.conditions?.find((item) => item.type === wanted.type)
  const transition = before?.status === wanted.status ? (before?.lastTransitionTime ?? now) : now
  const same = before?.reason === wanted.reason && before?.message === wanted.message && !touch
  return {
    ...wanted,
    lastUpdateTime: same ? (before?.lastUpdateTime ?? now) : now,
    lastTransitionTime: transition,
  }
}
