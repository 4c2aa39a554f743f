import type { Pod, Service } from 'kubernetes-types/core/v1.js'
import { applyDefaults } from '../defaults.ts'
import { apiTime, isDeleting, isRecord, nameSuffix, newUid } from '../object.ts'
import type { KubeObject } from '../object.ts'
import { displayName, groupVersionOf, storageName } from '../resources.ts'
import type { ResourceType } from '../resources.ts'
import { ApiStatusError, badRequest, notFound } from '../status.ts'
import { unreadableQuantity, validate } from '../validate.ts'
import type { ApiContext } from './context.ts'
import { refuseOverQuota } from './quota.ts'

export interface WriteOptions {
  dryRun: boolean
}

/** Stores a new object after defaults, validation and admission. */
export function createObject(
  context: ApiContext,
  type: ResourceType,
  namespace: string | undefined,
  input: KubeObject,
  options: WriteOptions,
): KubeObject {
  const resource = storageName(type)
  const object = structuredClone(input)
  checkKind(type, object)
  checkNamespace(context, type, namespace, object)
  const meta = (object.metadata ??= {})
  if (type.namespaced) meta.namespace = namespace ?? meta.namespace ?? 'default'
  meta.name ??= meta.generateName === undefined ? '' : `${meta.generateName}${nameSuffix()}`
  if (meta.name === '') throw new ApiStatusError(422, 'Invalid', `${type.kind} "" is invalid: metadata.name: Required value: name or generateName is required`) // prettier-ignore
  delete meta.resourceVersion
  // what a client says of the status of a new object does not count
  if (type.subresources.includes('status')) delete object['status']
  prepare(type, object, null)
  if (resource === 'services') addressService(context, object as Service)
  if (resource === 'pods') refuseOverQuota(context, object as Pod)
  if (!options.dryRun) return context.store.create(resource, object)
  if (context.store.find(resource, meta.namespace ?? '', meta.name) !== undefined) {
    throw new ApiStatusError(409, 'AlreadyExists', `${displayName(type)} "${meta.name}" already exists`)
  }
  object.metadata = { ...meta, uid: newUid(), creationTimestamp: apiTime(context.now()) }
  return object
}

/**
 * Stores `next` in place of the present object. A write to the object leaves its status alone, and a write
 * to its status everything else.
 */
export function replaceObject(
  context: ApiContext,
  type: ResourceType,
  before: KubeObject,
  next: KubeObject,
  options: WriteOptions & { subresource?: string | undefined },
): KubeObject {
  const resource = storageName(type)
  const object = structuredClone(next)
  if (options.subresource === 'status') {
    for (const key of Object.keys(object))
      if (key !== 'status' && key !== 'metadata') object[key] = before[key]
  } else if (type.subresources.includes('status')) {
    if (before['status'] === undefined) delete object['status']
    else object['status'] = before['status']
  }
  if (object.metadata?.name !== before.metadata?.name) throw badRequest('the name of the object does not match the name on the URL') // prettier-ignore
  prepare(type, object, before)
  const namespace = before.metadata?.namespace ?? ''
  const name = before.metadata?.name ?? ''
  if (!options.dryRun)
    return finish(context, resource, context.store.replace(resource, namespace, name, object))
  return object
}

/** An object that was only waiting for its finalizers goes when the last one is taken off. */
function finish(context: ApiContext, resource: string, object: KubeObject): KubeObject {
  const finalizers = object.metadata?.finalizers ?? []
  if (isDeleting(object) && finalizers.length === 0 && resource !== 'pods' && resource !== 'namespaces') {
    return context.store.remove(resource, object.metadata?.namespace ?? '', object.metadata?.name ?? '')
  }
  return object
}

function prepare(type: ResourceType, object: KubeObject, before: KubeObject | null): void {
  delete object.apiVersion
  delete object.kind
  if (object.metadata !== undefined) delete object.metadata.managedFields
  const unreadable = unreadableQuantity(object['spec'])
  if (unreadable !== null) {
    throw badRequest(`unable to parse quantity's suffix: quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$' (received "${unreadable}")`) // prettier-ignore
  }
  // ahead of defaults, which rely on the shape
  if (type.kind === 'Deployment' || type.kind === 'Pod')
    validate(type, withLists(object), before === null ? null : before)
  applyDefaults(storageName(type), object)
  validate(type, object, before)
}

/** `template` and `selector` may be missing in what a client sends. */
function withLists(object: KubeObject): KubeObject {
  const spec = isRecord(object['spec']) ? object['spec'] : {}
  if (object['spec'] === undefined || !('template' in spec)) return object
  if (!isRecord(spec['template'])) spec['template'] = {}
  if ('replicas' in spec && typeof spec['replicas'] !== 'number') {
    throw new ApiStatusError(422, 'Invalid', ` "" is invalid: patch: Invalid value: "map[spec:map[replicas:${String(spec['replicas'])}]]": unrecognized type: int32`, { causes: [{ reason: 'FieldValueInvalid', message: `Invalid value: "map[spec:map[replicas:${String(spec['replicas'])}]]": unrecognized type: int32`, field: 'patch' }] }) // prettier-ignore
  }
  spec['replicas'] ??= 1
  return object
}

function checkKind(type: ResourceType, object: KubeObject): void {
  if (object.kind !== undefined && object.kind !== type.kind) {
    throw badRequest(
      `${object.kind} in version "${groupVersionOf(type)}" cannot be handled as a ${type.kind}`,
    )
  }
}

function checkNamespace(
  context: ApiContext,
  type: ResourceType,
  namespace: string | undefined,
  object: KubeObject,
): void {
  if (!type.namespaced) return
  const given = object.metadata?.namespace
  if (given !== undefined && namespace !== undefined && given !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  }
  const home = context.store.find('namespaces', '', namespace ?? given ?? 'default')
  if (home === undefined) throw notFound('namespaces', namespace ?? given ?? 'default')
  if (isDeleting(home)) {
    const name = home.metadata?.name ?? ''
    throw new ApiStatusError(403, 'Forbidden', `${displayName(type)} "${object.metadata?.name ?? ''}" is forbidden: unable to create new content in namespace ${name} because it is being terminated`) // prettier-ignore
  }
}

function addressService(context: ApiContext, service: Service): void {
  const spec = service.spec
  if (spec === undefined || spec.clusterIP === 'None' || spec.type === 'ExternalName') return
  spec.clusterIP ??= context.allocateClusterIp()
  spec.clusterIPs = [spec.clusterIP]
}
