import { AppError } from '../base/error.ts'
import type { ClusterDesk } from '../rollout/index.ts'
import type { OperationDeps } from './deps.ts'

export function clustersOf(deps: OperationDeps): ClusterDesk {
  if (deps.clusters !== undefined) return deps.clusters
  throw new AppError('not_found', 'no service of this erlmcp runs in a Kubernetes cluster', {
    action: 'Give a service a `target` of kind kubernetes in the configuration, or set KUBECONFIG.',
  })
}

/** `deployment/orders`, `orders`: the name of a Deployment. @throws AppError `input_invalid` */
export function workloadOf(target: string): string {
  const name = /^(?:(?:deployments?|deploy)(?:\.apps)?\/)?([a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?)$/.exec(target)?.[1] // prettier-ignore
  if (name !== undefined) return name
  throw new AppError('input_invalid', `${JSON.stringify(target.slice(0, 100))} names no Deployment`, {
    action: 'Write deployment/NAME, or NAME.',
  })
}
