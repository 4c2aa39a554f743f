import type { Pod } from 'kubernetes-types/core/v1.js'
import { isDeleting, isRecord, nameOf, namespaceOf } from '../object.ts'
import type { KubeObject } from '../object.ts'
import { quantity } from '../quantity.ts'
import { ApiStatusError } from '../status.ts'
import type { ApiContext } from './context.ts'

/** Refuses a pod that would exceed a quota of its namespace. */
export function refuseOverQuota(context: ApiContext, pod: Pod): void {
  for (const quota of context.store.list('resourcequotas', namespaceOf(pod))) {
    for (const [key, hard] of Object.entries(hardLimits(quota))) {
      const wanted = amount(pod, key)
      if (wanted === null) continue
      const used = usedOf(context, namespaceOf(pod), key)
      if (used + wanted <= quantity(hard)) continue
      throw new ApiStatusError(403, 'Forbidden', `pods "${nameOf(pod)}" is forbidden: exceeded quota: ${nameOf(quota)}, requested: ${key}=${wanted}, used: ${key}=${used}, limited: ${key}=${String(hard)}`, { name: nameOf(pod), kind: 'pods' }) // prettier-ignore
    }
  }
}

/** What a namespace uses of each thing that its quotas limit. */
export function usedOf(context: ApiContext, namespace: string, key: string): number {
  const pods = context.store.list('pods', namespace).filter((pod) => {
    const ended = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
    return !ended && !isDeleting(pod)
  })
  return pods.reduce((sum, pod) => sum + (amount(pod, key) ?? 0), 0)
}

export function hardLimits(quota: KubeObject): Record<string, unknown> {
  const spec = quota['spec']
  return isRecord(spec) && isRecord(spec['hard']) ? spec['hard'] : {}
}

function amount(pod: Pod, key: string): number | null {
  if (key === 'pods') return 1
  const [, section, resource = ''] = /^(requests|limits)\.(cpu|memory)$/.exec(key) ?? []
  if (section === undefined) return null
  const of = section === 'limits' ? 'limits' : 'requests'
  return (pod.spec?.containers ?? []).reduce(
    (sum, item) => sum + quantity(item.resources?.[of]?.[resource] ?? '0'),
    0,
  )
}
