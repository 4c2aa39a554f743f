import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import type { Kubectl, KubectlResult } from '../../src/kubernetes/index.ts'
import type { PatchOperation } from '../../src/rollout/index.ts'

/** One Deployment and one Service in a file, so that they outlive the process that changes them. */
export interface SmallCluster {
  deployment: {
    metadata: { name: string; uid: string; generation: number; annotations: Record<string, string>; labels: Record<string, string> } // prettier-ignore
    spec: { replicas: number; template: { metadata: { labels: Record<string, string> } } }
    status: Record<string, number>
  }
  service: { metadata: { name: string }; spec: { selector: Record<string, string> } }
  /** Every patch that was accepted, in its order. */
  accepted: string[]
}

export const freshCluster = (): SmallCluster =>
  settle({
    deployment: {
      metadata: { name: 'shop', uid: 'u', generation: 1, annotations: {}, labels: {} },
      spec: { replicas: 3, template: { metadata: { labels: { app: 'shop' } } } },
      status: {},
    },
    service: { metadata: { name: 'shop' }, spec: { selector: { app: 'shop' } } },
    accepted: [],
  })

/** What controllers would do, at once. */
function settle(cluster: SmallCluster): SmallCluster {
  const { spec, metadata } = cluster.deployment
  cluster.deployment.status = {
    observedGeneration: metadata.generation,
    replicas: spec.replicas,
    updatedReplicas: spec.replicas,
    availableReplicas: spec.replicas,
  }
  return cluster
}

export const readCluster = (file: string): SmallCluster =>
  JSON.parse(readFileSync(file, 'utf8')) as SmallCluster

export function writeCluster(file: string, cluster: SmallCluster): void {
  const handle = openSync(`${file}.new`, 'w')
  writeSync(handle, JSON.stringify(cluster))
  fsyncSync(handle)
  closeSync(handle)
  renameSync(`${file}.new`, file)
}

/** Understands what duties ask: `get` of the two, `get services`, and JSON patches with their tests. */
export function smallKubectl(file: string): Kubectl {
  if (!existsSync(file)) writeCluster(file, freshCluster())
  return {
    read: async (args) => read(readCluster(file), args),
    change: async (args) => patch(file, args),
  }
}

const ok = (value: unknown): KubectlResult => ({ code: 0, out: JSON.stringify(value), err: '' })
const no = (err: string): KubectlResult => ({ code: 1, out: '', err })

function read(cluster: SmallCluster, [verb = '', what = '']: readonly string[]): KubectlResult {
  if (verb !== 'get') return no(`unknown command ${verb}`)
  if (what === 'deployment.apps/shop') return ok(cluster.deployment)
  if (what === 'service/shop') return ok(cluster.service)
  return ok({ items: what === 'services' ? [cluster.service] : [] })
}

function patch(file: string, args: readonly string[]): KubectlResult {
  const cluster = readCluster(file)
  const [, what = ''] = args
  const target: unknown = what === 'service/shop' ? cluster.service : cluster.deployment
  for (const operation of JSON.parse(args.at(-1) ?? '[]') as PatchOperation[]) {
    const parts = operation.path.slice(1).split('/').map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~')) // prettier-ignore
    const last = parts.pop() ?? ''
    const parent = parts.reduce<unknown>((value, part) => (value as Record<string, unknown>)[part], target)
    const holder = parent as Record<string, unknown>
    if (operation.op === 'remove') delete holder[last]
    else if (operation.op !== 'test') holder[last] = operation.value
    else if (!isDeepStrictEqual(holder[last], operation.value))
      return no('The request is invalid: the server rejected our request due to an error in our request')
  }
  cluster.deployment.metadata.generation += 1
  cluster.accepted.push(`${what} ${args.at(-1) ?? ''}`)
  writeCluster(file, settle(cluster))
  return ok({})
}
