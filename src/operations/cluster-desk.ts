import { AppError } from '../base/error.ts'
import type { Kubectl } from '../kubernetes/index.ts'
import type { SignalSource } from '../verification/index.ts'
import type { OperationDeps } from './deps.ts'

/** One service and where it runs, ready to be looked at. */
export interface OpenCluster {
  /** `null`: none is configured; the kubeconfig of this process is looked through. */
  service: string | null
  /** Name of the Deployment. `null`: none was named. */
  workload: string | null
  /** `null`: the current one of the kubeconfig. */
  context: string | null
  namespace: string
  kubectl: Kubectl
  signals: SignalSource | null
}

export interface ClusterDesk {
  /** @throws AppError `not_found` (no such service), `input_invalid` (which of several?), `unsupported` (not in a cluster). */
  open(request: { service?: string | undefined; workload?: string | undefined; namespace?: string | undefined }): OpenCluster // prettier-ignore
  /** A signal of a service now. */
  measure(source: SignalSource, signal: string): Promise<{ value: number | null; error?: string }>
}

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
