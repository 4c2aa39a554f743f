import type { Pod } from 'kubernetes-types/core/v1.js'
import { apiTime, isDeleting, isRecord, metaOf, nameOf, namespaceOf } from '../object.ts'
import type { KubeObject } from '../object.ts'
import { displayName, storageName } from '../resources.ts'
import type { ResourceType } from '../resources.ts'
import { conflict } from '../status.ts'
import type { ApiContext } from './context.ts'

export interface RemoveOptions {
  gracePeriodSeconds: number | undefined
  propagation: string
  dryRun: boolean
}

export function removeOptions(body: Record<string, unknown>, query: URLSearchParams): RemoveOptions {
  const grace = body['gracePeriodSeconds'] ?? query.get('gracePeriodSeconds') ?? undefined
  const policy = body['propagationPolicy'] ?? query.get('propagationPolicy')
  const orphan = body['orphanDependents'] === true ? 'Orphan' : 'Background'
  return {
    gracePeriodSeconds: grace === undefined ? undefined : Number(grace),
    propagation: typeof policy === 'string' ? policy : orphan,
    dryRun: query.has('dryRun') || (Array.isArray(body['dryRun']) && body['dryRun'].length > 0),
  }
}

/**
 * Deletes an object the way its kind goes: a pod ends gracefully and is taken out by its node, a namespace by
 * its controller, an object with finalizers when they are gone, all others at once.
 * @returns what the server answers
 */
export function removeObject(
  context: ApiContext,
  type: ResourceType,
  object: KubeObject,
  options: RemoveOptions,
  preconditions: unknown,
): KubeObject {
  const resource = storageName(type)
  const uid = isRecord(preconditions) ? preconditions['uid'] : undefined
  if (uid !== undefined && uid !== metaOf(object).uid) throw conflict(displayName(type), nameOf(object))
  if (!options.dryRun) {
    if (resource === 'pods') return removePod(context, object as Pod, options.gracePeriodSeconds)
    if (options.propagation === 'Orphan') orphanDependents(context, metaOf(object).uid ?? '')
    const waits = resource === 'namespaces' || (metaOf(object).finalizers ?? []).length > 0
    if (waits) markDeleted(context, resource, object, 0)
    else context.store.remove(resource, namespaceOf(object), nameOf(object))
    if (resource === 'namespaces') return context.store.get(resource as string, '', nameOf(object))
  }
  if (resource === 'pods') return object
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: {
      name: nameOf(object),
      ...(type.group === '' ? {} : { group: type.group }),
      kind: type.plural,
      uid: metaOf(object).uid,
    },
  }
}

function removePod(context: ApiContext, pod: Pod, wanted: number | undefined): KubeObject {
  const grace = wanted ?? pod.spec?.terminationGracePeriodSeconds ?? 30
  const ended = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
  if (grace === 0 || pod.spec?.nodeName === undefined || ended) {
    context.nodes.kill(pod)
    return context.store.remove('pods', namespaceOf(pod), nameOf(pod))
  }
  return markDeleted(context, 'pods', pod as KubeObject, grace)
}

function markDeleted(context: ApiContext, resource: string, object: KubeObject, grace: number): KubeObject {
  return context.store.update(resource, namespaceOf(object), nameOf(object), (draft) => {
    const present = draft.metadata?.deletionGracePeriodSeconds ?? Infinity
    if (isDeleting(draft) && present <= grace) return
    draft.metadata = {
      ...draft.metadata,
      deletionTimestamp: apiTime(new Date(context.now().getTime() + grace * 1_000)),
      deletionGracePeriodSeconds: grace,
    }
  })
}

function orphanDependents(context: ApiContext, uid: string): void {
  for (const resource of context.store.resources()) {
    for (const object of context.store.list(resource)) {
      if (!metaOf(object).ownerReferences?.some((owner) => owner.uid === uid)) continue
      context.store.update(resource, namespaceOf(object), nameOf(object), (draft) => {
        const rest = metaOf(draft).ownerReferences?.filter((owner) => owner.uid !== uid) ?? []
        draft.metadata = { ...draft.metadata, ownerReferences: rest }
      })
    }
  }
}
