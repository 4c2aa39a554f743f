/** The resource types that the server knows. Everything else (discovery, OpenAPI, routing) is derived from this list. */
export interface ResourceType {
  group: string
  version: string
  kind: string
  plural: string
  singular: string
  shortNames: readonly string[]
  categories: readonly string[]
  namespaced: boolean
  verbs: readonly string[]
  subresources: readonly string[]
}

const ALL = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'] as const
const READ = ['get', 'list'] as const

const type = (
  groupVersion: string,
  kind: string,
  plural: string,
  options: Partial<
    Pick<ResourceType, 'shortNames' | 'categories' | 'namespaced' | 'verbs' | 'subresources'>
  > = {},
): ResourceType => {
  const [group, version] = groupVersion.includes('/') ? groupVersion.split('/') : ['', groupVersion]
  return {
    group: group ?? '',
    version: version ?? '',
    kind,
    plural,
    singular: kind.toLowerCase(),
    shortNames: [],
    categories: [],
    namespaced: true,
    verbs: ALL,
    subresources: [],
    ...options,
  }
}

const RBAC = 'rbac.authorization.k8s.io/v1'
const all = ['all'] as const
const cluster = { namespaced: false }

export const RESOURCES: readonly ResourceType[] = [
  type('v1', 'ConfigMap', 'configmaps', { shortNames: ['cm'] }),
  type('v1', 'Endpoints', 'endpoints', { shortNames: ['ep'] }),
  type('v1', 'Event', 'events', { shortNames: ['ev'] }),
  type('v1', 'LimitRange', 'limitranges', { shortNames: ['limits'] }),
  type('v1', 'Namespace', 'namespaces', { ...cluster, shortNames: ['ns'], subresources: ['status', 'finalize'] }),
  type('v1', 'Node', 'nodes', { ...cluster, shortNames: ['no'], subresources: ['status'] }),
  type('v1', 'PersistentVolumeClaim', 'persistentvolumeclaims', { shortNames: ['pvc'] }),
  type('v1', 'PersistentVolume', 'persistentvolumes', { ...cluster, shortNames: ['pv'] }),
  type('v1', 'Pod', 'pods', {
    shortNames: ['po'],
    categories: all,
    subresources: ['attach', 'eviction', 'exec', 'log', 'portforward', 'proxy', 'status'],
  }),
  type('v1', 'ResourceQuota', 'resourcequotas', { shortNames: ['quota'], subresources: ['status'] }),
  type('v1', 'Secret', 'secrets'),
  type('v1', 'ServiceAccount', 'serviceaccounts', { shortNames: ['sa'], subresources: ['token'] }),
  type('v1', 'Service', 'services', { shortNames: ['svc'], categories: all, subresources: ['proxy', 'status'] }),
  type('apps/v1', 'DaemonSet', 'daemonsets', { shortNames: ['ds'], categories: all }),
  type('apps/v1', 'Deployment', 'deployments', {
    shortNames: ['deploy'], categories: all, subresources: ['scale', 'status'] }),
  type('apps/v1', 'ReplicaSet', 'replicasets', {
    shortNames: ['rs'], categories: all, subresources: ['scale', 'status'] }),
  type('apps/v1', 'StatefulSet', 'statefulsets', {
    shortNames: ['sts'], categories: all, subresources: ['scale', 'status'] }),
  type('autoscaling/v2', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers', {
    shortNames: ['hpa'], categories: all, subresources: ['status'] }),
  type('autoscaling/v1', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers', {
    shortNames: ['hpa'], categories: all, subresources: ['status'] }),
  type('batch/v1', 'CronJob', 'cronjobs', { shortNames: ['cj'], categories: all }),
  type('batch/v1', 'Job', 'jobs', { categories: all, subresources: ['status'] }),
  type('coordination.k8s.io/v1', 'Lease', 'leases'),
  type('discovery.k8s.io/v1', 'EndpointSlice', 'endpointslices'),
  type('events.k8s.io/v1', 'Event', 'events', { shortNames: ['ev'] }),
  type('networking.k8s.io/v1', 'Ingress', 'ingresses', { shortNames: ['ing'] }),
  type('networking.k8s.io/v1', 'NetworkPolicy', 'networkpolicies', { shortNames: ['netpol'] }),
  type('policy/v1', 'PodDisruptionBudget', 'poddisruptionbudgets', { shortNames: ['pdb'], subresources: ['status'] }),
  type(RBAC, 'ClusterRoleBinding', 'clusterrolebindings', cluster),
  type(RBAC, 'ClusterRole', 'clusterroles', cluster),
  type(RBAC, 'RoleBinding', 'rolebindings'),
  type(RBAC, 'Role', 'roles'),
  type('storage.k8s.io/v1', 'StorageClass', 'storageclasses', { ...cluster, shortNames: ['sc'] }),
  type('metrics.k8s.io/v1beta1', 'NodeMetrics', 'nodes', { ...cluster, verbs: READ }),
  type('metrics.k8s.io/v1beta1', 'PodMetrics', 'pods', { verbs: READ }),
  type('authentication.k8s.io/v1', 'SelfSubjectReview', 'selfsubjectreviews', { ...cluster, verbs: ['create'] }),
  type('authorization.k8s.io/v1', 'SelfSubjectAccessReview', 'selfsubjectaccessreviews', {
    ...cluster, verbs: ['create'] }),
  type('authorization.k8s.io/v1', 'SelfSubjectRulesReview', 'selfsubjectrulesreviews', {
    ...cluster, verbs: ['create'] }),
  type('velero.io/v1', 'Backup', 'backups'),
  type('velero.io/v1', 'Restore', 'restores'),
  type('velero.io/v1', 'Schedule', 'schedules'),
  type('monitoring.coreos.com/v1', 'PrometheusRule', 'prometheusrules', { shortNames: ['promrule'] }),
] // prettier-ignore

export const groupVersionOf = (type: Pick<ResourceType, 'group' | 'version'>): string =>
  type.group === '' ? type.version : `${type.group}/${type.version}`

/** The name under which the store keeps the objects; both faces of an event or an HPA share one. */
export function storageName(type: Pick<ResourceType, 'group' | 'plural'>): string {
  if (type.plural === 'events') return 'events'
  return type.group === '' ? type.plural : `${type.plural}.${type.group}`
}

/** The name in messages: `deployments.apps`. */
export const displayName = (type: Pick<ResourceType, 'group' | 'plural'>): string =>
  type.group === '' ? type.plural : `${type.plural}.${type.group}`

export const findType = (group: string, version: string, plural: string): ResourceType | undefined =>
  RESOURCES.find((item) => item.group === group && item.version === version && item.plural === plural)
