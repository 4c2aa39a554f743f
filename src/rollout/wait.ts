import type { Deployment } from 'kubernetes-types/apps/v1.js'
import { messageOf } from '../base/error.ts'
import type { Kubectl } from '../kubernetes/index.ts'
import { readDeployment } from './read.ts'

export interface WaitDeps {
  delay(ms: number, signal?: AbortSignal): Promise<void>
  now(): Date
  pollMs: number
}

export interface Arrival {
  complete: boolean
  /** In words: how many pods are there, or why it will not come. */
  says: string
}

/** How far a rollout is; `failed`: Kubernetes itself has given it up. */
export function progressOf(deployment: Deployment): Arrival & { failed: boolean } {
  const { spec, status = {}, metadata } = deployment
  const wanted = spec?.replicas ?? 1
  const updated = status.updatedReplicas ?? 0
  const available = status.availableReplicas ?? 0
  const total = status.replicas ?? 0
  const seen = (status.observedGeneration ?? 0) >= (metadata?.generation ?? 0)
  const failed = seen && (status.conditions ?? []).some(({ type, reason }) => type === 'Progressing' && reason === 'ProgressDeadlineExceeded') // prettier-ignore
  const complete = seen && updated === wanted && total === wanted && available >= wanted
  return { complete, failed, says: `${available} of ${wanted} pods are available, ${updated} of the new kind` } // prettier-ignore
}

/** Waits until every pod is of the new kind and available. Rejects only when `signal` aborts. */
export async function waitForRollout(
  deps: WaitDeps,
  kubectl: Kubectl,
  workload: string,
  limitMs: number,
  signal: AbortSignal,
): Promise<Arrival> {
  const endAt = deps.now().getTime() + limitMs
  for (;;) {
    signal.throwIfAborted()
    const progress = await readDeployment(kubectl, workload, signal).then(progressOf, (error: unknown) => ({
      complete: false,
      failed: false,
      says: messageOf(error),
    }))
    if (progress.complete) return progress
    if (progress.failed)
      return { complete: false, says: `the progress deadline has passed: ${progress.says}` }
    if (deps.now().getTime() >= endAt)
      return { complete: false, says: `not within ${Math.round(limitMs / 1_000)} s: ${progress.says}` }
    await deps.delay(deps.pollMs, signal)
  }
}
