import type { ContainerStatus, Pod } from 'kubernetes-types/core/v1.js'
import { isDeleting, nameOf } from '../object.ts'
import { ageOf, humanDuration } from './age.ts'

export interface PodSummary {
  ready: number
  total: number
  status: string
  restarts: number
  lastRestartAt: string | null
}

/** READY, STATUS and RESTARTS of a pod, by the rules of the real server's printer. */
export function summarisePod(pod: Pod): PodSummary {
  const phase = pod.status?.phase ?? 'Unknown'
  const summary: PodSummary = {
    ready: 0,
    total: pod.spec?.containers.length ?? 0,
    status: pod.status?.reason ?? phase,
    restarts: 0,
    lastRestartAt: null,
  }
  const initialising = summariseInit(pod, summary)
  if (!initialising) summariseContainers(pod, summary)
  if (isDeleting(pod) && phase !== 'Succeeded' && phase !== 'Failed') summary.status = 'Terminating'
  return summary
}

function summariseInit(pod: Pod, summary: PodSummary): boolean {
  const total = pod.spec?.initContainers?.length ?? 0
  for (const [index, status] of (pod.status?.initContainerStatuses ?? []).entries()) {
    countRestarts(status, summary)
    const { terminated, waiting } = status.state ?? {}
    if (terminated?.exitCode === 0) continue
    if (terminated !== undefined)
      summary.status = `Init:${terminated.reason ?? `ExitCode:${terminated.exitCode}`}`
    else if (waiting?.reason !== undefined && waiting.reason !== 'PodInitializing') {
      summary.status = `Init:${waiting.reason}`
    } else summary.status = `Init:${index}/${total}`
    return true
  }
  return false
}

function summariseContainers(pod: Pod, summary: PodSummary): void {
  let running = false
  summary.restarts = 0
  for (const status of (pod.status?.containerStatuses ?? []).toReversed()) {
    countRestarts(status, summary)
    const { waiting, terminated } = status.state ?? {}
    if (waiting?.reason !== undefined && waiting.reason !== '') summary.status = waiting.reason
    else if (terminated !== undefined) {
      summary.status = terminated.reason ?? (terminated.signal === undefined ? `ExitCode:${terminated.exitCode}` : `Signal:${terminated.signal}`) // prettier-ignore
    } else if (status.ready && status.state?.running !== undefined) {
      running = true
      summary.ready += 1
    }
  }
  if (summary.status === 'Completed' && running) {
    const ready = pod.status?.conditions?.some((item) => item.type === 'Ready' && item.status === 'True')
    summary.status = ready === true ? 'Running' : 'NotReady'
  }
}

function countRestarts(status: ContainerStatus, summary: PodSummary): void {
  summary.restarts += status.restartCount
  const finishedAt = status.lastState?.terminated?.finishedAt
  if (finishedAt !== undefined && (summary.lastRestartAt === null || finishedAt > summary.lastRestartAt)) {
    summary.lastRestartAt = finishedAt
  }
}

export function podCells(pod: Pod, now: Date): unknown[] {
  const summary = summarisePod(pod)
  const ago =
    summary.restarts > 0 && summary.lastRestartAt !== null
      ? ` (${humanDuration(now.getTime() - Date.parse(summary.lastRestartAt))} ago)`
      : ''
  return [
    nameOf(pod),
    `${summary.ready}/${summary.total}`,
    summary.status,
    `${summary.restarts}${ago}`,
    ageOf(pod.metadata?.creationTimestamp, now),
    pod.status?.podIP ?? '<none>',
    pod.spec?.nodeName ?? '<none>',
    pod.status?.nominatedNodeName ?? '<none>',
    '<none>',
  ]
}
