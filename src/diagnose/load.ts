import type { Pod } from 'kubernetes-types/core/v1.js'
import { itemsOf, nameOf, quantityOf } from '../kubernetes/index.ts'
import { finding } from './containers.ts'
import type { Facts, Finding } from './model.ts'

/** A container that uses this share of its limit is held back, or about to be killed. */
const CPU_FULL = 0.85
const MEMORY_FULL = 0.88
/** One pod that uses so many times the median of the others, and at least half of its limit. */
const OUTLIER = 4

interface Usage {
  pod: string
  container: string
  cpu: number | null
  memory: number | null
  cpuLimit: number | null
  memoryLimit: number | null
}

/** Usage against limits, and what the autoscaler says. */
export function loadFindings(facts: Facts): Finding[] {
  const usages = usagesOf(facts)
  const busy = usages.filter(({ cpu, cpuLimit }) => shareOf(cpu, cpuLimit) >= CPU_FULL)
  const outliers = usages.filter((usage) => isOutlier(usage, usages))
  return [
    ...outliers.map((usage) => finding('cpu-one-pod', 'likely', `pod/${usage.pod}`, [cpuText(usage), othersText(usage, usages)])), // prettier-ignore
    ...busy
      .filter((usage) => !outliers.includes(usage))
      .map((usage) => finding('cpu-at-limit', 'certain', `pod/${usage.pod}`, [cpuText(usage)])),
    ...usages
      .filter(({ memory, memoryLimit }) => shareOf(memory, memoryLimit) >= MEMORY_FULL)
      .map((usage) => finding('memory-near-limit', 'certain', `pod/${usage.pod}`, [memoryText(usage)])),
    ...autoscalerFindings(facts),
    ...underWay(facts),
  ]
}

const shareOf = (used: number | null, limit: number | null): number =>
  used === null || limit === null || limit === 0 ? 0 : used / limit
const percent = (share: number): string => `${Math.round(share * 100)} %`
const cpuText = ({ container, cpu, cpuLimit }: Usage): string =>
  `container ${container} uses ${Math.round((cpu ?? 0) * 1_000)}m CPU, ${percent(shareOf(cpu, cpuLimit))} of its limit`
const memoryText = ({ container, memory, memoryLimit }: Usage): string =>
  `container ${container} uses ${Math.round((memory ?? 0) / 2 ** 20)} MiB, ${percent(shareOf(memory, memoryLimit))} of its limit`

function isOutlier(usage: Usage, all: readonly Usage[]): boolean {
  const others = othersOf(usage, all)
  if (others.length === 0 || shareOf(usage.cpu, usage.cpuLimit) < 0.5) return false
  return (usage.cpu ?? 0) > OUTLIER * median(others)
}

const othersOf = (usage: Usage, all: readonly Usage[]): number[] =>
  all
    .filter((other) => other.pod !== usage.pod && other.container === usage.container)
    .flatMap(({ cpu }) => (cpu === null ? [] : [cpu]))
const othersText = (usage: Usage, all: readonly Usage[]): string =>
  `the median of the others is ${Math.round(median(othersOf(usage, all)) * 1_000)}m`

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0
}

function usagesOf(facts: Facts): Usage[] {
  const metrics = new Map(itemsOf(facts.snapshot.podmetrics).map((each) => [each.metadata?.name, each]))
  return facts.pods.flatMap((pod) =>
    (metrics.get(nameOf(pod))?.containers ?? []).map((container) => {
      const limits = limitsOf(pod, container.name)
      return {
        pod: nameOf(pod),
        container: container.name,
        cpu: quantityOf(container.usage?.cpu),
        memory: quantityOf(container.usage?.memory),
        ...limits,
      }
    }),
  )
}

function limitsOf(pod: Pod, name: string): { cpuLimit: number | null; memoryLimit: number | null } {
  const limits = pod.spec?.containers.find((container) => container.name === name)?.resources?.limits ?? {}
  return { cpuLimit: quantityOf(limits['cpu']), memoryLimit: quantityOf(limits['memory']) }
}

function autoscalerFindings(facts: Facts): Finding[] {
  return itemsOf(facts.snapshot.horizontalpodautoscalers)
    .filter(({ spec }) => spec?.scaleTargetRef.name === facts.workload)
    .flatMap((scaler) => {
      const about = `horizontalpodautoscaler/${nameOf(scaler)}`
      return (scaler.status?.conditions ?? []).flatMap(({ type, status, reason, message }) => {
        if (type === 'ScalingLimited' && status === 'True' && reason === 'TooManyReplicas')
          return [finding('autoscaler-at-maximum', 'certain', about, [`maxReplicas ${scaler.spec?.maxReplicas ?? '?'}`, message ?? ''])] // prettier-ignore
        return type === 'ScalingActive' && status === 'False' && reason !== 'ScalingDisabled'
          ? [finding('autoscaler-blind', 'certain', about, [`${reason ?? ''}: ${message ?? ''}`])]
          : []
      })
    })
}

function underWay({ deployment }: Facts): Finding[] {
  if (deployment === null) return []
  const { status, spec } = deployment
  const wanted = spec?.replicas ?? 1
  const updated = status?.updatedReplicas ?? 0
  if (updated >= wanted && (status?.observedGeneration ?? 0) >= (deployment.metadata?.generation ?? 0)) return [] // prettier-ignore
  return [
    finding('rollout-under-way', 'certain', `deployment/${nameOf(deployment)}`, [
      `${updated} of ${wanted} pods are of the last change`,
    ]),
  ]
}
