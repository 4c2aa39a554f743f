import type { Deployment } from 'kubernetes-types/apps/v1.js'
import type { Node, Pod } from 'kubernetes-types/core/v1.js'
import { bytesText, coresText, itemsOf, nameOf, quantityOf } from '../kubernetes/index.ts'
import type { Snapshot } from '../kubernetes/index.ts'
import type { Note } from './plan.ts'

interface Size {
  cpu: number
  memory: number
}

/** Whether the quotas of the namespace leave room for so many more pods of a size. */
export function quotaNotes(snapshot: Snapshot, each: Size, more: number): Note[] {
  if (!snapshot.resourcequotas.read)
    return [{ level: 'warn', text: `quotas were not checked: ${snapshot.resourcequotas.reason}` }]
  const wanted: Readonly<Record<string, number>> = {
    pods: more,
    'count/pods': more,
    cpu: more * each.cpu,
    'requests.cpu': more * each.cpu,
    memory: more * each.memory,
    'requests.memory': more * each.memory,
  }
  return itemsOf(snapshot.resourcequotas).flatMap((quota) =>
    Object.entries(quota.status?.hard ?? quota.spec?.hard ?? {}).flatMap(([name, hard]) => {
      const add = wanted[name]
      const limit = quantityOf(hard)
      const used = quantityOf(quota.status?.used?.[name]) ?? 0
      if (add === undefined || limit === null || used + add <= limit) return []
      return [
        {
          level: 'stop' as const,
          text: `quota ${nameOf(quota)} allows ${hard} ${name}; ${quota.status?.used?.[name] ?? 0} are used, and this needs ${words(name, add)} more`,
        },
      ]
    }),
  )
}

const words = (name: string, value: number): string =>
  name.includes('memory') ? bytesText(value) : name.includes('cpu') ? coresText(value) : String(value)

/**
 * Whether the nodes have room, by requests: each further pod goes to the node with the most CPU left. An estimate: affinity,
 * taints and volumes are not looked at; pods of other namespaces count only where they can be read.
 */
export function roomNotes(deployment: Deployment, snapshot: Snapshot, each: Size, more: number): Note[] {
  if (!snapshot.nodes.read)
    return [{ level: 'warn', text: `room on the nodes was not checked: ${snapshot.nodes.reason}` }]
  const selector = deployment.spec?.template.spec?.nodeSelector ?? {}
  const nodes = snapshot.nodes.items
    .filter(isUsable)
    .filter((node) =>
      Object.entries(selector).every(([key, value]) => node.metadata?.labels?.[key] === value),
    )
    .map((node) => freeOn(node, itemsOf(snapshot.pods)))
  let placed = 0
  for (; placed < more; placed += 1) {
    const room = nodes
      .filter(({ cpu, memory, pods }) => cpu >= each.cpu && memory >= each.memory && pods >= 1)
      .toSorted((a, b) => b.cpu - a.cpu)[0]
    if (room === undefined) break
    room.cpu -= each.cpu
    room.memory -= each.memory
    room.pods -= 1
  }
  if (placed === more)
    return [{ level: 'info', text: `the nodes have room for ${more} more pods, by the requests that can be seen` }] // prettier-ignore
  const most = Math.max(0, ...nodes.map(({ cpu }) => cpu))
  return [
    {
      level: 'warn',
      text: `only ${placed} of ${more} more pods will be scheduled: a pod asks for ${coresText(each.cpu)} CPU and ${bytesText(each.memory)}; the node with the most room has ${coresText(Math.max(0, most))} CPU left`,
    },
  ]
}

function isUsable(node: Node): boolean {
  const ready = (node.status?.conditions ?? []).some(
    ({ type, status }) => type === 'Ready' && status === 'True',
  )
  const closed = (node.spec?.taints ?? []).some(
    ({ effect }) => effect === 'NoSchedule' || effect === 'NoExecute',
  )
  return ready && node.spec?.unschedulable !== true && !closed
}

function freeOn(node: Node, pods: readonly Pod[]): Size & { pods: number } {
  const there = pods.filter(
    (pod) =>
      pod.spec?.nodeName === nameOf(node) &&
      pod.status?.phase !== 'Succeeded' &&
      pod.status?.phase !== 'Failed',
  )
  const used = (kind: 'cpu' | 'memory'): number =>
    there.reduce((total, pod) => total + (pod.spec?.containers ?? []).reduce((sum, { resources }) => sum + (quantityOf(resources?.requests?.[kind]) ?? 0), 0), 0) // prettier-ignore
  const can = node.status?.allocatable ?? node.status?.capacity ?? {}
  return {
    cpu: (quantityOf(can['cpu']) ?? 0) - used('cpu'),
    memory: (quantityOf(can['memory']) ?? 0) - used('memory'),
    pods: (quantityOf(can['pods']) ?? 110) - there.length,
  }
}
