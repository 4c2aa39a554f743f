import type { Deployment } from 'kubernetes-types/apps/v1.js'
import type { Pod } from 'kubernetes-types/core/v1.js'
import { annotationOf, isPodReady, nameOf } from '../kubernetes/index.ts'
import type { Revision } from './history.ts'
import { ownersOf } from './plan.ts'
import { progressOf } from './wait.ts'

export interface GuardLimits {
  readyDeadlineMs: number
  windowMs: number
  errorRateForMs: number
  restarts: number
}

/** A rollout as the guard sees it at one moment. */
export interface RolloutFacts {
  at: Date
  deployment: Deployment
  current: Revision
  /** The pods of the new revision. */
  pods: readonly Pod[]
  /** When the guard first saw the revision. */
  seenAt: Date
  /** Since when the error rate has been above its limit; `null`: it is not, or cannot be measured. */
  failingSince: Date | null
}

export type GuardVerdict =
  | { verdict: 'watching' }
  | { verdict: 'healthy'; reason: string }
  /** Somebody else looks after it, or it must not be undone. */
  | { verdict: 'aside'; reason: string }
  | { verdict: 'failed'; reason: string }

/** Whether a rollout has failed. Pure; it never calls a rollback failed. */
export function judgeRollout(facts: RolloutFacts, limits: GuardLimits): GuardVerdict {
  const aside = whyAside(facts)
  if (aside !== null) return { verdict: 'aside', reason: aside }
  const { at, deployment, seenAt, failingSince } = facts
  const { complete, failed, says } = progressOf(deployment)
  if (failed) return { verdict: 'failed', reason: `ProgressDeadlineExceeded: ${says}` }
  const loop = crashLoop(facts.pods, limits.restarts)
  if (loop !== null) return { verdict: 'failed', reason: loop }
  const age = at.getTime() - seenAt.getTime()
  if (!complete && age >= limits.readyDeadlineMs)
    return { verdict: 'failed', reason: `not ready within ${limits.readyDeadlineMs / 1_000} s: ${says}` }
  if (failingSince !== null && at.getTime() - failingSince.getTime() >= limits.errorRateForMs)
    return { verdict: 'failed', reason: `the error rate has been above its limit since ${failingSince.toISOString()}` } // prettier-ignore
  if (complete && age >= limits.windowMs)
    return {
      verdict: 'healthy',
      reason: `${says}; nothing was wrong for ${Math.round(limits.windowMs / 1_000)} s`,
    }
  return { verdict: 'watching' }
}

function whyAside({ deployment, current }: RolloutFacts): string | null {
  if (current.earlier.length > 0)
    return `revision ${current.revision} is a return to revision ${current.earlier.at(-1) ?? '?'}; a rollback is never undone`
  if (deployment.spec?.paused === true) return 'the Deployment is paused'
  if ((deployment.spec?.replicas ?? 1) === 0) return 'it is scaled to no pods'
  const names = [
    ...Object.keys(deployment.metadata?.annotations ?? {}),
    ...Object.keys(deployment.metadata?.labels ?? {}),
  ]
  if (names.some((name) => name.startsWith('flagger.app/')) || nameOf(deployment).endsWith('-primary'))
    return 'Flagger looks after it'
  if (
    names.some((name) => name.startsWith('rollout.argoproj.io/')) ||
    annotationOf(deployment, 'argo-rollouts.argoproj.io/managed') !== null
  )
    return 'Argo Rollouts looks after it'
  const owner = ownersOf(deployment).find((each) => /^(Rollout|Canary) /.test(each))
  return owner === undefined ? null : `${owner} looks after it`
}

function crashLoop(pods: readonly Pod[], limit: number): string | null {
  for (const pod of pods) {
    if (isPodReady(pod)) continue
    for (const status of pod.status?.containerStatuses ?? []) {
      const count = status.restartCount ?? 0
      if (count < limit) continue
      const ended = status.lastState?.terminated ?? status.state?.terminated
      return `crash looping: pod ${nameOf(pod)}, container ${status.name}, ${count} restarts, exit ${ended?.exitCode ?? '?'} ${ended?.reason ?? ''}`.trim()
    }
  }
  return null
}
