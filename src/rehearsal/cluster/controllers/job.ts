import type { Job } from 'kubernetes-types/batch/v1.js'
import type { Pod } from 'kubernetes-types/core/v1.js'
import { createObject } from '../api/write.ts'
import {
  apiTime,
  controllerOf,
  isDeleting,
  labelsOf,
  metaOf,
  nameOf,
  nameSuffix,
  namespaceOf,
} from '../object.ts'
import { findType } from '../resources.ts'
import { matchesSelector } from '../selector.ts'
import { isActive, isReady, share } from './deps.ts'
import type { ControllerDeps } from './deps.ts'

const UID_LABEL = 'batch.kubernetes.io/controller-uid'

/** Runs the pods of jobs until enough have succeeded or too many have failed. */
export function syncJobs(deps: ControllerDeps): void {
  for (const job of deps.context.store.list('jobs.batch')) if (!isDeleting(job)) syncJob(deps, job)
}

function syncJob(deps: ControllerDeps, job: Job): void {
  if (job.status?.conditions?.some((item) => item.status === 'True') === true) return
  const uid = metaOf(job).uid ?? ''
  const pods = deps.context.store.list('pods', namespaceOf(job)).filter((pod) => controllerOf(pod) === uid)
  const count = (test: (pod: Pod) => boolean) => pods.filter(test).length
  const succeeded = count((pod) => pod.status?.phase === 'Succeeded')
  const failed = count((pod) => pod.status?.phase === 'Failed')
  const active = count(isActive)
  const completions = job.spec?.completions ?? 1
  const done = succeeded >= completions
  const broken = failed > (job.spec?.backoffLimit ?? 6)
  if (!done && !broken && active < Math.min(job.spec?.parallelism ?? 1, completions - succeeded))
    createPod(deps, job, uid)
  deps.context.store.update('jobs.batch', namespaceOf(job), nameOf(job), (draft) => {
    const now = apiTime(deps.context.now())
    if (draft.spec !== undefined) draft.spec.selector ??= { matchLabels: { [UID_LABEL]: uid } }
    const startTime = draft.status?.startTime ?? now
    const ended = done ? { type: 'Complete', reason: 'CompletionsReached', message: 'Reached expected number of succeeded pods' } : { type: 'Failed', reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit' } // prettier-ignore
    draft.status = {
      startTime,
      ...(active > 0 ? { active, ready: count(isReady) } : {}),
      ...(succeeded > 0 ? { succeeded } : {}),
      ...(failed > 0 ? { failed } : {}),
      ...(done ? { completionTime: now } : {}),
      ...(done || broken ? { conditions: [{ ...ended, status: 'True', lastProbeTime: now, lastTransitionTime: now }] } : {}),
    }
  }) // prettier-ignore
}

function createPod(deps: ControllerDeps, job: Job, uid: string): void {
  const type = findType('', 'v1', 'pods')
  const template = job.spec?.template
  if (type === undefined || template === undefined) return
  const labels = { ...template.metadata?.labels, [UID_LABEL]: uid, 'batch.kubernetes.io/job-name': nameOf(job), 'controller-uid': uid, 'job-name': nameOf(job) } // prettier-ignore
  const owner = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    name: nameOf(job),
    uid,
    controller: true,
    blockOwnerDeletion: true,
  }
  const name = `${nameOf(job)}-${nameSuffix()}`
  const pod = {
    metadata: { ...template.metadata, name, labels, ownerReferences: [owner] },
    spec: template.spec,
  }
  createObject(deps.context, type, namespaceOf(job), pod, { dryRun: false })
  deps.events.record('jobs.batch', job, { type: 'Normal', reason: 'SuccessfulCreate', message: `Created pod: ${name}`, component: 'job-controller' }) // prettier-ignore
}

/** How many pods each disruption budget can spare. */
export function syncBudgets(deps: ControllerDeps): void {
  const { store } = deps.context
  for (const budget of store.list('poddisruptionbudgets.policy')) {
    const pods = store.list('pods', namespaceOf(budget)).filter((pod) => isActive(pod) && matchesSelector(budget.spec?.selector, labelsOf(pod))) // prettier-ignore
    const healthy = pods.filter(isReady).length
    const { minAvailable, maxUnavailable } = budget.spec ?? {}
    const desired =
      minAvailable === undefined
        ? pods.length - share(maxUnavailable ?? 1, pods.length, 'up')
        : share(minAvailable, pods.length, 'up')
    store.update('poddisruptionbudgets.policy', namespaceOf(budget), nameOf(budget), (draft) => {
      draft.status = {
        currentHealthy: healthy,
        desiredHealthy: desired,
        disruptionsAllowed: Math.max(0, healthy - desired),
        expectedPods: pods.length,
        observedGeneration: draft.metadata?.generation ?? 1,
      }
    })
  }
}
