import type { Node, Pod, PodSpec } from 'kubernetes-types/core/v1.js'
import { apiTime, isDeleting, labelsOf, nameOf, namespaceOf } from '../object.ts'
import { quantity } from '../quantity.ts'
import { matchesSelector } from '../selector.ts'
import { isActive } from './deps.ts'
import type { ControllerDeps } from './deps.ts'

/** Binds waiting pods to the node with the most room, or says why none has any. */
export function syncScheduler(deps: ControllerDeps): void {
  const { store } = deps.context
  for (const pod of store.list('pods')) {
    if (pod.spec?.nodeName !== undefined || isDeleting(pod) || pod.spec?.schedulerName === 'none') continue
    const verdicts = store.list('nodes').map((node) => ({ node, problem: problemWith(deps, node, pod) }))
    const fitting = verdicts.filter((verdict) => verdict.problem === null)
    const best = fitting.sort((a, b) => requested(deps, a.node).cpu - requested(deps, b.node).cpu)[0]
    if (best === undefined)
      refuse(deps, pod, verdicts.map((verdict) => verdict.problem ?? '')) // prettier-ignore
    else bind(deps, pod, best.node)
  }
}

function problemWith(deps: ControllerDeps, node: Node, pod: Pod): string | null {
  if (node.spec?.unschedulable === true) return 'node(s) were unschedulable'
  if (!matchesSelector({ matchLabels: pod.spec?.nodeSelector ?? {} }, labelsOf(node))) {
    return "node(s) didn't match Pod's node affinity/selector"
  }
  const taint = (node.spec?.taints ?? []).find(
    (item) =>
      item.effect !== 'PreferNoSchedule' &&
      !(pod.spec?.tolerations ?? []).some(
        (toleration) => toleration.key === undefined || toleration.key === item.key,
      ),
  )
  if (taint !== undefined) return `node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`
  const used = requested(deps, node)
  const wanted = requestsOf(pod.spec)
  if (used.pods + 1 > quantity(node.status?.allocatable?.['pods'])) return 'Too many pods'
  if (used.cpu + wanted.cpu > quantity(node.status?.allocatable?.['cpu']) + 1e-9) return 'Insufficient cpu'
  if (used.memory + wanted.memory > quantity(node.status?.allocatable?.['memory']))
    return 'Insufficient memory'
  return null
}

function requested(deps: ControllerDeps, node: Node): { cpu: number; memory: number; pods: number } {
  const pods = deps.context.store
    .list('pods')
    .filter((pod) => pod.spec?.nodeName === nameOf(node) && (isActive(pod) || isDeleting(pod)))
  const each = pods.map((pod) => requestsOf(pod.spec))
  return {
    cpu: each.reduce((sum, item) => sum + item.cpu, 0),
    memory: each.reduce((sum, item) => sum + item.memory, 0),
    pods: pods.length,
  }
}

export function requestsOf(spec: PodSpec | undefined): { cpu: number; memory: number } {
  const of = (name: string) =>
    (spec?.containers ?? []).reduce((sum, item) => sum + quantity(item.resources?.requests?.[name] ?? '0'), 0)
  return { cpu: of('cpu'), memory: of('memory') }
}

function bind(deps: ControllerDeps, pod: Pod, node: Node): void {
  const now = apiTime(deps.context.now())
  deps.context.store.update('pods', namespaceOf(pod), nameOf(pod), (draft) => {
    if (draft.spec !== undefined) draft.spec.nodeName = nameOf(node)
    const conditions = (draft.status?.conditions ?? []).filter((item) => item.type !== 'PodScheduled')
    conditions.push({ type: 'PodScheduled', status: 'True', lastTransitionTime: now })
    draft.status = { ...draft.status, conditions }
  })
  deps.events.record('pods', pod, {
    type: 'Normal',
    reason: 'Scheduled',
    message: `Successfully assigned ${namespaceOf(pod)}/${nameOf(pod)} to ${nameOf(node)}`,
    component: 'default-scheduler',
  })
}

function refuse(deps: ControllerDeps, pod: Pod, problems: readonly string[]): void {
  const counts = new Map<string, number>()
  for (const problem of problems) counts.set(problem, (counts.get(problem) ?? 0) + 1)
  const texts = [...counts].map(([problem, count]) => `${count} ${problem}`)
  const total = problems.length
  const message = `0/${total} nodes are available: ${texts.join(', ')}. preemption: 0/${total} nodes are available: ${total} No preemption victims found for incoming pod.`
  const known = pod.status?.conditions?.find((item) => item.type === 'PodScheduled')
  if (known?.status === 'False' && known.message === message) return
  deps.context.store.update('pods', namespaceOf(pod), nameOf(pod), (draft) => {
    const now = apiTime(deps.context.now())
    draft.status = {
      ...draft.status,
      phase: 'Pending',
      conditions: [
        { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message, lastTransitionTime: now },
      ],
    }
  })
  deps.events.record('pods', pod, {
    type: 'Warning',
    reason: 'FailedScheduling',
    message,
    component: 'default-scheduler',
  })
}
