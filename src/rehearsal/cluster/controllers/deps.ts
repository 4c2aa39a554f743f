import type { Pod } from 'kubernetes-types/core/v1.js'
import type { ApiContext } from '../api/context.ts'
import type { EventRecorder } from '../events.ts'
import { isDeleting } from '../object.ts'

export interface ControllerDeps {
  context: ApiContext
  events: EventRecorder
  /** Periods and deadlines are divided by this. */
  speed: number
}

export const isReady = (pod: Pod): boolean =>
  pod.status?.conditions?.some((item) => item.type === 'Ready' && item.status === 'True') === true

/** Whether the pod counts: it has not ended and nobody has asked for its end. */
export const isActive = (pod: Pod): boolean =>
  !isDeleting(pod) && pod.status?.phase !== 'Succeeded' && pod.status?.phase !== 'Failed'

/** Whole number of a count or a percentage of `total`. */
export function share(value: number | string | undefined, total: number, round: 'up' | 'down'): number {
  if (value === undefined) return 0
  if (typeof value === 'number') return value
  const exact = (Number.parseInt(value, 10) / 100) * total
  return value.endsWith('%') ? (round === 'up' ? Math.ceil(exact) : Math.floor(exact)) : Number(value)
}
