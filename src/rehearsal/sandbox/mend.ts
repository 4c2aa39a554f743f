import { kubectl, kubectlOutput } from '../scenario/kubectl.ts'
import { askSandbox } from './request.ts'
import type { SandboxRecord } from './record.ts'

/**
 * Puts the default world back: its manifests, fresh pods, no quota, no extra load. Resolves when the pods are ready.
 */
export async function mendSandbox(record: SandboxRecord, path: string): Promise<void> {
  const environment = { PATH: path, KUBECONFIG: record.kubeconfig }
  const { namespace } = record
  await askSandbox(record, { do: 'calm' })
  await kubectl(['delete', 'resourcequota', '--all', '-n', namespace], environment)
  // sessions that hold locks end with their server
  await kubectl(
    ['delete', 'pod', 'postgres-pod', '-n', namespace, '--ignore-not-found', '--grace-period=1'],
    environment,
  )
  await kubectlOutput(['apply', '-f', record.manifests], environment)
  // what a fault has added beside the manifests is nothing that `apply` takes away
  const selector = [{ op: 'replace', path: '/spec/selector', value: { app: 'erlmcp' } }]
  await kubectlOutput(
    ['patch', 'service', 'erlmcp', '-n', namespace, '--type=json', '-p', JSON.stringify(selector)],
    environment,
  )
  await kubectlOutput(
    ['set', 'env', 'deployment/erlmcp-tcps', '-n', namespace, 'ERLMCP_CACHE_MEGABYTES-'],
    environment,
  )
  await kubectlOutput(['rollout', 'restart', 'deployment/erlmcp-tcps', '-n', namespace], environment)
  await kubectlOutput(
    ['rollout', 'status', 'deployment/erlmcp-tcps', '-n', namespace, '--timeout=50s'],
    environment,
  )
}
