import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Container, ContainerStatus, Pod } from 'kubernetes-types/core/v1.js'
import type { ApiContext } from '../api/context.ts'
import { meterClaims } from '../kubelet/claims.ts'
import type { ClaimUsage } from '../kubelet/claims.ts'
import { labelsOf, nameOf, namespaceOf } from '../object.ts'
import { quantity } from '../quantity.ts'

type Labels = Record<string, string>
type Add = (name: string, labels: Labels, value: number) => void

export interface StateMetrics {
  /** Where they are scraped, `host:port`. */
  readonly target: string
  stop(): Promise<void>
}

/**
 * What kube-state-metrics and the kubelet's cAdvisor serve of a real cluster, under the same names: the state of the
 * objects, and what the containers' processes really use.
 */
export async function startStateMetrics(
  context: ApiContext,
  host: string,
  nodeDir: string,
): Promise<StateMetrics> {
  const claims = meterClaims(context.store, nodeDir)
  const server = createServer((_request, response) =>
    response
      .writeHead(200, { 'Content-Type': 'text/plain; version=0.0.4' })
      .end(stateMetrics(context, claims.usage())),
  )
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, host, resolve))
  return {
    target: `${host}:${(server.address() as AddressInfo).port}`,
    stop() {
      claims.stop()
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

/** In the text form that Prometheus reads; the lines of one metric stand together. */
export function stateMetrics(
  context: Pick<ApiContext, 'store' | 'nodes'>,
  claims: readonly ClaimUsage[] = [],
): string {
  const metrics = new Map<string, string[]>()
  const add: Add = (name, labels, value) => {
    const inner = Object.entries(labels).map(([key, text]) => `${key}="${escaped(text)}"`).join(',') // prettier-ignore
    const lines = metrics.get(name) ?? [`# TYPE ${name} ${name.endsWith('_total') ? 'counter' : 'gauge'}`]
    lines.push(`${name}{${inner}} ${value}`)
    metrics.set(name, lines)
  }
  for (const pod of context.store.list('pods')) {
    addPod(add, pod)
    addUsage(add, pod, context.nodes.usage(pod)?.containers ?? [])
  }
  addDeployments(add, context)
  addEndpoints(add, context)
  for (const { namespace, name, usedBytes, capacityBytes } of claims) {
    const labels = { namespace, persistentvolumeclaim: name }
    add('kubelet_volume_stats_used_bytes', labels, usedBytes)
    add('kubelet_volume_stats_capacity_bytes', labels, capacityBytes)
  }
  return `${[...metrics.values()].flat().join('\n')}\n`
}

const escaped = (text: string): string =>
  text.replaceAll(/["\\]/g, String.raw`\$&`).replaceAll('\n', String.raw`\n`)

const PHASES = ['Pending', 'Running', 'Succeeded', 'Failed', 'Unknown']

function addPod(add: Add, pod: Pod): void {
  const labels = { namespace: namespaceOf(pod), pod: nameOf(pod) }
  for (const phase of PHASES)
    add('kube_pod_status_phase', { ...labels, phase }, Number(pod.status?.phase === phase))
  const ready = pod.status?.conditions?.find((condition) => condition.type === 'Ready')?.status === 'True'
  add('kube_pod_status_ready', { ...labels, condition: 'true' }, Number(ready))
  for (const container of pod.spec?.containers ?? []) addLimits(add, labels, container)
  for (const status of pod.status?.containerStatuses ?? [])
    addStatus(add, labels, 'kube_pod_container', status)
  for (const status of pod.status?.initContainerStatuses ?? [])
    addStatus(add, labels, 'kube_pod_init_container', status)
}

const UNITS: Record<string, string> = { memory: 'byte', cpu: 'core' }

function addLimits(add: Add, labels: Labels, { name, resources }: Container): void {
  for (const [kind, amounts] of [['limits', resources?.limits], ['requests', resources?.requests]] as const) {
    for (const [resource, amount] of Object.entries(amounts ?? {})) {
      const unit = UNITS[resource]
      if (unit !== undefined)
        add(`kube_pod_container_resource_${kind}`, { ...labels, container: name, resource, unit }, quantity(amount))
    }
  }
} // prettier-ignore

function addStatus(add: Add, pod: Labels, prefix: string, status: ContainerStatus): void {
  const labels = { ...pod, container: status.name }
  add(`${prefix}_status_restarts_total`, labels, status.restartCount)
  add(`${prefix}_status_ready`, labels, Number(status.ready))
  const waiting = status.state?.waiting?.reason
  if (waiting !== undefined) add(`${prefix}_status_waiting_reason`, { ...labels, reason: waiting }, 1)
  const ended = status.lastState?.terminated?.reason
  if (ended !== undefined) add(`${prefix}_status_last_terminated_reason`, { ...labels, reason: ended }, 1)
}

function addUsage(
  add: Add,
  pod: Pod,
  containers: readonly { name: string; cpuSeconds: number; memoryBytes: number }[],
): void {
  for (const { name, cpuSeconds, memoryBytes } of containers) {
    const labels = { namespace: namespaceOf(pod), pod: nameOf(pod), container: name }
    add('container_memory_working_set_bytes', labels, memoryBytes)
    add('container_cpu_usage_seconds_total', labels, cpuSeconds)
  }
}

function addDeployments(add: Add, { store }: Pick<ApiContext, 'store'>): void {
  for (const deployment of store.list('deployments.apps')) {
    const labels = { namespace: namespaceOf(deployment), deployment: nameOf(deployment) }
    const { status } = deployment
    add('kube_deployment_spec_replicas', labels, deployment.spec?.replicas ?? 1)
    add('kube_deployment_status_replicas', labels, status?.replicas ?? 0)
    add('kube_deployment_status_replicas_available', labels, status?.availableReplicas ?? 0)
    add('kube_deployment_status_replicas_ready', labels, status?.readyReplicas ?? 0)
    add('kube_deployment_status_replicas_updated', labels, status?.updatedReplicas ?? 0)
    add('kube_deployment_status_replicas_unavailable', labels, status?.unavailableReplicas ?? 0)
  }
}

function addEndpoints(add: Add, { store }: Pick<ApiContext, 'store'>): void {
  for (const endpoints of store.list('endpoints')) {
    const labels = { namespace: namespaceOf(endpoints), endpoint: nameOf(endpoints), ...serviceOf(labelsOf(endpoints)) }
    const count = (field: 'addresses' | 'notReadyAddresses'): number =>
      (endpoints.subsets ?? []).reduce((sum, subset) => sum + (subset[field]?.length ?? 0), 0)
    add('kube_endpoint_address_available', labels, count('addresses'))
    add('kube_endpoint_address_not_ready', labels, count('notReadyAddresses'))
  }
} // prettier-ignore

const serviceOf = (labels: Labels): Labels => (labels['app'] === undefined ? {} : { app: labels['app'] })
