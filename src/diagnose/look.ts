import type { Deployment } from 'kubernetes-types/apps/v1.js'
import type { ContainerStatus, Pod, Service } from 'kubernetes-types/core/v1.js'
import { messageOf } from '../base/error.ts'
import {
  failureOf,
  isPodReady,
  itemsOf,
  matchesSelector,
  nameOf,
  selects,
  takeSnapshot,
} from '../kubernetes/index.ts'
import type { Kubectl, ResourceName, Snapshot } from '../kubernetes/index.ts'
import { isDatabasePod, isDatabaseService } from './database.ts'
import { judgeSymptom } from './judge.ts'
import type { Facts, Finding, LogLines, Symptom } from './model.ts'

export interface LookDeps {
  kubectl: Kubectl
  now(): Date
}

export interface Diagnosis {
  symptom: Symptom
  workload: string
  at: Date
  findings: Finding[]
  /** Every check, and why it could not be made. */
  checks: { check: string; done: boolean; reason: string | null }[]
}

const ALWAYS: readonly ResourceName[] = [
  'pods', 'deployments', 'replicasets', 'services', 'events', 'nodes',
] // prettier-ignore
const MORE: Readonly<Record<Symptom, readonly ResourceName[]>> = {
  'pod-wont-start': ['persistentvolumeclaims', 'resourcequotas', 'limitranges'],
  'not-responding': ['networkpolicies', 'endpointslices'],
  'database-wont-connect': [],
  'high-latency': ['podmetrics', 'horizontalpodautoscalers'],
}
const LOG_LINES = 300
const LOG_SINCE_MINUTES = 10
/** A pod that became ready within this time after its start has been ready ever since: it does not flap. */
const START_MS = 120_000
const MAX_LOGS = 6
const LOG_TIMEOUT_MS = 6_000

/** Looks, in parallel and each look within its own time, and judges what it saw. It changes nothing. */
export async function diagnose(
  deps: LookDeps,
  request: { symptom: Symptom; workload: string },
  signal?: AbortSignal,
): Promise<Diagnosis> {
  const { symptom, workload } = request
  const options = signal === undefined ? {} : { signal }
  const names = [...ALWAYS, ...MORE[symptom]]
  const snapshot = await takeSnapshot(deps.kubectl, names, options)
  const at = deps.now()
  const bare = factsOf(at, snapshot, workload)
  const { logs, unread } = await readLogs(deps.kubectl, { ...bare, at }, options)
  const facts = { ...bare, logs }
  return {
    symptom,
    workload,
    at,
    findings: judgeSymptom(symptom, facts),
    checks: [
      ...names.map((name) => {
        const reading = snapshot[name]
        return { check: name, done: reading.read, reason: reading.read ? null : reading.reason }
      }),
      ...(unread.length === 0
        ? [{ check: 'logs', done: true, reason: null }]
        : unread.map((reason) => ({ check: 'logs', done: false, reason }))),
    ],
  }
}

/** The part of a snapshot that is about one workload. */
export function factsOf(at: Date, snapshot: Snapshot, workload: string): Omit<Facts, 'logs'> {
  const all = itemsOf(snapshot.pods)
  const deployment = itemsOf(snapshot.deployments).find((each) => nameOf(each) === workload) ?? null
  const pods = all.filter((pod) => belongs(pod, deployment, workload))
  const services = itemsOf(snapshot.services)
  const databasePods = all.filter((pod) => isDatabasePod(pod) && !pods.includes(pod))
  return {
    at,
    snapshot,
    workload,
    deployment,
    pods,
    services: services.filter(
      (service) => serves(service, deployment, pods) && !isDatabaseService(service, databasePods),
    ),
    databasePods,
    databaseServices: services.filter((service) => isDatabaseService(service, databasePods)),
  }
}

function belongs(pod: Pod, deployment: Deployment | null, workload: string): boolean {
  if (deployment !== null) return matchesSelector(deployment.spec?.selector, pod.metadata?.labels)
  return nameOf(pod) === workload || nameOf(pod).startsWith(`${workload}-`)
}

/** Whether it sends traffic to the workload, or would if one pair of its selector were not there. */
function serves(service: Service, deployment: Deployment | null, pods: readonly Pod[]): boolean {
  const selector = service.spec?.selector ?? {}
  const labels = deployment?.spec?.template.metadata?.labels ?? pods[0]?.metadata?.labels ?? {}
  if (selects(selector, labels)) return true
  return Object.keys(selector).some((left) => {
    const rest = Object.fromEntries(Object.entries(selector).filter(([key]) => key !== left))
    return selects(rest, labels)
  })
}

/** Of a pod that started and has been ready since, what it wrote while it waited for others is over. */
export function sinceOf(pod: Pod, status: ContainerStatus, at: Date): string {
  const ready = (pod.status?.conditions ?? []).find(({ type }) => type === 'Ready')
  const readyMs = Date.parse(ready?.lastTransitionTime ?? '')
  const startedMs = Date.parse(status.state?.running?.startedAt ?? '')
  const recent = readyMs > at.getTime() - LOG_SINCE_MINUTES * 60_000
  if (!isPodReady(pod) || !recent || !(readyMs - startedMs < START_MS)) return `--since=${LOG_SINCE_MINUTES}m`
  // the cluster's times are whole seconds, rounded down
  return `--since-time=${new Date(readyMs + 1_000).toISOString()}`
}

/** The last lines of every container, and those from before its last start where it was restarted. */
async function readLogs(
  kubectl: Kubectl,
  facts: Pick<Facts, 'pods' | 'at'>,
  options: { signal?: AbortSignal },
): Promise<{ logs: LogLines[]; unread: string[] }> {
  const wanted = facts.pods
    .flatMap((pod) =>
      (pod.status?.containerStatuses ?? []).flatMap((status) => {
        if (status.state?.running !== undefined) return [{ pod, status, previous: false }]
        const ended = status.state?.terminated ?? status.lastState?.terminated
        return ended === undefined ? [] : [{ pod, status, previous: status.state?.terminated === undefined }]
      }),
    )
    .slice(0, MAX_LOGS)
  const unread: string[] = []
  const logs = await Promise.all(
    wanted.map(async ({ pod, status, previous }) => {
      const args = [
        'logs',
        nameOf(pod),
        '-c',
        status.name,
        `--tail=${LOG_LINES}`,
        sinceOf(pod, status, facts.at),
      ]
      try {
        const result = await kubectl.read(previous ? [...args, '--previous'] : args, {
          ...options,
          timeoutMs: LOG_TIMEOUT_MS,
        })
        if (result.code === 0)
          return { pod: nameOf(pod), container: status.name, lines: result.out.split('\n') }
        unread.push(`${nameOf(pod)}: ${failureOf(result)}`)
      } catch (error) {
        unread.push(`${nameOf(pod)}: ${messageOf(error)}`)
      }
      return { pod: nameOf(pod), container: status.name, lines: [] }
    }),
  )
  return { logs, unread }
}
