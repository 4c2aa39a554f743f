import type {
  Container,
  Endpoints,
  Event,
  Node,
  PersistentVolumeClaim,
  Service,
} from 'kubernetes-types/core/v1.js'
import type { Deployment, ReplicaSet, StatefulSet } from 'kubernetes-types/apps/v1.js'
import type { HorizontalPodAutoscaler } from 'kubernetes-types/autoscaling/v2.js'
import type { Job } from 'kubernetes-types/batch/v1.js'
import type { EndpointSlice } from 'kubernetes-types/discovery/v1.js'
import type { LabelSelector } from 'kubernetes-types/meta/v1.js'
import type { PodDisruptionBudget } from 'kubernetes-types/policy/v1.js'
import type { RoleBinding } from 'kubernetes-types/rbac/v1.js'
import { isDeleting, isRecord, labelsOf, nameOf } from '../object.ts'
import type { KubeObject } from '../object.ts'
import { ageOf, humanDuration } from './age.ts'
import { podCells } from './pod.ts'
import type { Printer } from './printer.ts'

const age = (object: KubeObject, now: Date): string => ageOf(object.metadata?.creationTimestamp, now)

type Cells = (object: never, now: Date, age: string) => unknown[]

/** The one place where a stored object is taken for its kind: the store keeps each kind under its own name. */
const printer = (columns: string, cells: Cells): Printer => ({
  columns: columns.split('|'),
  cells: (object, now) => cells(object as never, now, age(object, now)),
})

const createdAt = printer('Name|Created At:date', (object: KubeObject) => [
  nameOf(object),
  object.metadata?.creationTimestamp ?? '<unknown>',
])

const binding = printer('Name|Role|Age|Users*|Groups*|ServiceAccounts*', (object: RoleBinding, _now, age) => {
  const of = (kind: string) => (object.subjects ?? []).filter((subject) => subject.kind === kind)
  return [
    nameOf(object),
    `${object.roleRef.kind}/${object.roleRef.name}`,
    age,
    of('User')
      .map((subject) => subject.name)
      .join(', '),
    of('Group')
      .map((subject) => subject.name)
      .join(', '),
    of('ServiceAccount')
      .map((subject) => `${subject.namespace ?? ''}/${subject.name}`)
      .join(', '),
  ]
})

export const PRINTERS: Record<string, Printer> = {
  pods: printer('Name|Ready|Status|Restarts|Age|IP*|Node*|Nominated Node*|Readiness Gates*', podCells),
  'deployments.apps': printer(
    'Name|Ready|Up-to-date|Available|Age|Containers*|Images*|Selector*',
    (object: Deployment, _now, age) => [
      nameOf(object),
      `${object.status?.readyReplicas ?? 0}/${object.spec?.replicas ?? 0}`,
      object.status?.updatedReplicas ?? 0,
      object.status?.availableReplicas ?? 0,
      age,
      ...templateCells(object.spec?.template.spec?.containers),
      selectorText(object.spec?.selector),
    ],
  ),
  'replicasets.apps': printer(
    'Name|Desired:integer|Current:integer|Ready:integer|Age|Containers*|Images*|Selector*',
    (object: ReplicaSet, _now, age) => [
      nameOf(object),
      object.spec?.replicas ?? 0,
      object.status?.replicas ?? 0,
      object.status?.readyReplicas ?? 0,
      age,
      ...templateCells(object.spec?.template?.spec?.containers),
      selectorText(object.spec?.selector),
    ],
  ),
  'statefulsets.apps': printer('Name|Ready|Age|Containers*|Images*', (object: StatefulSet, _now, age) => [
    nameOf(object),
    `${object.status?.readyReplicas ?? 0}/${object.spec?.replicas ?? 0}`,
    age,
    ...templateCells(object.spec?.template.spec?.containers),
  ]),
  services: printer('Name|Type|Cluster-IP|External-IP|Port(s)|Age|Selector*', (object: Service, _now, age) => [
    nameOf(object),
    object.spec?.type ?? 'ClusterIP',
    object.spec?.clusterIP ?? '<none>',
    '<none>',
    (object.spec?.ports ?? []).map((port) => `${port.port}${port.nodePort === undefined ? '' : `:${port.nodePort}`}/${port.protocol ?? 'TCP'}`).join(','),
    age,
    labelText(object.spec?.selector),
  ]), // prettier-ignore
  endpoints: printer('Name|Endpoints|Age', (object: Endpoints, _now, age) => [
    nameOf(object),
    object.subsets === undefined || object.subsets.length === 0 ? '<none>' : addressText(object),
    age,
  ]),
  'endpointslices.discovery.k8s.io': printer(
    'Name|AddressType|Ports|Endpoints|Age',
    (object: EndpointSlice, _now, age) => [
      nameOf(object),
      object.addressType,
      (object.ports ?? []).map((port) => String(port.port ?? '*')).join(',') || '<unset>',
      object.endpoints.flatMap((endpoint) => endpoint.addresses).join(',') || '<unset>',
      age,
    ],
  ),
  'networkpolicies.networking.k8s.io': printer('Name|Pod-Selector|Age', (object: KubeObject, _now, age) => {
    const selector = isRecord(object['spec']) ? (object['spec']['podSelector'] as LabelSelector) : undefined
    return [nameOf(object), selectorText(selector), age]
  }),
  configmaps: printer('Name|Data|Age', (object: KubeObject, _now, age) => [
    nameOf(object),
    sizeOf(object['data']) + sizeOf(object['binaryData']),
    age,
  ]),
  secrets: printer('Name|Type|Data|Age', (object: KubeObject, _now, age) => [
    nameOf(object),
    object['type'] ?? 'Opaque',
    sizeOf(object['data']),
    age,
  ]),
  persistentvolumeclaims: printer(
    'Name|Status|Volume|Capacity|Access Modes|StorageClass|VolumeAttributesClass|Age|VolumeMode*',
    ({ metadata, spec, status }: PersistentVolumeClaim, _now, age) => [
      metadata?.name ?? '',
      status?.phase ?? 'Pending',
      spec?.volumeName ?? '',
      status?.capacity?.['storage'] ?? '',
      (status?.accessModes ?? []).map((mode) => mode.replaceAll(/[a-z]/g, '')).join(','),
      spec?.storageClassName ?? '',
      '<unset>',
      age,
      spec?.volumeMode ?? 'Filesystem',
    ],
  ),
  serviceaccounts: printer('Name|Age', (object: KubeObject, _now, age) => [nameOf(object), age]),
  nodes: printer(
    'Name|Status|Roles|Age|Version|Internal-IP*|External-IP*|OS-Image*|Kernel-Version*|Container-Runtime*',
    (object: Node, _now, age) => {
      const ready =
        object.status?.conditions?.find((condition) => condition.type === 'Ready')?.status === 'True'
      const info = object.status?.nodeInfo
      return [
        nameOf(object),
        `${ready ? 'Ready' : 'NotReady'}${object.spec?.unschedulable === true ? ',SchedulingDisabled' : ''}`,
        rolesOf(object),
        age,
        info?.kubeletVersion ?? '',
        object.status?.addresses?.find((address) => address.type === 'InternalIP')?.address ?? '<none>',
        '<none>',
        info?.osImage ?? '',
        info?.kernelVersion ?? '',
        info?.containerRuntimeVersion ?? '',
      ]
    },
  ),
  namespaces: printer('Name|Status|Age', (object: KubeObject, _now, age) => [
    nameOf(object),
    isDeleting(object) ? 'Terminating' : 'Active',
    age,
  ]),
  'horizontalpodautoscalers.autoscaling': printer(
    'Name|Reference|Targets|MinPods|MaxPods|Replicas|Age',
    (object: HorizontalPodAutoscaler, _now, age) => [
      nameOf(object),
      `${object.spec?.scaleTargetRef.kind ?? ''}/${object.spec?.scaleTargetRef.name ?? ''}`,
      targetText(object),
      String(object.spec?.minReplicas ?? 1),
      object.spec?.maxReplicas ?? 0,
      object.status?.currentReplicas ?? 0,
      age,
    ],
  ),
  'jobs.batch': printer(
    'Name|Status|Completions|Duration|Age|Containers*|Images*|Selector*',
    (object: Job, now, age) => [
      nameOf(object),
      jobState(object),
      `${object.status?.succeeded ?? 0}/${object.spec?.completions ?? 1}`,
      object.status?.startTime === undefined
        ? ''
        : humanDuration(Date.parse(object.status.completionTime ?? now.toISOString()) - Date.parse(object.status.startTime)),
      age,
      ...templateCells(object.spec?.template.spec?.containers),
      selectorText(object.spec?.selector),
    ],
  ), // prettier-ignore
  'cronjobs.batch': printer('Name|Schedule|Age', (object: KubeObject, _now, age) => [
    nameOf(object),
    '',
    age,
  ]),
  'poddisruptionbudgets.policy': printer(
    'Name|Min Available|Max Unavailable|Allowed Disruptions:integer|Age',
    (object: PodDisruptionBudget, _now, age) => [
      nameOf(object),
      String(object.spec?.minAvailable ?? 'N/A'),
      String(object.spec?.maxUnavailable ?? 'N/A'),
      object.status?.disruptionsAllowed ?? 0,
      age,
    ],
  ),
  events: printer(
    'Last Seen|Type|Reason|Object|Subobject*|Source*|Message|First Seen*|Count*|Name*',
    (object: Event, now) => [
      ageOf(object.lastTimestamp ?? object.metadata?.creationTimestamp, now),
      object.type ?? '',
      object.reason ?? '',
      `${(object.involvedObject.kind ?? '').toLowerCase()}/${object.involvedObject.name ?? ''}`,
      object.involvedObject.fieldPath ?? '',
      [object.source?.component, object.source?.host].filter((part) => part !== undefined).join(', '),
      (object.message ?? '').trim(),
      ageOf(object.firstTimestamp ?? object.metadata?.creationTimestamp, now),
      object.count ?? 1,
      nameOf(object),
    ],
  ),
  'roles.rbac.authorization.k8s.io': createdAt,
  'clusterroles.rbac.authorization.k8s.io': createdAt,
  'rolebindings.rbac.authorization.k8s.io': binding,
  'clusterrolebindings.rbac.authorization.k8s.io': binding,
}

const sizeOf = (value: unknown): number => (isRecord(value) ? Object.keys(value).length : 0)

const labelText = (labels: Record<string, string> | undefined): string =>
  Object.entries(labels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join(',') || '<none>'

function selectorText(selector: LabelSelector | undefined): string {
  const expressions = (selector?.matchExpressions ?? []).map(({ key, operator, values = [] }) =>
    operator === 'In' ? `${key} in (${values.join(',')})` : operator === 'Exists' ? key : `!${key}`,
  )
  const labels = Object.entries(selector?.matchLabels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .sort()
  return [...labels, ...expressions].join(',') || '<none>'
}

function templateCells(containers: Container[] | undefined): string[] {
  const list = containers ?? []
  return [list.map((item) => item.name).join(','), list.map((item) => item.image ?? '').join(',')]
}

function addressText(object: Endpoints): string {
  const all = (object.subsets ?? []).flatMap((subset) =>
    (subset.addresses ?? []).flatMap((address) => {
      const ports = subset.ports ?? []
      return ports.length === 0 ? [address.ip] : ports.map((port) => `${address.ip}:${port.port}`)
    }),
  )
  return all.length > 3 ? `${all.slice(0, 3).join(',')} + ${all.length - 3} more...` : all.join(',')
}

function rolesOf(object: Node): string {
  const prefix = 'node-role.kubernetes.io/'
  const roles = Object.keys(labelsOf(object)).filter((label) => label.startsWith(prefix))
  return roles.map((label) => label.slice(prefix.length)).join(',') || '<none>'
}

function targetText(object: HorizontalPodAutoscaler): string {
  const texts = (object.spec?.metrics ?? []).map((metric) => {
    const name = metric.resource?.name ?? metric.type
    const target = metric.resource?.target
    const current = object.status?.currentMetrics?.find((item) => item.resource?.name === name)?.resource
      ?.current
    if (target?.averageUtilization !== undefined) {
      const value = current?.averageUtilization
      return `${name}: ${value === undefined ? '<unknown>' : `${value}%`}/${target.averageUtilization}%`
    }
    return `${name}: ${current?.averageValue ?? '<unknown>'}/${target?.averageValue ?? '<unknown>'}`
  })
  return texts.join(', ') || '<none>'
}

function jobState(object: Job): string {
  const done = object.status?.conditions?.find((condition) => condition.status === 'True')
  return done === undefined ? 'Running' : done.type
}
