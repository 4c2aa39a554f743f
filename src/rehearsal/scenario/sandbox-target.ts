import type { SandboxCluster } from '../cluster/cluster.ts'
import type { RehearsalTarget } from './rehearse.ts'

/** The sandbox as a target: every fault can be made there. */
export const sandboxTarget = (cluster: SandboxCluster, path: string): RehearsalTarget => ({
  name: 'sandbox',
  namespace: cluster.namespace,
  inject: (fault) => cluster.inject(fault),
  environment: { PATH: path, ...cluster.environment('admin') },
  prometheusUrl: cluster.serviceUrl('prometheus'),
})
