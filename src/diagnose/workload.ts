import type { ReplicaSet } from 'kubernetes-types/apps/v1.js'
import type { Pod } from 'kubernetes-types/core/v1.js'
import { isPodReady, itemsOf, nameOf, ownedBy } from '../kubernetes/index.ts'
import type { CauseName } from './causes.ts'
import { finding } from './containers.ts'
import type { Facts, Finding } from './model.ts'
import { eventsAbout } from './words.ts'

/** Why no node takes a pod, in the words of the scheduler. */
const SCHEDULER: readonly (readonly [RegExp, CauseName])[] = [
  [/insufficient cpu/i, 'no-room-cpu'],
  [/insufficient memory/i, 'no-room-memory'],
  [/too many pods/i, 'too-many-pods'],
  [/unbound immediate persistentvolumeclaims|persistentvolumeclaim "[^"]+" not found|had volume node affinity/i, 'claim-unbound'],
  [/didn't match pod's node affinity|node\(s\) didn't match|node selector/i, 'no-node-fits'],
  [/untolerated taint|had taint|were unschedulable/i, 'node-taint'],
] // prettier-ignore

/** Pods that wait for a node. */
export function schedulingFindings(pods: readonly Pod[]): Finding[] {
  return pods.flatMap((pod) => {
    const condition = (pod.status?.conditions ?? []).find(({ type }) => type === 'PodScheduled')
    if (condition?.status !== 'False' || pod.metadata?.deletionTimestamp !== undefined) return []
    const message = condition.message ?? ''
    const names = SCHEDULER.filter(([pattern]) => pattern.test(message)).map(([, name]) => name)
    // a taint is often named beside what really lacks
    const real = names.filter((name) => name !== 'node-taint')
    const causes = real.length > 0 ? real : names.length > 0 ? names : (['unschedulable'] as const)
    return causes.map((name) => finding(name, 'certain', `pod/${nameOf(pod)}`, [message]))
  })
}

/** What the API server says to the controller that wants to create pods. */
const REFUSALS: readonly (readonly [RegExp, CauseName])[] = [
  [/exceeded quota|failed quota/i, 'quota-used-up'],
  [/limitrange|maximum (cpu|memory) usage|minimum (cpu|memory) usage|limit ratio/i, 'limit-range'],
  [/serviceaccount "[^"]+" not found|error looking up service account/i, 'account-missing'],
]

/** Pods that are not even created. */
export function creationFindings(facts: Facts): Finding[] {
  return replicaSetsOf(facts).flatMap((set) => {
    const failure = (set.status?.conditions ?? []).find(
      ({ type, status }) => type === 'ReplicaFailure' && status === 'True',
    )
    const missing = (set.spec?.replicas ?? 0) - (set.status?.replicas ?? 0)
    if (failure === undefined || missing <= 0) return []
    const message = failure.message ?? ''
    const name = REFUSALS.find(([pattern]) => pattern.test(message))?.[1] ?? 'create-refused'
    return [
      finding(name, 'certain', `replicaset/${nameOf(set)}`, [`${missing} pods are not created`, message]),
    ]
  })
}

export const replicaSetsOf = (facts: Pick<Facts, 'deployment' | 'snapshot'>): ReplicaSet[] =>
  itemsOf(facts.snapshot.replicasets).filter((set) => ownedBy(set, facts.deployment?.metadata?.uid))

/** The Deployment itself: paused, at zero, stuck. */
export function rolloutFindings(facts: Facts): Finding[] {
  const { deployment } = facts
  if (deployment === null) return []
  const about = `deployment/${nameOf(deployment)}`
  const wanted = deployment.spec?.replicas ?? 1
  if (wanted === 0) return [finding('scaled-to-zero', 'certain', about, ['spec.replicas is 0'])]
  const status = deployment.status ?? {}
  const progressing = (status.conditions ?? []).find(({ type }) => type === 'Progressing')
  const findings: Finding[] = []
  const updated = status.updatedReplicas ?? 0
  if (progressing?.reason === 'ProgressDeadlineExceeded')
    findings.push(finding('rollout-stuck', 'certain', about, [progressing.message ?? 'ProgressDeadlineExceeded'])) // prettier-ignore
  if (deployment.spec?.paused === true && updated < wanted)
    findings.push(finding('rollout-paused', 'certain', about, ['spec.paused is true', `${updated} of ${wanted} pods are of the last change`])) // prettier-ignore
  return findings
}

/** Fewer pods than wanted, without a word on why. */
export function replicaFindings(facts: Facts): Finding[] {
  const { deployment } = facts
  const wanted = deployment?.spec?.replicas ?? 1
  const ready = facts.pods.filter(isPodReady).length
  if (deployment === null || ready >= wanted) return []
  const about = `deployment/${nameOf(deployment)}`
  const events = eventsAbout(facts, 'Deployment', nameOf(deployment))
  return [
    finding('replicas-missing', 'certain', about, [`${ready} of ${wanted} pods are ready`], events.slice(-1)),
  ]
}
