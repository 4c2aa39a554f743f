import type { Deployment } from 'kubernetes-types/apps/v1.js'
import type { Container, ResourceRequirements } from 'kubernetes-types/core/v1.js'
import { AppError } from '../base/error.ts'
import { bytesText, coresText, itemsOf, matchesSelector, nameOf, quantityOf } from '../kubernetes/index.ts'
import type { Snapshot } from '../kubernetes/index.ts'
import { textDiff } from './history.ts'
import { annotate, commonNotes, LAST_CHANGE, patchCommand, pointer } from './plan.ts'
import type { ChangePlan, Note, PatchOperation } from './plan.ts'
import { quotaNotes, roomNotes } from './room.ts'

interface Request {
  deployment: Deployment
  snapshot: Snapshot
  target: { context: string | null; namespace: string }
  changeId: string
}

/** More or fewer pods. @throws AppError `conflict` when there are as many already. */
export function planHorizontal(request: Request & { replicas: number }): ChangePlan {
  const { deployment, replicas, snapshot, target } = request
  const name = nameOf(deployment)
  const before = deployment.spec?.replicas ?? 1
  if (before === replicas)
    throw new AppError('conflict', `${name} has ${before} replicas already`, {
      action: 'Nothing was changed.',
    })
  const patch = (from: number, to: number): PatchOperation[] => [
    { op: 'test', path: '/spec/replicas', value: from },
    { op: 'replace', path: '/spec/replicas', value: to },
  ]
  const object = `deployment.apps/${name}`
  const each = requestsOf(deployment.spec?.template.spec?.containers ?? [])
  const more = replicas - before
  return {
    kind: 'scale-horizontal',
    title: `Scale ${name} from ${before} to ${replicas} pods`,
    apply: patchCommand(target, object, [
      ...patch(before, replicas),
      ...annotate(deployment, LAST_CHANGE, request.changeId),
    ]),
    revert: patchCommand(target, object, patch(replicas, before)),
    diff: textDiff('now', 'after', { replicas: before }, { replicas }),
    notes: [
      ...commonNotes(deployment),
      ...autoscalerNotes(deployment, snapshot, replicas),
      {
        level: 'info',
        text: `no pod is restarted; ${more > 0 ? 'requests grow' : 'requests shrink'} by ${coresText(Math.abs(more) * each.cpu)} CPU and ${bytesText(Math.abs(more) * each.memory)} memory`,
      },
      ...(replicas === 0
        ? [{ level: 'warn' as const, text: 'no pod is left: the service answers nobody' }]
        : []),
      ...(more > 0
        ? [...quotaNotes(snapshot, each, more), ...roomNotes(deployment, snapshot, each, more)]
        : budgetNotes(deployment, snapshot, replicas)),
    ],
    replicas,
  }
}

export interface Resources {
  requests?: { cpu?: string; memory?: string }
  limits?: { cpu?: string; memory?: string }
}

/**
 * Other requests and limits of one container: the pods are replaced one after the other.
 * @throws AppError `input_invalid` (which container? a request above its limit), `conflict` (nothing differs).
 */
export function planVertical(
  request: Request & { container: string | null; resources: Resources },
): ChangePlan {
  const { deployment, snapshot, target, resources } = request
  const name = nameOf(deployment)
  const containers = deployment.spec?.template.spec?.containers ?? []
  const index = chooseContainer(containers, request.container)
  const container = containers[index]
  if (container === undefined) throw new Error('no container')
  const before = container.resources
  const after = merged(before, resources)
  const diff = textDiff('now', 'after', { container: container.name, resources: before ?? {} }, { container: container.name, resources: after }) // prettier-ignore
  if (diff === '')
    throw new AppError('conflict', `container ${container.name} of ${name} has these resources already`, {
      action: 'Nothing was changed.',
    })
  const replicas = deployment.spec?.replicas ?? 1
  const [old, next] = [requestsOf([container]), requestsOf([{ ...container, resources: after }])]
  const surge = { cpu: podRequests(containers, container.name, next).cpu, memory: podRequests(containers, container.name, next).memory } // prettier-ignore
  const object = `deployment.apps/${name}`
  return {
    kind: 'scale-vertical',
    title: `Change the resources of container ${container.name} of ${name}`,
    apply: patchCommand(target, object, [
      ...resourcePatch(index, container, before, after),
      ...annotate(deployment, LAST_CHANGE, request.changeId),
    ]),
    // quantities come back in another form (1000m as 1), so the mark of this change is the fence
    revert: patchCommand(target, object, [
      { op: 'test', path: `/metadata/annotations/${pointer(LAST_CHANGE)}`, value: request.changeId },
      ...resourcePatch(index, container, undefined, before),
    ]),
    diff,
    notes: [
      ...commonNotes(deployment),
      { level: 'info', text: `rolling restart: all ${replicas} pods are replaced, one after the other` },
      ...(containers.length > 1
        ? [
            {
              level: 'info' as const,
              text: `only container ${container.name} changes, not ${containers
                .filter((each) => each !== container)
                .map((each) => each.name)
                .join(', ')}`,
            },
          ]
        : []),
      {
        level: 'info',
        text: `requests of all pods change by ${signed((next.cpu - old.cpu) * replicas, coresText)} CPU and ${signed((next.memory - old.memory) * replicas, bytesText)} memory`,
      },
      ...autoscalerNotes(deployment, snapshot, null),
      // while it rolls, one pod of the new size stands beside the old ones
      ...quotaNotes(snapshot, surge, 1),
      ...roomNotes(deployment, snapshot, surge, 1),
    ],
    replicas,
  }
}

const signed = (value: number, words: (value: number) => string): string =>
  value < 0 ? `-${words(-value)}` : `+${words(value)}`

function chooseContainer(containers: readonly Container[], name: string | null): number {
  if (name === null && containers.length === 1) return 0
  const index = containers.findIndex((each) => each.name === name)
  if (index >= 0) return index
  throw new AppError(
    'input_invalid',
    name === null ? 'the pods have several containers' : `there is no container ${name}`,
    { action: `Name one with --container: ${containers.map((each) => each.name).join(', ')}.` },
  )
}

function merged(before: ResourceRequirements | undefined, resources: Resources): ResourceRequirements {
  const requests = { ...before?.requests, ...resources.requests }
  const limits = { ...before?.limits, ...resources.limits }
  for (const kind of ['cpu', 'memory'] as const) {
    const [low, high] = [quantityOf(requests[kind]), quantityOf(limits[kind])]
    if (low !== null && high !== null && low > high)
      throw new AppError(
        'input_invalid',
        `the ${kind} request ${requests[kind] ?? ''} is above its limit ${limits[kind] ?? ''}`,
        { action: 'Raise the limit as well, or lower the request.' },
      )
  }
  return { ...before, requests, limits }
}

function resourcePatch(
  index: number,
  container: Container,
  before: ResourceRequirements | undefined,
  after: ResourceRequirements | undefined,
): PatchOperation[] {
  const path = `/spec/template/spec/containers/${index}`
  return [
    { op: 'test', path: `${path}/name`, value: container.name },
    ...(before === undefined ? [] : [{ op: 'test' as const, path: `${path}/resources`, value: before }]),
    { op: 'add', path: `${path}/resources`, value: after ?? {} },
  ]
}

/** What the containers ask for together: cores and bytes. */
export function requestsOf(containers: readonly Container[]): { cpu: number; memory: number } {
  const sum = (kind: 'cpu' | 'memory'): number =>
    containers.reduce((total, { resources }) => total + (quantityOf(resources?.requests?.[kind] ?? resources?.limits?.[kind]) ?? 0), 0) // prettier-ignore
  return { cpu: sum('cpu'), memory: sum('memory') }
}

function podRequests(
  containers: readonly Container[],
  changed: string,
  next: { cpu: number; memory: number },
): { cpu: number; memory: number } {
  const others = requestsOf(containers.filter((each) => each.name !== changed))
  return { cpu: others.cpu + next.cpu, memory: others.memory + next.memory }
}

function autoscalerNotes(deployment: Deployment, snapshot: Snapshot, replicas: number | null): Note[] {
  if (!snapshot.horizontalpodautoscalers.read)
    return [{ level: 'warn', text: `autoscalers were not checked: ${snapshot.horizontalpodautoscalers.reason}` }] // prettier-ignore
  return itemsOf(snapshot.horizontalpodautoscalers)
    .filter(({ spec }) => spec?.scaleTargetRef.name === nameOf(deployment))
    .map((scaler) => {
      const [low, high] = [scaler.spec?.minReplicas ?? 1, scaler.spec?.maxReplicas ?? 1]
      const name = nameOf(scaler)
      if (replicas === null)
        return {
          level: 'info' as const,
          text: `autoscaler ${name} counts usage against requests: other requests change when it scales`,
        }
      const text =
        replicas === 0
          ? `autoscaler ${name} stops while there are 0 replicas`
          : replicas < low || replicas > high
            ? `autoscaler ${name} keeps ${low} to ${high} pods and will take ${replicas} back within seconds`
            : `autoscaler ${name} sets the number by itself and will move it again; change its minReplicas (${low}) or maxReplicas (${high}) instead`
      return { level: 'warn' as const, text }
    })
}

function budgetNotes(deployment: Deployment, snapshot: Snapshot, replicas: number): Note[] {
  const labels = deployment.spec?.template.metadata?.labels ?? {}
  return itemsOf(snapshot.poddisruptionbudgets)
    .filter(({ spec }) => matchesSelector(spec?.selector, labels))
    .flatMap((budget) => {
      const least = budget.spec?.minAvailable
      if (typeof least !== 'number' || replicas >= least) return []
      return [
        {
          level: 'warn' as const,
          text: `disruption budget ${nameOf(budget)} wants ${least} pods available; scaling goes below it, and node drains are then blocked`,
        },
      ]
    })
}
