import type { Objects, PodMetrics } from '../kubernetes/index.ts'
import {
  annotationOf,
  bytesText,
  CHANGE_CAUSE,
  coresText,
  isPodReady,
  nameOf,
  quantityOf,
} from '../kubernetes/index.ts'

type Workload = Objects['deployments'] | Objects['statefulsets']

/** A Deployment or StatefulSet in one line. */
export function workloadLine(workload: Workload) {
  const { spec, status } = workload
  const wanted = spec?.replicas ?? 1
  const ready = status?.readyReplicas ?? 0
  const updated = status?.updatedReplicas ?? 0
  return {
    name: nameOf(workload),
    state: stateOf(workload, { wanted, ready, updated }),
    ready,
    wanted,
    updated,
    image: spec?.template.spec?.containers.map(({ image }) => image ?? '').join(', ') ?? '',
    cause: annotationOf(workload, CHANGE_CAUSE),
  }
}

function stateOf(
  workload: Workload,
  { wanted, ready, updated }: { wanted: number; ready: number; updated: number },
): string {
  const conditions: { type: string; reason?: string }[] = workload.status?.conditions ?? []
  if (conditions.some(({ reason }) => reason === 'ProgressDeadlineExceeded')) return 'stuck'
  if (workload.spec !== undefined && 'paused' in workload.spec && workload.spec.paused) return 'paused'
  if (wanted === 0) return 'scaled to 0'
  if (updated < wanted) return 'rolling out'
  return ready < wanted ? 'degraded' : 'healthy'
}

/** A pod in one line, as people know it from `kubectl get pods`. */
export function podLine(at: Date, pod: Objects['pods'], metrics: readonly PodMetrics[]) {
  const statuses = pod.status?.containerStatuses ?? []
  const used = metrics.find((each) => each.metadata?.name === nameOf(pod))?.containers ?? []
  const sum = (kind: 'cpu' | 'memory'): number =>
    used.reduce((total, { usage }) => total + (quantityOf(usage?.[kind]) ?? 0), 0)
  const createdAt = Date.parse(pod.metadata?.creationTimestamp ?? '')
  return {
    name: nameOf(pod),
    ready: `${statuses.filter((status) => status.ready).length}/${pod.spec?.containers.length ?? 0}`,
    isReady: isPodReady(pod),
    status: podStatus(pod),
    restarts: statuses.reduce((total, status) => total + (status.restartCount ?? 0), 0),
    ageSeconds: Number.isNaN(createdAt) ? null : Math.round((at.getTime() - createdAt) / 1_000),
    node: pod.spec?.nodeName ?? null,
    cpu: used.length === 0 ? null : coresText(sum('cpu')),
    memory: used.length === 0 ? null : bytesText(sum('memory')),
  }
}

function podStatus(pod: Objects['pods']): string {
  if (pod.metadata?.deletionTimestamp !== undefined) return 'Terminating'
  const states = (pod.status?.containerStatuses ?? []).map(({ state }) => state)
  const reason = states.map((state) => state?.waiting?.reason ?? state?.terminated?.reason).find((each) => each !== undefined) // prettier-ignore
  return reason ?? pod.status?.reason ?? pod.status?.phase ?? 'Unknown'
}

export function serviceLine(service: Objects['services'], slices: readonly Objects['endpointslices'][]) {
  const own = slices.filter(
    (slice) => slice.metadata?.labels?.['kubernetes.io/service-name'] === nameOf(service),
  )
  const endpoints = own.flatMap((slice) => slice.endpoints ?? [])
  return {
    name: nameOf(service),
    type: service.spec?.type ?? 'ClusterIP',
    ports: (service.spec?.ports ?? []).map(({ port }) => port).join(','),
    ready: endpoints.filter(({ conditions }) => conditions?.ready !== false).length,
    selector: Object.entries(service.spec?.selector ?? {})
      .map(([key, value]) => `${key}=${value}`)
      .join(','),
  }
}
