import type { Deployment } from 'kubernetes-types/apps/v1.js'
import type { Service } from 'kubernetes-types/core/v1.js'
import { canonicalJson, sha256 } from '../base/id.ts'
import { itemsOf, nameOf, selects, takeSnapshot } from '../kubernetes/index.ts'
import { patchCommand, readDeployment } from '../rollout/index.ts'
import type { ChangeCommand, OpenCluster, PatchOperation } from '../rollout/index.ts'
import type { DRAINS } from './schema.ts'

/** The pair that no pod has: a service with it in its selector sends traffic to nobody. */
export const DRAIN_LABEL = 'maintenance'
const DRAIN_VALUE = 'true'

export type Drain = (typeof DRAINS)[number]

/** One service before its window, and what is done to it. */
export interface WindowPart {
  service: string
  workload: string
  context: string | null
  namespace: string
  replicas: number
  /** While the window is on; `null`: as many as before. */
  keep: number | null
  /** The Services in front of it, with the selector to come back to. */
  fronts: { name: string; selector: Record<string, string> }[]
}

export interface WindowPlan {
  parts: WindowPart[]
  /** What people see and approve. */
  commands: string[]
  hash: string
  /** What stands in the way. */
  problems: string[]
}

type Target = Pick<WindowPart, 'context' | 'namespace'>

/** Takes the service off its pods; refused where the selector is not the recorded one. */
export const drainCommand = (target: Target, { name, selector }: WindowPart['fronts'][number]): ChangeCommand =>
  patchCommand(target, `service/${name}`, [
    { op: 'test', path: '/spec/selector', value: selector },
    { op: 'add', path: `/spec/selector/${DRAIN_LABEL}`, value: DRAIN_VALUE },
  ]) // prettier-ignore

/** The way back, from exactly the drained selector. */
export const restoreCommand = (target: Target, { name, selector }: WindowPart['fronts'][number]): ChangeCommand =>
  patchCommand(target, `service/${name}`, [
    { op: 'test', path: '/spec/selector', value: { ...selector, [DRAIN_LABEL]: DRAIN_VALUE } },
    { op: 'replace', path: '/spec/selector', value: selector },
  ]) // prettier-ignore

export const scaleCommand = (target: Target, workload: string, from: number, to: number): ChangeCommand => {
  const operations: PatchOperation[] = [
    { op: 'test', path: '/spec/replicas', value: from },
    { op: 'replace', path: '/spec/replicas', value: to },
  ]
  return patchCommand(target, `deployment.apps/${workload}`, operations)
} // prettier-ignore

/** Whether the service is drained by us, as it was, or something else. */
export function selectorState(
  actual: Record<string, string> | undefined,
  recorded: Record<string, string>,
): 'drained' | 'as-recorded' | 'other' {
  if (canonicalJson(actual ?? {}) === canonicalJson(recorded)) return 'as-recorded'
  const drained = { ...recorded, [DRAIN_LABEL]: DRAIN_VALUE }
  return canonicalJson(actual ?? {}) === canonicalJson(drained) ? 'drained' : 'other'
}

/** What a window would do now, for the services of it that run in a cluster. */
export async function planWindow(
  opened: readonly (OpenCluster & { service: string })[],
  window: { drain: Drain; keepReplicas: number | null },
): Promise<WindowPlan> {
  const parts: WindowPart[] = []
  const problems: string[] = []
  for (const each of opened) {
    const workload = each.workload ?? each.service
    const [deployment, snapshot] = await Promise.all([
      readDeployment(each.kubectl, workload),
      takeSnapshot(each.kubectl, ['services']),
    ])
    const fronts = window.drain === 'none' ? [] : frontsOf(deployment, itemsOf(snapshot.services))
    if (window.drain === 'selector' && fronts.length === 0)
      problems.push(`no Service sends traffic to ${workload}: there is nothing to drain, or it is drained already`) // prettier-ignore
    parts.push({
      service: each.service,
      workload,
      context: each.context,
      namespace: each.namespace,
      replicas: deployment.spec?.replicas ?? 1,
      keep: window.keepReplicas,
      fronts,
    })
  }
  const commands = parts.flatMap(commandsOf)
  return { parts, commands, hash: sha256(canonicalJson({ parts, identity: 'operator' })), problems }
}

function frontsOf(deployment: Deployment, services: readonly Service[]): WindowPart['fronts'] {
  const labels = deployment.spec?.template.metadata?.labels
  return services.flatMap((service) => {
    const selector = service.spec?.selector ?? {}
    return selects(selector, labels) ? [{ name: nameOf(service), selector }] : []
  })
}

function commandsOf(part: WindowPart): string[] {
  const { workload, replicas, keep, fronts } = part
  return [
    ...fronts.map((front) => drainCommand(part, front).text),
    ...(keep === null || keep >= replicas ? [] : [scaleCommand(part, workload, replicas, keep).text]),
    ...(keep === null || keep >= replicas ? [] : [scaleCommand(part, workload, keep, replicas).text]),
    ...fronts.map((front) => restoreCommand(part, front).text),
  ]
}
