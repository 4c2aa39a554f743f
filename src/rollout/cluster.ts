import type { Kubectl } from '../kubernetes/index.ts'
import type { SignalSource } from '../verification/index.ts'

/** One service and where it runs, ready to be looked at and changed. */
export interface OpenCluster {
  /** `null`: none is configured; the kubeconfig of this process is looked through. */
  service: string | null
  /** Name of the Deployment. `null`: none was named. */
  workload: string | null
  /** `null`: the current one of the kubeconfig. */
  context: string | null
  /** Empty: the one of the context. */
  namespace: string
  kubectl: Kubectl
  signals: SignalSource | null
}

export interface ClusterDesk {
  /** The services that run in a cluster. */
  names(): string[]
  /** @throws AppError `not_found` (no such service), `input_invalid` (which of several?). */
  open(request: {
    service?: string | null | undefined
    workload?: string | undefined
    namespace?: string | undefined
  }): OpenCluster
  /** A signal of a service now. */
  measure(source: SignalSource, signal: string): Promise<{ value: number | null; error?: string }>
}
