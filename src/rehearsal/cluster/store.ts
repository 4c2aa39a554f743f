import { isDeepStrictEqual } from 'node:util'
import { apiTime, newUid } from './object.ts'
import type { KubeObject, Kinds, StoredMeta } from './object.ts'
import { alreadyExists, ApiStatusError, conflict, notFound } from './status.ts'

export interface Change {
  type: 'ADDED' | 'MODIFIED' | 'DELETED'
  resource: string
  object: KubeObject
  /** The object before the change; a watch with a selector needs it to see objects leave. */
  before: KubeObject | null
  version: number
}

type Listener = (change: Change) => void

/** How many changes a watch may lag behind before it is told 410 Expired. */
const HISTORY = 4_000

/**
 * All objects of the cluster, with one resource version that grows by one with every change.
 * Objects that come out are shared and must not be changed; `update` works on a copy.
 */
export class Store {
  #objects = new Map<string, Map<string, KubeObject>>()
  #history: Change[] = []
  #listeners = new Set<Listener>()
  #version = 1
  /** Changes up to this version are no longer kept. */
  #forgotten = 0
  #now: () => Date

  constructor(now: () => Date) {
    this.#now = now
  }

  get version(): number {
    return this.#version
  }

  find<R extends keyof Kinds>(resource: R, namespace: string, name: string): Kinds[R] | undefined
  find(resource: string, namespace: string, name: string): KubeObject | undefined
  find(resource: string, namespace: string, name: string): KubeObject | undefined {
    return this.#objects.get(resource)?.get(`${namespace}/${name}`)
  }

  get<R extends keyof Kinds>(resource: R, namespace: string, name: string): Kinds[R]
  get(resource: string, namespace: string, name: string): KubeObject
  get(resource: string, namespace: string, name: string): KubeObject {
    const found = this.find(resource, namespace, name)
    if (found === undefined) throw notFound(resource, name)
    return found
  }

  /** In the order of namespace and name, as etcd keeps keys. */
  list<R extends keyof Kinds>(resource: R, namespace?: string): Kinds[R][]
  list(resource: string, namespace?: string): KubeObject[]
  list(resource: string, namespace?: string): KubeObject[] {
    const all = [...(this.#objects.get(resource)?.entries() ?? [])]
    const wanted = namespace === undefined ? all : all.filter(([key]) => key.startsWith(`${namespace}/`))
    return wanted.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object)
  }

  resources(): string[] {
    return [...this.#objects.keys()]
  }

  create<T extends KubeObject | Kinds[keyof Kinds]>(resource: string, object: T): T {
    const copy = structuredClone(object) as KubeObject
    const meta = copy.metadata ?? {}
    const key = `${meta.namespace ?? ''}/${meta.name ?? ''}`
    const objects = this.#objects.get(resource) ?? new Map<string, KubeObject>()
    this.#objects.set(resource, objects)
    if (objects.has(key)) throw alreadyExists(resource, meta.name ?? '')
    copy.metadata = { ...meta, uid: newUid(), creationTimestamp: apiTime(this.#now()) }
    if ('spec' in copy && resource !== 'namespaces') copy.metadata.generation = 1
    this.#commit('ADDED', resource, key, copy, null)
    return copy as T
  }

  /**
   * Changes a copy of the object by `mutate` and stores it. A change of the spec makes a new generation.
   * Nothing is stored and nobody is told when the copy stays equal.
   */
  update<R extends keyof Kinds>(
    resource: R,
    namespace: string,
    name: string,
    mutate: (draft: Kinds[R]) => void,
  ): Kinds[R]
  update(resource: string, namespace: string, name: string, mutate: (draft: KubeObject) => void): KubeObject
  update(resource: string, namespace: string, name: string, mutate: (draft: never) => void): KubeObject {
    const before = this.get(resource, namespace, name)
    const draft = structuredClone(before)
    mutate(draft as never)
    return this.#replace(resource, namespace, name, before, draft)
  }

  /** Stores `object` over the present one. With a resource version in it, that must be the present one. */
  replace(resource: string, namespace: string, name: string, object: KubeObject): KubeObject {
    const before = this.get(resource, namespace, name)
    const wanted = object.metadata?.resourceVersion
    if (wanted !== undefined && wanted !== before.metadata?.resourceVersion) throw conflict(resource, name)
    return this.#replace(resource, namespace, name, before, structuredClone(object))
  }

  remove(resource: string, namespace: string, name: string): KubeObject {
    const key = `${namespace}/${name}`
    const before = this.get(resource, namespace, name)
    const gone = structuredClone(before)
    this.#objects.get(resource)?.delete(key)
    this.#commit('DELETED', resource, key, gone, before)
    return gone
  }

  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  /** Changes after `version`. @throws ApiStatusError 410 when they are no longer kept */
  changesSince(version: number): Change[] {
    if (version < this.#forgotten) {
      throw new ApiStatusError(410, 'Expired', `too old resource version: ${version} (${this.#forgotten})`)
    }
    return this.#history.filter((change) => change.version > version)
  }

  #replace(
    resource: string,
    namespace: string,
    name: string,
    before: KubeObject,
    draft: KubeObject,
  ): KubeObject {
    const was = before.metadata as StoredMeta
    const { uid, creationTimestamp, resourceVersion, generation } = was
    draft.metadata = { ...draft.metadata, uid, creationTimestamp, resourceVersion }
    if (generation !== undefined) draft.metadata.generation = generation
    if (isDeepStrictEqual(draft, before)) return before
    if (generation !== undefined && !isDeepStrictEqual(draft['spec'], before['spec'])) {
      draft.metadata.generation = generation + 1
    }
    this.#commit('MODIFIED', resource, `${namespace}/${name}`, draft, before)
    return draft
  }

  #commit(
    type: Change['type'],
    resource: string,
    key: string,
    object: KubeObject,
    before: KubeObject | null,
  ): void {
    this.#version += 1
    object.metadata = { ...object.metadata, resourceVersion: String(this.#version) }
    if (type !== 'DELETED') this.#objects.get(resource)?.set(key, object)
    const change = { type, resource, object, before, version: this.#version }
    this.#history.push(change)
    if (this.#history.length > HISTORY) {
      this.#forgotten = this.#history.splice(0, HISTORY / 4).at(-1)?.version ?? this.#forgotten
    }
    for (const listener of this.#listeners) listener(change)
  }
}
