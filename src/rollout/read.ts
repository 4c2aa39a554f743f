import type { Deployment, ReplicaSet } from 'kubernetes-types/apps/v1.js'
import { AppError } from '../base/error.ts'
import { failureOf } from '../kubernetes/index.ts'
import type { Kubectl } from '../kubernetes/index.ts'

/** @throws AppError `not_found`, `unavailable`: why it cannot be read, in the words of the server. */
export async function readDeployment(
  kubectl: Kubectl,
  name: string,
  signal?: AbortSignal,
): Promise<Deployment> {
  const result = await kubectl.read(
    ['get', `deployment.apps/${name}`, '-o', 'json'],
    signal === undefined ? {} : { signal },
  )
  if (result.code === 0) return JSON.parse(result.out) as Deployment
  const why = failureOf(result)
  if (/not ?found/i.test(why)) {
    throw new AppError('not_found', `there is no Deployment ${name}: ${why}`, {
      action: '`erlmcp status` lists what there is.',
    })
  }
  throw new AppError('unavailable', `the Deployment ${name} cannot be read: ${why}`, {
    action: 'Check the context, the kubeconfig and the rights of the observer.',
    retryable: true,
  })
}

/** @throws AppError `unavailable` */
export async function readReplicaSets(kubectl: Kubectl): Promise<ReplicaSet[]> {
  const result = await kubectl.read(['get', 'replicasets.apps', '-o', 'json'])
  if (result.code === 0) return (JSON.parse(result.out) as { items: ReplicaSet[] }).items
  throw new AppError('unavailable', `the ReplicaSets cannot be read: ${failureOf(result)}`, {
    action: 'Check the rights of the observer.',
    retryable: true,
  })
}
