import type { Deployment, ReplicaSet } from 'kubernetes-types/apps/v1.js'
import type { PodTemplateSpec } from 'kubernetes-types/core/v1.js'
import { createObject } from '../api/write.ts'
import {
  annotationsOf,
  canonical,
  controllerOf,
  isDeleting,
  metaOf,
  nameOf,
  namespaceOf,
  templateHash,
} from '../object.ts'
import type { KubeObject } from '../object.ts'
import { findType } from '../resources.ts'
import { share } from './deps.ts'
import type { ControllerDeps } from './deps.ts'
import { reportDeployment } from './deployment-status.ts'
import { nextSizes, scaledSizes } from './rollout.ts'

const REVISION = 'deployment.kubernetes.io/revision'
const DESIRED = 'deployment.kubernetes.io/desired-replicas'
const MAXIMUM = 'deployment.kubernetes.io/max-replicas'
const HISTORY = 'deployment.kubernetes.io/revision-history'
const HASH = 'pod-template-hash'
/** Annotations that stay with the deployment and are not copied to its replica sets. */
const OWN = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  REVISION,
  HISTORY,
  DESIRED,
  MAXIMUM,
  'deprecated.deployment.rollback.to',
])

/** Keeps the replica sets of every deployment in line with its template and its strategy. */
export function syncDeployments(deps: ControllerDeps): void {
  for (const deployment of deps.context.store.list('deployments.apps')) {
    if (!isDeleting(deployment)) syncDeployment(deps, deployment)
  }
}

function syncDeployment(deps: ControllerDeps, deployment: Deployment): void {
  const sets = setsOf(deps, deployment)
  const fresh = sets.find((set) => sameTemplate(set.spec?.template, deployment.spec?.template))
  const paused = deployment.spec?.paused === true
  if (fresh === undefined && !paused) {
    createSet(deps, deployment, sets)
    return
  }
  if (fresh !== undefined && !paused) adoptRevision(deps, deployment, fresh, sets)
  const present = setsOf(deps, deployment)
  const current = present.find((set) => nameOf(set) === (fresh === undefined ? '' : nameOf(fresh)))
  const old = present.filter((set) => set !== current)
  if (scalingAsked(deployment, present)) scaleAll(deps, deployment, present)
  else if (current !== undefined && !paused) roll(deps, deployment, current, old)
  if (current !== undefined && !paused) forgetHistory(deps, deployment, current, old)
  reportDeployment(deps, deployment, setsOf(deps, deployment), fresh === undefined ? null : nameOf(fresh))
}

/** Oldest revision first. */
export function setsOf(deps: ControllerDeps, deployment: Deployment): ReplicaSet[] {
  const uid = deployment.metadata?.uid
  return deps.context.store
    .list('replicasets.apps', namespaceOf(deployment))
    .filter((set) => controllerOf(set) === uid && !isDeleting(set))
    .sort((a, b) => revisionOf(a) - revisionOf(b))
}

export const revisionOf = (object: { metadata?: KubeObject['metadata'] }): number =>
  Number(object.metadata?.annotations?.[REVISION] ?? 0)

function sameTemplate(a: PodTemplateSpec | undefined, b: PodTemplateSpec | undefined): boolean {
  const plain = (template: PodTemplateSpec | undefined): string => {
    const { [HASH]: _hash, ...labels } = template?.metadata?.labels ?? {}
    return canonical({ spec: template?.spec, labels, annotations: template?.metadata?.annotations ?? {} })
  }
  return plain(a) === plain(b)
}

function createSet(deps: ControllerDeps, deployment: Deployment, sets: readonly ReplicaSet[]): void {
  const spec = deployment.spec
  const template = spec?.template
  if (spec === undefined || template === undefined) return
  const hash = templateHash({ template, collision: deployment.status?.collisionCount ?? 0 })
  const revision = String(Math.max(0, ...sets.map(revisionOf)) + 1)
  const labels = { ...template.metadata?.labels, [HASH]: hash }
  const size = firstSize(deployment, sets)
  const input = {
    metadata: {
      name: `${nameOf(deployment)}-${hash}`,
      namespace: namespaceOf(deployment),
      labels,
      annotations: { ...copied(deployment), [REVISION]: revision, ...sizeNotes(deployment) },
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'Deployment', name: nameOf(deployment), uid: metaOf(deployment).uid ?? '', controller: true, blockOwnerDeletion: true },
      ],
    },
    spec: {
      replicas: size,
      selector: { matchLabels: { ...spec.selector.matchLabels, [HASH]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  } // prettier-ignore
  const type = findType('apps', 'v1', 'replicasets')
  if (type === undefined) return
  createObject(deps.context, type, namespaceOf(deployment), input, { dryRun: false })
  setRevision(deps, deployment, revision)
  if (size > 0) scaled(deps, deployment, input.metadata.name, 0, size)
}

/** The new set begins with what the surge allows beside the pods that are there. */
function firstSize(deployment: Deployment, sets: readonly ReplicaSet[]): number {
  const desired = deployment.spec?.replicas ?? 1
  const present = sets.reduce((sum, set) => sum + (set.spec?.replicas ?? 0), 0)
  if (deployment.spec?.strategy?.type === 'Recreate') return present > 0 ? 0 : desired
  const surge = share(deployment.spec?.strategy?.rollingUpdate?.maxSurge, desired, 'up')
  return Math.max(0, Math.min(desired, desired + surge - present))
}

/** Going back to an earlier template gives its replica set a new, highest revision. */
function adoptRevision(
  deps: ControllerDeps,
  deployment: Deployment,
  fresh: ReplicaSet,
  sets: readonly ReplicaSet[],
): void {
  const highest = Math.max(...sets.filter((set) => set !== fresh).map(revisionOf), 0)
  const present = revisionOf(fresh)
  const revision = String(present > highest ? present : highest + 1)
  deps.context.store.update('replicasets.apps', namespaceOf(fresh), nameOf(fresh), (draft) => {
    const notes = annotationsOf(draft)
    const before = notes[REVISION]
    const history = before === undefined || before === revision ? {} : { [HISTORY]: [notes[HISTORY], before].filter((part) => part !== undefined).join(',') } // prettier-ignore
    draft.metadata = {
      ...draft.metadata,
      annotations: { ...notes, ...copied(deployment), [REVISION]: revision, ...history },
    }
  })
  setRevision(deps, deployment, revision)
}

function setRevision(deps: ControllerDeps, deployment: Deployment, revision: string): void {
  deps.context.store.update('deployments.apps', namespaceOf(deployment), nameOf(deployment), (draft) => {
    draft.metadata = { ...draft.metadata, annotations: { ...annotationsOf(draft), [REVISION]: revision } }
  })
}

function copied(deployment: Deployment): Record<string, string> {
  return Object.fromEntries(Object.entries(annotationsOf(deployment)).filter(([key]) => !OWN.has(key)))
}

function sizeNotes(deployment: Deployment): Record<string, string> {
  const desired = deployment.spec?.replicas ?? 1
  const surge = share(deployment.spec?.strategy?.rollingUpdate?.maxSurge, desired, 'up')
  return { [DESIRED]: String(desired), [MAXIMUM]: String(desired + surge) }
}

function scalingAsked(deployment: Deployment, sets: readonly ReplicaSet[]): boolean {
  return sets.some((set) => {
    const note = annotationsOf(set)[DESIRED]
    return (
      (set.spec?.replicas ?? 0) > 0 && note !== undefined && Number(note) !== (deployment.spec?.replicas ?? 1)
    )
  })
}

function scaleAll(deps: ControllerDeps, deployment: Deployment, sets: readonly ReplicaSet[]): void {
  const active = sets.filter((set) => (set.spec?.replicas ?? 0) > 0)
  const desired = deployment.spec?.replicas ?? 1
  const surge = share(deployment.spec?.strategy?.rollingUpdate?.maxSurge, desired, 'up')
  const wanted = active.length > 1 && desired > 0 ? desired + surge : desired
  const sizes = scaledSizes(active.map((set) => set.spec?.replicas ?? 0), wanted) // prettier-ignore
  for (const [index, set] of active.entries()) resize(deps, deployment, set, sizes[index] ?? 0)
}

function roll(
  deps: ControllerDeps,
  deployment: Deployment,
  fresh: ReplicaSet,
  old: readonly ReplicaSet[],
): void {
  const desired = deployment.spec?.replicas ?? 1
  if (deployment.spec?.strategy?.type === 'Recreate') {
    for (const set of old) resize(deps, deployment, set, 0)
    if (old.every((set) => (set.status?.replicas ?? 0) === 0)) resize(deps, deployment, fresh, desired)
    return
  }
  const active = old.filter((set) => (set.spec?.replicas ?? 0) > 0)
  const view = (set: ReplicaSet) => ({
    replicas: set.spec?.replicas ?? 0,
    available: set.status?.availableReplicas ?? 0,
  })
  const strategy = deployment.spec?.strategy?.rollingUpdate
  const step = nextSizes({
    desired,
    maxSurge: strategy?.maxSurge ?? '25%',
    maxUnavailable: strategy?.maxUnavailable ?? '25%',
    fresh: view(fresh),
    old: active.map(view),
  })
  resize(deps, deployment, fresh, step.fresh)
  for (const [index, set] of active.entries()) resize(deps, deployment, set, step.old[index] ?? 0)
}

function resize(deps: ControllerDeps, deployment: Deployment, set: ReplicaSet, size: number): void {
  const before = set.spec?.replicas ?? 0
  deps.context.store.update('replicasets.apps', namespaceOf(set), nameOf(set), (draft) => {
    if (draft.spec !== undefined) draft.spec.replicas = size
    draft.metadata = { ...draft.metadata, annotations: { ...annotationsOf(draft), ...sizeNotes(deployment) } }
  })
  if (size !== before) scaled(deps, deployment, nameOf(set), before, size)
}

function scaled(deps: ControllerDeps, deployment: Deployment, set: string, from: number, to: number): void {
  deps.events.record('deployments.apps', deployment, {
    type: 'Normal',
    reason: 'ScalingReplicaSet',
    message: `Scaled ${to > from ? 'up' : 'down'} replica set ${set} from ${from} to ${to}`,
    component: 'deployment-controller',
  })
}

function forgetHistory(
  deps: ControllerDeps,
  deployment: Deployment,
  fresh: ReplicaSet,
  old: readonly ReplicaSet[],
): void {
  const limit = deployment.spec?.revisionHistoryLimit ?? 10
  const idle = old.filter(
    (set) => set !== fresh && (set.spec?.replicas ?? 0) === 0 && (set.status?.replicas ?? 0) === 0,
  )
  for (const set of idle.slice(0, Math.max(0, idle.length - limit))) {
    deps.context.store.remove('replicasets.apps', namespaceOf(set), nameOf(set))
  }
}
