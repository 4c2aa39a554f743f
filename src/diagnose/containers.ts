import type { ContainerStatus, Event, Pod } from 'kubernetes-types/core/v1.js'
import { isPodReady, itemsOf, nameOf } from '../kubernetes/index.ts'
import type { CauseName } from './causes.ts'
import type { Certainty, Facts, Finding } from './model.ts'
import { eventsAbout, quote } from './words.ts'

const PULLS = /^(ErrImagePull|ImagePullBackOff|ErrImageNeverPull|RegistryUnavailable)$/
/** A readiness that fails for less long than this may still come. */
const SETTLES_MS = 15_000

/** Why containers of these pods do not run, or run and are not ready. */
export function containerFindings(facts: Facts, pods: readonly Pod[]): Finding[] {
  return pods.flatMap((pod) => {
    if (pod.metadata?.deletionTimestamp !== undefined || pod.status?.phase === 'Succeeded') return []
    const events = eventsAbout(facts, 'Pod', nameOf(pod))
    const about = `pod/${nameOf(pod)}`
    const init = (pod.status?.initContainerStatuses ?? []).flatMap((status) =>
      isFailing(status) ? initFindings(status, events, about) : [],
    )
    const main = (pod.status?.containerStatuses ?? []).flatMap((status) =>
      containerFinding(facts, pod, status, events),
    )
    return [...init, ...main, ...mountFindings(pod, events)]
  })
}

const isFailing = (status: ContainerStatus): boolean =>
  !status.ready &&
  (status.state?.waiting?.reason === 'CrashLoopBackOff' || (status.state?.terminated?.exitCode ?? 0) !== 0)

function initFindings(status: ContainerStatus, events: readonly Event[], about: string): Finding[] {
  const ended = status.state?.terminated ?? status.lastState?.terminated
  const evidence = [
    `init container ${status.name}: exit ${ended?.exitCode ?? '?'}, ${status.restartCount ?? 0} restarts`,
  ]
  return [
    finding(
      'init-failing',
      'certain',
      about,
      evidence,
      events.filter((event) => event.reason === 'BackOff'),
    ),
  ]
}

function containerFinding(
  facts: Facts,
  pod: Pod,
  status: ContainerStatus,
  events: readonly Event[],
): Finding[] {
  const about = `pod/${nameOf(pod)}`
  const waiting = status.state?.waiting
  const reason = waiting?.reason ?? ''
  const message = waiting?.message ?? ''
  if (PULLS.test(reason))
    return [pullFinding(about, status, `${message}\n${failures(events)}`, reason, events)]
  if (reason === 'InvalidImageName')
    return [finding('image-name', 'certain', about, [`${status.image}: ${message}`])]
  if (reason === 'CreateContainerConfigError') {
    const name: CauseName = /secret/i.test(message)
      ? 'secret-missing'
      : /configmap/i.test(message)
        ? 'config-missing'
        : 'create-refused'
    return [finding(name, 'certain', about, [`container ${status.name}: ${message}`])]
  }
  return endedFindings(facts, pod, status, events)
}

function pullFinding(
  about: string,
  status: ContainerStatus,
  text: string,
  reason: string,
  events: readonly Event[],
): Finding {
  const evidence = [`container ${status.name}: ${reason} of ${status.image}`]
  const said = events.filter((event) => event.reason === 'Failed')
  const name = /unauthorized|denied|forbidden|authentication required|no basic auth/i.test(text)
    ? 'image-access'
    : /no such host|i\/o timeout|connection refused|timeout|dial tcp|unreachable/i.test(text)
      ? 'registry-unreachable'
      : /not found|manifest unknown|no such manifest|does not exist/i.test(text)
        ? 'image-missing'
        : 'image-pull'
  return finding(name, 'certain', about, evidence, said)
}

const failures = (events: readonly Event[]): string =>
  events
    .filter((event) => event.reason === 'Failed')
    .map((event) => event.message ?? '')
    .join('\n')

/** A container that ended, and one that runs and is not ready. */
function endedFindings(facts: Facts, pod: Pod, status: ContainerStatus, events: readonly Event[]): Finding[] {
  const about = `pod/${nameOf(pod)}`
  const ended =
    status.state?.terminated ?? (isUnwell(facts, status) ? status.lastState?.terminated : undefined)
  if (ended !== undefined && !status.ready) {
    const what = `container ${status.name}: ${ended.reason ?? 'ended'}, exit ${ended.exitCode ?? '?'}, ${status.restartCount ?? 0} restarts`
    if (ended.reason === 'OOMKilled') return [finding('oom-killed', 'certain', about, [what])]
    if (/^(StartError|ContainerCannotRun)$/.test(ended.reason ?? '') || ended.exitCode === 127)
      return [finding('program-missing', 'certain', about, [what, ended.message ?? ''])]
    const killed = events.filter((event) => event.reason === 'Killing')
    if (said(killed, /liveness/i)) return [finding('liveness-kills', 'certain', about, [what], killed)]
    if (said(killed, /startup/i)) return [finding('startup-probe', 'certain', about, [what], killed)]
    if ((status.restartCount ?? 0) > 0 || ended.exitCode !== 0) {
      const lines = lastLines(facts, nameOf(pod), status.name)
      const full = lines.some((line) => NO_SPACE.test(line))
      return [
        finding(full ? 'disk-full' : 'crash-loop', full ? 'certain' : 'likely', about, [what, ...lines]),
      ]
    }
  }
  if (ended?.reason === 'OOMKilled')
    return [
      finding('oom-killed', 'likely', about, [
        `container ${status.name}: ended by OOMKilled at ${ended.finishedAt ?? '?'}, ${status.restartCount ?? 0} restarts`,
      ]),
    ]
  return notReady(facts, pod, status, events)
}

const RECENT_MS = 15 * 60_000

/** Whether the end before this start tells of what is wrong now. */
function isUnwell(facts: Facts, status: ContainerStatus): boolean {
  const finishedAt = Date.parse(status.lastState?.terminated?.finishedAt ?? '')
  return !status.ready || facts.at.getTime() - finishedAt < RECENT_MS
}

const NO_SPACE = /no space left|ENOSPC|disk quota exceeded/i
const said = (events: readonly Event[], pattern: RegExp): boolean =>
  events.some((event) => pattern.test(event.message ?? ''))

function lastLines(facts: Facts, pod: string, container: string): string[] {
  const log = facts.logs.find((each) => each.pod === pod && each.container === container)
  return (log?.lines ?? []).filter((line) => line.trim() !== '').slice(-3)
}

function notReady(facts: Facts, pod: Pod, status: ContainerStatus, events: readonly Event[]): Finding[] {
  const startedAt = Date.parse(status.state?.running?.startedAt ?? '')
  if (Number.isNaN(startedAt) || status.ready || isPodReady(pod)) return []
  if (facts.at.getTime() - startedAt < SETTLES_MS) return []
  const failed = events.filter((event) => event.reason === 'Unhealthy' && /readiness/i.test(event.message ?? '')) // prettier-ignore
  const seconds = Math.round((facts.at.getTime() - startedAt) / 1_000)
  const certainty: Certainty = failed.length > 0 ? 'certain' : 'likely'
  return [
    finding(
      'not-ready',
      certainty,
      `pod/${nameOf(pod)}`,
      [`container ${status.name} runs for ${seconds} s and is not ready`],
      failed,
    ),
  ]
}

function mountFindings(pod: Pod, events: readonly Event[]): Finding[] {
  const isWaiting = (pod.status?.containerStatuses ?? []).some(
    (status) => status.state?.waiting?.reason === 'ContainerCreating',
  )
  const failed = events.filter((event) => /^Failed(Mount|AttachVolume)$/.test(event.reason ?? ''))
  if (!isWaiting || failed.length === 0) return []
  const name: CauseName = said(failed, /secret "/i)
    ? 'secret-missing'
    : said(failed, /configmap "/i)
      ? 'config-missing'
      : 'volume-mount'
  return [finding(name, 'certain', `pod/${nameOf(pod)}`, [], failed)]
}

/** Pods that the cluster took away, or that do not go. */
export function podEndFindings(facts: Facts, pods: readonly Pod[]): Finding[] {
  return pods.flatMap((pod) => {
    const about = `pod/${nameOf(pod)}`
    if (pod.status?.reason === 'Evicted')
      return [finding('evicted', 'certain', about, [pod.status.message ?? 'Evicted'])]
    const deletedAt = Date.parse(pod.metadata?.deletionTimestamp ?? '')
    // the timestamp is when it should be gone, the grace period included
    if (!Number.isNaN(deletedAt) && facts.at.getTime() - deletedAt > 60_000) {
      const finalizers = pod.metadata?.finalizers ?? []
      const why = finalizers.length > 0 ? `finalizers: ${finalizers.join(', ')}` : `its node is ${pod.spec?.nodeName ?? 'unknown'}` // prettier-ignore
      return [
        finding('stuck-terminating', 'certain', about, [
          `should be gone since ${new Date(deletedAt).toISOString()}; ${why}`,
        ]),
      ]
    }
    return []
  })
}

export function nodeFindings(facts: Facts, pods: readonly Pod[]): Finding[] {
  const used = new Set(pods.map((pod) => pod.spec?.nodeName).filter((name) => name !== undefined))
  return itemsOf(facts.snapshot.nodes).flatMap((node) => {
    const about = `node/${nameOf(node)}`
    if (!used.has(nameOf(node))) return []
    return (node.status?.conditions ?? []).flatMap(({ type, status, message }) => {
      if (type === 'Ready' && status !== 'True')
        return [finding('node-not-ready', 'certain', about, [`Ready is ${status}: ${message ?? ''}`])]
      return type.endsWith('Pressure') && status === 'True'
        ? [finding('node-pressure', 'certain', about, [`${type}: ${message ?? ''}`])]
        : []
    })
  })
}

export const finding = (
  cause: CauseName,
  certainty: Certainty,
  about: string,
  evidence: readonly string[],
  events: readonly Event[] = [],
): Finding => ({
  cause,
  certainty,
  about,
  evidence: [
    ...evidence,
    ...events.slice(-2).map((event) => `event ${event.reason ?? ''}: ${event.message ?? ''}`),
  ]
    .filter((text) => text.trim() !== '')
    .map(quote),
})
