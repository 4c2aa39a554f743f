import type { Pod, PodCondition, PodStatus } from 'kubernetes-types/core/v1.js'
import type { ContainerRunner } from './container.ts'

/** The status that the containers add up to. Conditions keep the time of their last change. */
export function podStatusOf(
  pod: Pod,
  containers: readonly ContainerRunner[],
  initContainers: readonly ContainerRunner[],
  now: string,
): PodStatus {
  const before = pod.status ?? {}
  const phase = phaseOf(pod, containers)
  const ended = phase === 'Succeeded' || phase === 'Failed'
  const initialised = initContainers.every((item) => item.state.terminated?.exitCode === 0)
  const unready = containers.filter((item) => !item.ready).map((item) => item.spec.name)
  const notReady = ended
    ? { reason: phase === 'Succeeded' ? 'PodCompleted' : 'PodFailed' }
    : { reason: 'ContainersNotReady', message: `containers with unready status: [${unready.join(' ')}]` }
  const allReady = unready.length === 0 && !ended
  const conditions = [
    condition('PodReadyToStartContainers', before.podIP !== undefined && !ended),
    condition('Initialized', initialised),
    { ...condition('Ready', allReady), ...(allReady ? {} : notReady) },
    { ...condition('ContainersReady', allReady), ...(allReady ? {} : notReady) },
    condition('PodScheduled', true),
  ].map((item) => withTransition(item, before.conditions, now))
  return {
    ...before,
    phase,
    conditions,
    containerStatuses: containers.map((item) => item.status()),
    ...(initContainers.length === 0
      ? {}
      : { initContainerStatuses: initContainers.map((item) => item.status()) }),
  }
}

const condition = (type: string, holds: boolean): PodCondition => ({ type, status: holds ? 'True' : 'False' })

function withTransition(item: PodCondition, before: PodCondition[] | undefined, now: string): PodCondition {
  const was = before?.find((old) => old.type === item.type)
  return { ...item, lastTransitionTime: was?.status === item.status ? (was.lastTransitionTime ?? now) : now }
}

function phaseOf(pod: Pod, containers: readonly ContainerRunner[]): string {
  const policy = pod.spec?.restartPolicy ?? 'Always'
  const deleting = pod.metadata?.deletionTimestamp !== undefined
  const ended = containers.filter((item) => item.state.terminated !== undefined)
  if (containers.length > 0 && ended.length === containers.length && (policy !== 'Always' || deleting)) {
    const good = ended.every((item) => item.state.terminated?.exitCode === 0)
    if (good) return 'Succeeded'
    if (policy === 'Never' || deleting) return 'Failed'
  }
  const begun = containers.every(
    (item) => item.state.running !== undefined || item.state.terminated !== undefined || item.lastState.terminated !== undefined,
  ) // prettier-ignore
  return begun ? 'Running' : 'Pending'
}
