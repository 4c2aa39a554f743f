import type { HorizontalPodAutoscaler } from 'kubernetes-types/autoscaling/v2.js'
import type { Pod } from 'kubernetes-types/core/v1.js'
import { apiTime, labelsOf, nameOf, namespaceOf } from '../object.ts'
import { quantity } from '../quantity.ts'
import { matchesSelector } from '../selector.ts'
import { isActive, isReady } from './deps.ts'
import type { ControllerDeps } from './deps.ts'

/** A change of less than this share of the target is no reason to scale. */
const TOLERANCE = 0.1
const STABILISATION_MS = 300_000

/** Scales by measured CPU and memory. Called each period; remembers its recommendations to scale down slowly. */
export class Autoscaler {
  #recommended = new Map<string, { at: number; replicas: number }[]>()

  sync(deps: ControllerDeps): void {
    for (const autoscaler of deps.context.store.list('horizontalpodautoscalers.autoscaling'))
      this.#one(deps, autoscaler)
  }

  #one(deps: ControllerDeps, autoscaler: HorizontalPodAutoscaler): void {
    const { store } = deps.context
    const namespace = namespaceOf(autoscaler)
    const target = store.find('deployments.apps', namespace, autoscaler.spec?.scaleTargetRef.name ?? '')
    if (target === undefined) return
    const present = target.spec?.replicas ?? 1
    const pods = store
      .list('pods', namespace)
      .filter((pod) => isActive(pod) && matchesSelector(target.spec?.selector, labelsOf(pod)))
    const metrics = (autoscaler.spec?.metrics ?? []).map((metric) => measure(deps, metric.resource, pods))
    const known = metrics.filter((metric) => metric !== null)
    const wanted = present === 0 ? 0 : this.#wanted(deps, autoscaler, present, known)
    if (wanted !== present) scale(deps, autoscaler, nameOf(target), present, wanted)
    store.update('horizontalpodautoscalers.autoscaling', namespace, nameOf(autoscaler), (draft) => {
      draft.status = {
        currentReplicas: pods.length,
        desiredReplicas: wanted,
        currentMetrics: known.map((metric) => metric.current),
        conditions: conditions(deps, present, known.length > 0),
        ...(wanted === present ? {} : { lastScaleTime: apiTime(deps.context.now()) }),
      }
    })
  }

  #wanted(deps: ControllerDeps, autoscaler: HorizontalPodAutoscaler, present: number, metrics: readonly Measured[]): number {
    const low = autoscaler.spec?.minReplicas ?? 1
    const high = autoscaler.spec?.maxReplicas ?? low
    const byMetrics = metrics.map(({ ratio }) => (Math.abs(ratio - 1) <= TOLERANCE ? present : Math.ceil(present * ratio)))
    const asked = byMetrics.length === 0 ? present : Math.max(...byMetrics)
    const now = deps.context.now().getTime()
    const key = `${namespaceOf(autoscaler)}/${nameOf(autoscaler)}`
    const recent = (this.#recommended.get(key) ?? [{ at: now, replicas: present }])
      .filter((item) => now - item.at < STABILISATION_MS / deps.speed)
    recent.push({ at: now, replicas: asked })
    this.#recommended.set(key, recent)
    const stable = asked < present ? Math.min(present, Math.max(...recent.map((item) => item.replicas))) : asked
    return Math.min(high, Math.max(low, stable))
  } // prettier-ignore
}

interface Measured {
  ratio: number
  current: { type: string; resource: { name: string; current: Record<string, string | number> } }
}

type Resource = NonNullable<NonNullable<HorizontalPodAutoscaler['spec']>['metrics']>[number]['resource']

function measure(deps: ControllerDeps, resource: Resource, pods: readonly Pod[]): Measured | null {
  if (resource === undefined) return null
  const values = pods.filter(isReady).flatMap((pod) => {
    const usage = deps.context.nodes.usage(pod)
    if (usage === null) return []
    const used = usage.containers.reduce((sum, item) => sum + (resource.name === 'cpu' ? item.cpuCores : item.memoryBytes), 0)
    const requests = (pod.spec?.containers ?? []).reduce((sum, item) => sum + quantity(item.resources?.requests?.[resource.name] ?? '0'), 0)
    return [{ used, requests }]
  }) // prettier-ignore
  if (values.length === 0) return null
  const mean = values.reduce((sum, item) => sum + item.used, 0) / values.length
  const requests = values.reduce((sum, item) => sum + item.requests, 0) / values.length
  const averageValue = resource.name === 'cpu' ? `${Math.round(mean * 1_000)}m` : String(Math.round(mean))
  const { averageUtilization, averageValue: targetValue } = resource.target
  if (averageUtilization !== undefined) {
    if (requests === 0) return null
    const percent = Math.round((mean / requests) * 100)
    return {
      ratio: percent / averageUtilization,
      current: currentOf(resource.name, { averageUtilization: percent, averageValue }),
    }
  }
  return { ratio: mean / quantity(targetValue), current: currentOf(resource.name, { averageValue }) }
}

const currentOf = (name: string, current: Record<string, string | number>): Measured['current'] => ({
  type: 'Resource',
  resource: { name, current },
})

function scale(
  deps: ControllerDeps,
  autoscaler: HorizontalPodAutoscaler,
  name: string,
  from: number,
  to: number,
): void {
  deps.context.store.update('deployments.apps', namespaceOf(autoscaler), name, (draft) => {
    if (draft.spec !== undefined) draft.spec.replicas = to
  })
  const low = autoscaler.spec?.minReplicas ?? 1
  const why = from < low ? 'Current number of replicas below Spec.MinReplicas' : to > from ? 'cpu resource utilization (percentage of request) above target' : 'All metrics below target' // prettier-ignore
  deps.events.record('horizontalpodautoscalers.autoscaling', autoscaler, {
    type: 'Normal',
    reason: 'SuccessfulRescale',
    message: `New size: ${to}; reason: ${why}`,
    component: 'horizontal-pod-autoscaler',
  })
}

function conditions(deps: ControllerDeps, present: number, measured: boolean) {
  const lastTransitionTime = apiTime(deps.context.now())
  if (present === 0) {
    return [{ type: 'ScalingActive', status: 'False', reason: 'ScalingDisabled', message: 'scaling is disabled since the replica count of the target is zero', lastTransitionTime }] // prettier-ignore
  }
  return [
    { type: 'AbleToScale', status: 'True', reason: 'ReadyForNewScale', message: 'recommended size matches current size', lastTransitionTime },
    measured
      ? { type: 'ScalingActive', status: 'True', reason: 'ValidMetricFound', message: 'the HPA was able to successfully calculate a replica count from cpu resource utilization (percentage of request)', lastTransitionTime }
      : { type: 'ScalingActive', status: 'False', reason: 'FailedGetResourceMetric', message: 'the HPA was unable to compute the replica count: no metrics are known yet', lastTransitionTime },
  ] // prettier-ignore
}
