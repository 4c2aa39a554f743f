import type { Container, PodSpec, Probe } from 'kubernetes-types/core/v1.js'
import type { Deployment, ReplicaSet } from 'kubernetes-types/apps/v1.js'
import type { Job } from 'kubernetes-types/batch/v1.js'
import type { Pod, Secret, Service } from 'kubernetes-types/core/v1.js'
import type { KubeObject } from './object.ts'
import { isRecord } from './object.ts'

/** Fills in what the real server fills in when an object is written; the object is changed in place. */
export function applyDefaults(resource: string, object: KubeObject): void {
  switch (resource) {
    case 'pods':
      podDefaults(object as Pod)
      return
    case 'deployments.apps':
      deploymentDefaults(object as Deployment)
      return
    case 'replicasets.apps':
      replicaSetDefaults(object as ReplicaSet)
      return
    case 'jobs.batch':
      jobDefaults(object as Job)
      return
    case 'services':
      serviceDefaults(object as Service)
      return
    case 'secrets':
      secretDefaults(object as Secret & KubeObject)
      return
    case 'horizontalpodautoscalers.autoscaling':
      autoscalerDefaults(object)
      return
    case 'namespaces':
      object['spec'] ??= { finalizers: ['kubernetes'] }
      object['status'] ??= { phase: 'Active' }
      object.metadata = {
        ...object.metadata,
        labels: { 'kubernetes.io/metadata.name': object.metadata?.name ?? '', ...object.metadata?.labels },
      }
      return
    default:
  }
}

function podDefaults(pod: Pod): void {
  if (pod.spec === undefined) return
  specDefaults(pod.spec)
  pod.spec.serviceAccountName ??= 'default'
  pod.spec.serviceAccount = pod.spec.serviceAccountName
  pod.spec.enableServiceLinks ??= true
  pod.spec.preemptionPolicy ??= 'PreemptLowerPriority'
  pod.spec.priority ??= 0
  pod.spec.tolerations ??= ['not-ready', 'unreachable'].map((key) => ({
    effect: 'NoExecute',
    key: `node.kubernetes.io/${key}`,
    operator: 'Exists',
    tolerationSeconds: 300,
  }))
  const draft: { status?: Pod['status'] } = pod
  draft.status ??= { phase: 'Pending', qosClass: qosClass(pod.spec) }
}

function specDefaults(spec: PodSpec): void {
  spec.restartPolicy ??= 'Always'
  spec.dnsPolicy ??= 'ClusterFirst'
  spec.schedulerName ??= 'default-scheduler'
  spec.terminationGracePeriodSeconds ??= 30
  spec.securityContext ??= {}
  for (const container of [...(spec.initContainers ?? []), ...spec.containers]) containerDefaults(container)
  for (const volume of spec.volumes ?? []) {
    if (volume.configMap !== undefined) volume.configMap.defaultMode ??= 420
    if (volume.secret !== undefined) volume.secret.defaultMode ??= 420
  }
}

function containerDefaults(container: Container): void {
  container.imagePullPolicy ??= /:[^/]+$/.test(container.image ?? '') && container.image?.endsWith(':latest') !== true ? 'IfNotPresent' : 'Always' // prettier-ignore
  container.resources ??= {}
  container.terminationMessagePath ??= '/dev/termination-log'
  container.terminationMessagePolicy ??= 'File'
  for (const port of container.ports ?? []) port.protocol ??= 'TCP'
  for (const probe of [container.livenessProbe, container.readinessProbe, container.startupProbe])
    probeDefaults(probe)
  for (const variable of container.env ?? []) {
    if (variable.valueFrom?.fieldRef !== undefined) variable.valueFrom.fieldRef.apiVersion ??= 'v1'
    if (variable.valueFrom?.resourceFieldRef !== undefined)
      variable.valueFrom.resourceFieldRef.divisor ??= '0'
  }
  // a limit without a request is its own request
  const { limits, requests } = container.resources
  if (limits !== undefined) container.resources.requests = { ...limits, ...requests }
}

function probeDefaults(probe: Probe | undefined): void {
  if (probe === undefined) return
  probe.timeoutSeconds ??= 1
  probe.periodSeconds ??= 10
  probe.successThreshold ??= 1
  probe.failureThreshold ??= 3
  if (probe.httpGet !== undefined) {
    probe.httpGet.scheme ??= 'HTTP'
    probe.httpGet.path ??= '/'
  }
}

function deploymentDefaults(deployment: Deployment): void {
  const spec = deployment.spec
  if (spec === undefined) return
  spec.replicas ??= 1
  spec.revisionHistoryLimit ??= 10
  spec.progressDeadlineSeconds ??= 600
  spec.strategy ??= {}
  spec.strategy.type ??= 'RollingUpdate'
  if (spec.strategy.type === 'RollingUpdate') {
    spec.strategy.rollingUpdate = { maxSurge: '25%', maxUnavailable: '25%', ...spec.strategy.rollingUpdate }
  }
  if (spec.template.spec !== undefined) specDefaults(spec.template.spec)
}

function replicaSetDefaults(replicaSet: ReplicaSet): void {
  if (replicaSet.spec === undefined) return
  replicaSet.spec.replicas ??= 1
  if (replicaSet.spec.template?.spec !== undefined) specDefaults(replicaSet.spec.template.spec)
}

function jobDefaults(job: Job): void {
  if (job.spec === undefined) return
  job.spec.backoffLimit ??= 6
  job.spec.completions ??= 1
  job.spec.parallelism ??= 1
  job.spec.completionMode ??= 'NonIndexed'
  job.spec.suspend ??= false
  if (job.spec.template.spec !== undefined) specDefaults(job.spec.template.spec)
}

function serviceDefaults(service: Service): void {
  const spec = (service.spec ??= {})
  spec.type ??= 'ClusterIP'
  spec.sessionAffinity ??= 'None'
  spec.ipFamilies ??= ['IPv4']
  spec.ipFamilyPolicy ??= 'SingleStack'
  spec.internalTrafficPolicy ??= 'Cluster'
  for (const port of spec.ports ?? []) {
    port.protocol ??= 'TCP'
    port.targetPort ??= port.port
  }
  const draft: { status?: Service['status'] } = service
  draft.status ??= { loadBalancer: {} }
}

function secretDefaults(secret: Secret & KubeObject): void {
  secret.type ??= 'Opaque'
  if (secret.stringData === undefined) return
  const encoded = Object.entries(secret.stringData).map(([key, value]) => [
    key,
    Buffer.from(value).toString('base64'),
  ])
  secret.data = { ...secret.data, ...(Object.fromEntries(encoded) as Record<string, string>) }
  delete secret.stringData
}

/** The first version's single CPU target becomes the second version's metric. */
function autoscalerDefaults(object: KubeObject): void {
  const spec = object['spec']
  if (!isRecord(spec)) return
  spec['minReplicas'] ??= 1
  const target = spec['targetCPUUtilizationPercentage']
  delete spec['targetCPUUtilizationPercentage']
  spec['metrics'] ??= [
    {
      type: 'Resource',
      resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: target ?? 80 } },
    },
  ]
}

export function qosClass(spec: PodSpec): string {
  const lists = spec.containers.map((container) => container.resources ?? {})
  if (lists.every((item) => item.limits === undefined && item.requests === undefined)) return 'BestEffort'
  const guaranteed = lists.every((item) =>
    ['cpu', 'memory'].every((key) => item.limits?.[key] !== undefined && item.limits[key] === (item.requests?.[key] ?? item.limits[key])),
  ) // prettier-ignore
  return guaranteed ? 'Guaranteed' : 'Burstable'
}
