import type { Deployment, ReplicaSet, StatefulSet } from 'kubernetes-types/apps/v1.js'
import type { HorizontalPodAutoscaler } from 'kubernetes-types/autoscaling/v2.js'
import type {
  Event,
  LimitRange,
  Node,
  PersistentVolumeClaim,
  Pod,
  ResourceQuota,
  Service,
} from 'kubernetes-types/core/v1.js'
import type { EndpointSlice } from 'kubernetes-types/discovery/v1.js'
import type { ObjectMeta } from 'kubernetes-types/meta/v1.js'
import type { NetworkPolicy } from 'kubernetes-types/networking/v1.js'
import type { PodDisruptionBudget } from 'kubernetes-types/policy/v1.js'

export interface PodMetrics {
  metadata?: ObjectMeta
  containers?: { name: string; usage?: { cpu?: string; memory?: string } }[]
}

/** What is read of a namespace, by the name of its resource. */
export interface Objects {
  pods: Pod
  deployments: Deployment
  replicasets: ReplicaSet
  statefulsets: StatefulSet
  services: Service
  endpointslices: EndpointSlice
  events: Event
  networkpolicies: NetworkPolicy
  horizontalpodautoscalers: HorizontalPodAutoscaler
  poddisruptionbudgets: PodDisruptionBudget
  resourcequotas: ResourceQuota
  limitranges: LimitRange
  persistentvolumeclaims: PersistentVolumeClaim
  nodes: Node
  podmetrics: PodMetrics
}
export type ResourceName = keyof Objects

/** The words that kubectl knows them by; with their group where a short name could mean another. */
export const RESOURCE_WORDS: Readonly<Record<ResourceName, string>> = {
  pods: 'pods',
  deployments: 'deployments.apps',
  replicasets: 'replicasets.apps',
  statefulsets: 'statefulsets.apps',
  services: 'services',
  endpointslices: 'endpointslices.discovery.k8s.io',
  events: 'events',
  networkpolicies: 'networkpolicies.networking.k8s.io',
  horizontalpodautoscalers: 'horizontalpodautoscalers.autoscaling',
  poddisruptionbudgets: 'poddisruptionbudgets.policy',
  resourcequotas: 'resourcequotas',
  limitranges: 'limitranges',
  persistentvolumeclaims: 'persistentvolumeclaims',
  nodes: 'nodes',
  podmetrics: 'pods.metrics.k8s.io',
}
export const RESOURCE_NAMES = Object.keys(RESOURCE_WORDS) as ResourceName[]

/** `deployment.kubernetes.io/revision`: which revision a Deployment or ReplicaSet is. */
export const REVISION = 'deployment.kubernetes.io/revision'
export const CHANGE_CAUSE = 'kubernetes.io/change-cause'

export const nameOf = (object: { metadata?: ObjectMeta }): string => object.metadata?.name ?? ''
export const annotationOf = (object: { metadata?: ObjectMeta }, name: string): string | null =>
  object.metadata?.annotations?.[name] ?? null

/** Whether the labels have every pair of an equality selector; an empty selector matches nothing here. */
export function selects(
  selector: Record<string, string> | undefined,
  labels: Record<string, string> | undefined,
): boolean {
  const pairs = Object.entries(selector ?? {})
  return pairs.length > 0 && pairs.every(([key, value]) => labels?.[key] === value)
}

interface LabelSelector {
  matchLabels?: Record<string, string>
  matchExpressions?: { key: string; operator: string; values?: string[] }[]
}

/** Whether a label selector matches; an empty one matches all, as in the API. */
export function matchesSelector(
  selector: LabelSelector | undefined,
  labels: Record<string, string> = {},
): boolean {
  const equal = Object.entries(selector?.matchLabels ?? {}).every(([key, value]) => labels[key] === value)
  return equal && (selector?.matchExpressions ?? []).every((expression) => holds(expression, labels))
}

function holds(
  { key, operator, values = [] }: { key: string; operator: string; values?: string[] },
  labels: Record<string, string>,
): boolean {
  const value = labels[key]
  if (operator === 'In') return value !== undefined && values.includes(value)
  if (operator === 'NotIn') return value === undefined || !values.includes(value)
  if (operator === 'Exists') return value !== undefined
  return operator === 'DoesNotExist' && value === undefined
}

/** `{}` of the name of a controller, from the owner of an object. */
export const ownedBy = (object: { metadata?: ObjectMeta }, uid: string | undefined): boolean =>
  uid !== undefined && (object.metadata?.ownerReferences ?? []).some((owner) => owner.uid === uid)

export const isPodReady = (pod: Pod): boolean =>
  pod.metadata?.deletionTimestamp === undefined &&
  (pod.status?.conditions ?? []).some(({ type, status }) => type === 'Ready' && status === 'True')
