import type { ReplicaSet } from 'kubernetes-types/apps/v1.js'
import type { Pod } from 'kubernetes-types/core/v1.js'
import { createObject } from '../api/write.ts'
import { removeObject } from '../api/remove.ts'
import {
  apiTime,
  controllerOf,
  isDeleting,
  labelsOf,
  metaOf,
  nameOf,
  nameSuffix,
  namespaceOf,
} from '../object.ts'
import type { KubeObject } from '../object.ts'
import { findType } from '../resources.ts'
import { matchesSelector } from '../selector.ts'
import { ApiStatusError } from '../status.ts'
import { isActive, isReady } from './deps.ts'
import type { ControllerDeps } from './deps.ts'

/** How long a refused creation of a pod is not tried again. */
const RETRY_MS = 5_000

/** Keeps as many pods as each replica set asks for. */
export function syncReplicaSets(deps: ControllerDeps): void {
  for (const set of deps.context.store.list('replicasets.apps')) {
    if (!isDeleting(set)) syncReplicaSet(deps, set)
  }
}

function syncReplicaSet(deps: ControllerDeps, set: ReplicaSet): void {
  const pods = ownPods(deps, set).filter(isActive)
  const wanted = set.spec?.replicas ?? 1
  let failure = recentFailure(deps, set)
  for (let count = pods.length; count < wanted && failure === null; count += 1) failure = createPod(deps, set)
  for (const pod of toRemove(pods, pods.length - wanted)) removePod(deps, set, pod)
  report(deps, set, failure)
}

/** Why the last attempt to create a pod failed, as long as it is too early for the next. */
function recentFailure(deps: ControllerDeps, set: ReplicaSet): string | null {
  const condition = set.status?.conditions?.find((item) => item.type === 'ReplicaFailure')
  const since = deps.context.now().getTime() - Date.parse(condition?.lastTransitionTime ?? '')
  return since < RETRY_MS ? (condition?.message ?? null) : null
}

/** The set's pods. One whose labels no longer fit is let go, and one that fits and is nobody's is taken. */
function ownPods(deps: ControllerDeps, set: ReplicaSet): Pod[] {
  const uid = metaOf(set).uid ?? ''
  return deps.context.store.list('pods', namespaceOf(set)).filter((pod) => {
    const owner = controllerOf(pod)
    const fits = matchesSelector(set.spec?.selector, labelsOf(pod))
    if (owner === uid && !fits) changeOwner(deps, pod, [])
    if (owner === undefined && fits && isActive(pod)) changeOwner(deps, pod, [ownerReference(set)])
    return fits && (owner === uid || owner === undefined)
  })
}

function changeOwner(deps: ControllerDeps, pod: Pod, owners: ReturnType<typeof ownerReference>[]): void {
  deps.context.store.update('pods', namespaceOf(pod), nameOf(pod), (draft) => {
    draft.metadata = { ...draft.metadata, ownerReferences: owners }
  })
}

const ownerReference = (set: ReplicaSet) => ({
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  name: nameOf(set),
  uid: metaOf(set).uid ?? '',
  controller: true,
  blockOwnerDeletion: true,
})

/** @returns why the pod could not be created; `null` when it was */
function createPod(deps: ControllerDeps, set: ReplicaSet): string | null {
  const type = findType('', 'v1', 'pods')
  const template = set.spec?.template
  if (type === undefined || template === undefined) return null
  const name = `${nameOf(set)}-${nameSuffix()}`
  const pod = {
    metadata: {
      ...template.metadata,
      name,
      generateName: `${nameOf(set)}-`,
      ownerReferences: [ownerReference(set)],
    },
    spec: template.spec,
  }
  try {
    createObject(deps.context, type, namespaceOf(set), pod, { dryRun: false })
  } catch (error) {
    if (!(error instanceof ApiStatusError)) throw error
    event(deps, set, 'Warning', 'FailedCreate', `Error creating: ${error.message}`)
    return error.message
  }
  event(deps, set, 'Normal', 'SuccessfulCreate', `Created pod: ${name}`)
  return null
}

/** Pods to end first: without a node, pending, not ready, and then the youngest. */
function toRemove(pods: readonly Pod[], count: number): Pod[] {
  if (count <= 0) return []
  const rank = (pod: Pod): number =>
    (pod.spec?.nodeName === undefined ? 0 : 1) +
    (pod.status?.phase === 'Running' ? 2 : 0) +
    (isReady(pod) ? 4 : 0)
  const youngestFirst = (a: Pod, b: Pod): number =>
    (b.metadata?.creationTimestamp ?? '').localeCompare(a.metadata?.creationTimestamp ?? '')
  return [...pods].sort((a, b) => rank(a) - rank(b) || youngestFirst(a, b)).slice(0, count)
}

function removePod(deps: ControllerDeps, set: ReplicaSet, pod: Pod): void {
  const type = findType('', 'v1', 'pods')
  if (type === undefined) return
  const options = { gracePeriodSeconds: undefined, propagation: 'Background', dryRun: false }
  removeObject(deps.context, type, pod as KubeObject, options, undefined)
  event(deps, set, 'Normal', 'SuccessfulDelete', `Deleted pod: ${nameOf(pod)}`)
}

function report(deps: ControllerDeps, set: ReplicaSet, failure: string | null): void {
  const pods = ownPods(deps, set).filter(isActive)
  const ready = pods.filter(isReady).length
  deps.context.store.update('replicasets.apps', namespaceOf(set), nameOf(set), (draft) => {
    const known = draft.status?.conditions?.[0]
    const since = known?.message === failure ? (known?.lastTransitionTime ?? '') : apiTime(deps.context.now())
    draft.status = {
      replicas: pods.length,
      ...(pods.length > 0 ? { fullyLabeledReplicas: pods.length } : {}),
      ...(ready > 0 ? { readyReplicas: ready, availableReplicas: ready } : {}),
      observedGeneration: draft.metadata?.generation ?? 1,
      ...(failure === null ? {} : { conditions: [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: failure, lastTransitionTime: since }] }),
    }
  }) // prettier-ignore
}

function event(
  deps: ControllerDeps,
  set: ReplicaSet,
  type: 'Normal' | 'Warning',
  reason: string,
  message: string,
): void {
  deps.events.record('replicasets.apps', set, { type, reason, message, component: 'replicaset-controller' })
}
