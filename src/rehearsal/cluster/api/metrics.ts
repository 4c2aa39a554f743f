import type { Node, Pod } from 'kubernetes-types/core/v1.js'
import { apiTime, labelsOf, nameOf, namespaceOf } from '../object.ts'
import type { KubeObject } from '../object.ts'
import { kibiBytes } from '../quantity.ts'
import { parseLabelSelector } from '../selector.ts'
import { notFound } from '../status.ts'
import type { ApiContext } from './context.ts'
import type { ResourceRequest } from './request.ts'
import type { Answer } from './resource.ts'

const nanoCores = (cores: number): string => `${Math.round(cores * 1e9)}n`

/** `kubectl top`: what the nodes measured, as the metrics API gives it. */
export function serveMetrics(context: ApiContext, request: ResourceRequest): Answer {
  const { name, namespace, type } = request
  const matches = parseLabelSelector(request.query.get('labelSelector') ?? '')
  const of = type.plural === 'pods' ? podMetrics : nodeMetrics
  const resource = type.plural === 'pods' ? 'pods' : 'nodes'
  if (name !== undefined) {
    const object = context.store.find(resource, namespace ?? '', name)
    const metrics = object === undefined ? null : of(context, object)
    if (metrics === null) throw notFound(`${type.kind.toLowerCase()}.metrics.k8s.io`, namespace === undefined ? name : `${namespace}/${name}`)
    return { code: 200, body: metrics }
  } // prettier-ignore
  const items = context.store
    .list(resource, namespace)
    .filter((object) => matches(object as KubeObject))
    .map((object) => of(context, object))
    .filter((metrics) => metrics !== null)
  return {
    code: 200,
    body: { kind: `${type.kind}List`, apiVersion: 'metrics.k8s.io/v1beta1', metadata: {}, items },
  }
}

function podMetrics(context: ApiContext, object: Pod | Node): Record<string, unknown> | null {
  const pod = object as Pod
  const usage = context.nodes.usage(pod)
  if (usage === null || pod.status?.phase !== 'Running') return null
  return {
    kind: 'PodMetrics',
    apiVersion: 'metrics.k8s.io/v1beta1',
    metadata: { name: nameOf(pod), namespace: namespaceOf(pod), labels: labelsOf(pod), creationTimestamp: apiTime(context.now()) },
    timestamp: apiTime(usage.at),
    window: `${(usage.windowMs / 1_000).toFixed(3)}s`,
    containers: usage.containers.map((container) => ({
      name: container.name,
      usage: { cpu: nanoCores(container.cpuCores), memory: kibiBytes(container.memoryBytes) },
    })),
  } // prettier-ignore
}

/** A node uses what its pods use. */
function nodeMetrics(context: ApiContext, object: Pod | Node): Record<string, unknown> | null {
  const node = object as Node
  const usages = context.store
    .list('pods')
    .filter((pod) => pod.spec?.nodeName === nameOf(node))
    .flatMap((pod) => context.nodes.usage(pod)?.containers ?? [])
  const cpu = usages.reduce((sum, usage) => sum + usage.cpuCores, 0)
  const memory = usages.reduce((sum, usage) => sum + usage.memoryBytes, 0)
  return {
    kind: 'NodeMetrics',
    apiVersion: 'metrics.k8s.io/v1beta1',
    metadata: { name: nameOf(node), labels: labelsOf(node), creationTimestamp: apiTime(context.now()) },
    timestamp: apiTime(context.now()),
    window: '15.000s',
    usage: { cpu: nanoCores(cpu), memory: kibiBytes(memory) },
  }
}
