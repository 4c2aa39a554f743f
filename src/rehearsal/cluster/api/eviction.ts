import type { Pod } from 'kubernetes-types/core/v1.js'
import type { PodDisruptionBudget } from 'kubernetes-types/policy/v1.js'
import { labelsOf, nameOf, namespaceOf } from '../object.ts'
import { matchesSelector } from '../selector.ts'
import { ApiStatusError, methodNotAllowed } from '../status.ts'
import type { ApiContext } from './context.ts'
import { removeObject, removeOptions } from './remove.ts'
import type { ResourceRequest } from './request.ts'
import { current } from './resource.ts'
import type { Answer } from './resource.ts'

/** `kubectl drain`: a deletion that a disruption budget may refuse. */
export function serveEviction(context: ApiContext, request: ResourceRequest): Answer {
  if (request.method !== 'POST') throw methodNotAllowed()
  const pod = current(context, request) as Pod
  const budget = context.store
    .list('poddisruptionbudgets.policy', namespaceOf(pod))
    .find((item) => matchesSelector(item.spec?.selector, labelsOf(pod)))
  if (budget !== undefined && (budget.status?.disruptionsAllowed ?? 0) < 1) throw refused(budget)
  const options = removeOptions({}, request.query)
  if (!options.dryRun) removeObject(context, request.type, current(context, request), options, undefined)
  return { code: 201, body: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 } }
}

function refused(budget: PodDisruptionBudget): ApiStatusError {
  const { desiredHealthy = 0, currentHealthy = 0 } = budget.status ?? {}
  return new ApiStatusError(
    429,
    'TooManyRequests',
    "Cannot evict pod as it would violate the pod's disruption budget.",
    {
      causes: [
        {
          reason: 'DisruptionBudget',
          message: `The disruption budget ${nameOf(budget)} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`,
        },
      ],
    },
  )
}
