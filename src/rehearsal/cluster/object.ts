import { randomBytes, randomUUID } from 'node:crypto'
import type {
  ConfigMap,
  Endpoints,
  Event,
  Namespace,
  Node,
  Pod,
  Secret,
  Service,
} from 'kubernetes-types/core/v1.js'
import type { ServiceAccount } from 'kubernetes-types/core/v1.js'
import type { Deployment, ReplicaSet } from 'kubernetes-types/apps/v1.js'
import type { HorizontalPodAutoscaler } from 'kubernetes-types/autoscaling/v2.js'
import type { Job } from 'kubernetes-types/batch/v1.js'
import type { EndpointSlice } from 'kubernetes-types/discovery/v1.js'
import type { ObjectMeta } from 'kubernetes-types/meta/v1.js'
import type { PodDisruptionBudget } from 'kubernetes-types/policy/v1.js'
import type { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from 'kubernetes-types/rbac/v1.js'

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
export type JsonObject = { [key: string]: Json }

/** The published types mark what a client must not write; the server writes it. */
type Writable<T> = { -readonly [K in keyof T]: T[K] }

/** The kinds that controllers and the kubelet work on, by the name the store keeps them under. */
export interface Kinds {
  pods: Writable<Pod>
  services: Writable<Service>
  endpoints: Writable<Endpoints>
  configmaps: Writable<ConfigMap>
  secrets: Writable<Secret>
  serviceaccounts: Writable<ServiceAccount>
  namespaces: Writable<Namespace>
  nodes: Writable<Node>
  events: Writable<Event>
  'deployments.apps': Writable<Deployment>
  'replicasets.apps': Writable<ReplicaSet>
  'horizontalpodautoscalers.autoscaling': Writable<HorizontalPodAutoscaler>
  'jobs.batch': Writable<Job>
  'endpointslices.discovery.k8s.io': Writable<EndpointSlice>
  'poddisruptionbudgets.policy': Writable<PodDisruptionBudget>
  'roles.rbac.authorization.k8s.io': Writable<Role>
  'rolebindings.rbac.authorization.k8s.io': Writable<RoleBinding>
  'clusterroles.rbac.authorization.k8s.io': Writable<ClusterRole>
  'clusterrolebindings.rbac.authorization.k8s.io': Writable<ClusterRoleBinding>
}

export interface KubeObject {
  apiVersion?: string
  kind?: string
  metadata?: Writable<ObjectMeta>
  [field: string]: unknown
}

/** What every object has once it is stored. */
export type StoredMeta = ObjectMeta & {
  name: string
  uid: string
  resourceVersion: string
  creationTimestamp: string
}

/** Times of the API have whole seconds. */
export const apiTime = (date: Date): string => `${date.toISOString().slice(0, 19)}Z`
export const microTime = (date: Date): string => date.toISOString().replace('Z', '000Z')
export const newUid = (): string => randomUUID()

const SAFE = 'bcdfghjklmnpqrstvwxz2456789'

/** The suffix that generated names get; without vowels, as real clusters do. */
export const nameSuffix = (length = 5): string =>
  Array.from(randomBytes(length), (byte) => SAFE[byte % SAFE.length]).join('')

/** A short stable hash in the same alphabet, as in `pod-template-hash`. */
export function templateHash(value: unknown): string {
  let hash = 0x81_1c_9d_c5
  for (const byte of Buffer.from(canonical(value))) hash = Math.imul(hash ^ byte, 0x01_00_01_93) >>> 0
  return String(hash).replaceAll(/\d/g, (digit) => SAFE[Number(digit) + 8] ?? 'x')
}

/** JSON with sorted keys: equal values give equal text. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    isRecord(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  )
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const metaOf = (object: { metadata?: ObjectMeta | undefined }): ObjectMeta => object.metadata ?? {}
export const nameOf = (object: { metadata?: ObjectMeta }): string => object.metadata?.name ?? ''
export const namespaceOf = (object: { metadata?: ObjectMeta }): string => object.metadata?.namespace ?? ''
export const labelsOf = (object: { metadata?: ObjectMeta }): Record<string, string> =>
  object.metadata?.labels ?? {}
export const annotationsOf = (object: { metadata?: ObjectMeta }): Record<string, string> =>
  object.metadata?.annotations ?? {}
export const isDeleting = (object: { metadata?: ObjectMeta }): boolean =>
  object.metadata?.deletionTimestamp !== undefined

/** The owner that manages the object. */
export const controllerOf = (object: { metadata?: ObjectMeta }): string | undefined =>
  object.metadata?.ownerReferences?.find((owner) => owner.controller === true)?.uid
