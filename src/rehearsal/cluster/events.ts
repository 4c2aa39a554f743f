import type { ObjectReference } from 'kubernetes-types/core/v1.js'
import { apiTime, metaOf, nameOf, nameSuffix, namespaceOf } from './object.ts'
import type { KubeObject } from './object.ts'
import { templateHash } from './object.ts'
import type { Store } from './store.ts'

export interface EventInput {
  type: 'Normal' | 'Warning'
  reason: string
  message: string
  component: string
  host?: string
  fieldPath?: string
}

const KINDS: Record<string, { kind: string; apiVersion: string }> = {
  pods: { kind: 'Pod', apiVersion: 'v1' },
  nodes: { kind: 'Node', apiVersion: 'v1' },
  services: { kind: 'Service', apiVersion: 'v1' },
  'deployments.apps': { kind: 'Deployment', apiVersion: 'apps/v1' },
  'replicasets.apps': { kind: 'ReplicaSet', apiVersion: 'apps/v1' },
  'jobs.batch': { kind: 'Job', apiVersion: 'batch/v1' },
  'horizontalpodautoscalers.autoscaling': { kind: 'HorizontalPodAutoscaler', apiVersion: 'autoscaling/v2' },
}

/** How many events are kept; the oldest go first, as they do after an hour in a real cluster. */
const KEEP = 1_000

/** Writes events; the same event again counts up instead of adding one. */
export class EventRecorder {
  #store: Store
  #now: () => Date
  #known = new Map<string, { namespace: string; name: string }>()

  constructor(store: Store, now: () => Date) {
    this.#store = store
    this.#now = now
  }

  record(resource: string, object: Pick<KubeObject, 'metadata'>, input: EventInput): void {
    const uid = metaOf(object).uid ?? ''
    const key = [uid, input.reason, input.message, input.component].join('\0')
    const known = this.#known.get(key)
    const at = apiTime(this.#now())
    if (known !== undefined && this.#store.find('events', known.namespace, known.name) !== undefined) {
      this.#store.update('events', known.namespace, known.name, (draft) => {
        draft.count = (draft.count ?? 1) + 1
        draft.lastTimestamp = at
      })
      return
    }
    const namespace = namespaceOf(object) === '' ? 'default' : namespaceOf(object)
    const name = `${nameOf(object)}.${templateHash(key)}${nameSuffix(6)}`
    this.#known.set(key, { namespace, name })
    this.#store.create('events', {
      metadata: { name, namespace },
      involvedObject: this.#reference(resource, object, input.fieldPath),
      reason: input.reason,
      message: input.message,
      type: input.type,
      source: { component: input.component, ...(input.host === undefined ? {} : { host: input.host }) },
      firstTimestamp: at,
      lastTimestamp: at,
      count: 1,
      eventTime: null,
      reportingComponent: input.component,
      reportingInstance: input.host ?? '',
    })
    this.#forgetOld()
  }

  #reference(
    resource: string,
    object: Pick<KubeObject, 'metadata'>,
    fieldPath: string | undefined,
  ): ObjectReference {
    const { uid = '', resourceVersion = '' } = metaOf(object)
    return {
      ...KINDS[resource],
      name: nameOf(object),
      ...(namespaceOf(object) === '' ? {} : { namespace: namespaceOf(object) }),
      uid,
      resourceVersion,
      ...(fieldPath === undefined ? {} : { fieldPath }),
    }
  }

  #forgetOld(): void {
    if (this.#known.size <= KEEP) return
    const [key, place] = this.#known.entries().next().value ?? []
    if (key === undefined || place === undefined) return
    this.#known.delete(key)
    if (this.#store.find('events', place.namespace, place.name) !== undefined) {
      this.#store.remove('events', place.namespace, place.name)
    }
  }
}
