import type { ServerResponse } from 'node:http'
import { isRecord, metaOf, nameOf } from '../object.ts'
import type { KubeObject } from '../object.ts'
import { serverSideApply } from '../patch/apply.ts'
import { displayName, storageName } from '../resources.ts'
import { parseFieldSelector, parseLabelSelector } from '../selector.ts'
import type { Predicate } from '../selector.ts'
import { ApiStatusError, badRequest, conflict, methodNotAllowed, notFound } from '../status.ts'
import type { ApiContext } from './context.ts'
import { outbound, renderList, renderObject } from './negotiate.ts'
import { APPLY, parseJson, parseYaml, patched } from './patch.ts'
import { removeObject, removeOptions } from './remove.ts'
import type { ResourceRequest } from './request.ts'
import { serveWatch } from './watch.ts'
import { createObject, replaceObject } from './write.ts'
import { decodeBody } from './protobuf.ts'

export interface Answer {
  code: number
  body: Record<string, unknown>
}

/** The generic verbs on a resource. `null` when the answer has been streamed. */
export function serveResource(
  context: ApiContext,
  request: ResourceRequest,
  response: ServerResponse,
): Answer | null {
  const { method, name } = request
  if (method === 'GET') {
    if (['true', '1'].includes(request.query.get('watch') ?? '')) return watch(context, request, response)
    return name === undefined ? list(context, request) : show(context, request, current(context, request))
  }
  if (method === 'POST' && name === undefined) return create(context, request)
  if (method === 'PUT' && name !== undefined) return replace(context, request)
  if (method === 'PATCH' && name !== undefined) return patch(context, request)
  if (method === 'DELETE') return name === undefined ? removeAll(context, request) : remove(context, request)
  throw methodNotAllowed()
}

/** The object that the request names. */
export function current(context: ApiContext, request: ResourceRequest): KubeObject {
  const { type, namespace, name = '' } = request
  const found = context.store.find(storageName(type), namespace ?? '', name)
  if (found === undefined) throw notFound(displayName(type), name)
  return found
}

function show(context: ApiContext, request: ResourceRequest, object: KubeObject, code = 200): Answer {
  const render = renderObject(request.type, request.accept, request.query.get('includeObject'), context.now())
  return { code, body: render(object, true) }
}

const dryRun = (request: ResourceRequest): boolean => request.query.get('dryRun') === 'All'

function predicate(request: ResourceRequest): Predicate {
  const labels = parseLabelSelector(request.query.get('labelSelector') ?? '')
  const field = request.query.get('fieldSelector') ?? ''
  const fields = parseFieldSelector(field, storageName(request.type))
  return (object) => labels(object) && fields(object)
}

function list(context: ApiContext, request: ResourceRequest): Answer {
  const { type, query } = request
  const wanted = Number(query.get('resourceVersion') ?? 0)
  if (wanted > context.store.version) {
    throw new ApiStatusError(
      504,
      'Timeout',
      `Too large resource version: ${wanted}, current: ${context.store.version}`,
    )
  }
  if (query.get('resourceVersionMatch') === 'Exact' && wanted < context.store.version) {
    throw new ApiStatusError(410, 'Expired', `The provided resource version is too old: ${wanted}`)
  }
  const found = context.store.list(storageName(type), request.namespace).filter(predicate(request))
  const start = Number(Buffer.from(query.get('continue') ?? '', 'base64url').toString() || 0)
  const limit = Number(query.get('limit') ?? 0)
  const page = limit > 0 ? found.slice(start, start + limit) : found.slice(start)
  const rest = found.length - start - page.length
  const meta = {
    resourceVersion: String(context.store.version),
    ...(rest > 0 ? { continue: Buffer.from(String(start + page.length)).toString('base64url'), remainingItemCount: rest } : {}),
  } // prettier-ignore
  const options = { accept: request.accept, include: query.get('includeObject'), now: context.now() }
  return { code: 200, body: renderList(type, page, meta, options) }
}

function watch(context: ApiContext, request: ResourceRequest, response: ServerResponse): null {
  const { type, query, name } = request
  const since = query.get('resourceVersion')
  const timeout = query.get('timeoutSeconds')
  const selected = predicate(request)
  serveWatch(context.store, response, {
    resource: storageName(type),
    namespace: request.namespace,
    matches: name === undefined ? selected : (object) => nameOf(object) === name && selected(object),
    since: since === null || since === '' ? undefined : Number(since),
    timeoutSeconds: timeout === null ? undefined : Number(timeout),
    bookmarks: query.get('allowWatchBookmarks') === 'true',
    render: (object, first) =>
      renderObject(type, request.accept, query.get('includeObject'), context.now())(object, first),
  })
  return null
}

function create(context: ApiContext, request: ResourceRequest): Answer {
  const body = decodeBody(request.contentType, request.body)
  const object = createObject(context, request.type, request.namespace, body, { dryRun: dryRun(request) })
  return show(context, request, object, 201)
}

function replace(context: ApiContext, request: ResourceRequest): Answer {
  const before = current(context, request)
  const body = decodeBody(request.contentType, request.body)
  const version = body.metadata?.resourceVersion
  if (version !== undefined && version !== metaOf(before).resourceVersion) {
    throw conflict(displayName(request.type), nameOf(before))
  }
  const options = { dryRun: dryRun(request), subresource: request.subresource }
  return show(context, request, replaceObject(context, request.type, before, body, options))
}

function patch(context: ApiContext, request: ResourceRequest): Answer {
  if (request.contentType.startsWith(APPLY)) return apply(context, request)
  const before = current(context, request)
  const next = patched(request.type, outbound(request.type, before), request.contentType, request.body)
  const version = next.metadata?.resourceVersion
  if (version !== undefined && version !== metaOf(before).resourceVersion) {
    throw conflict(displayName(request.type), nameOf(before))
  }
  const options = { dryRun: dryRun(request), subresource: request.subresource }
  return show(context, request, replaceObject(context, request.type, before, next, options))
}

function apply(context: ApiContext, request: ResourceRequest): Answer {
  const { type, namespace, name = '', query } = request
  const before = context.store.find(storageName(type), namespace ?? '', name)
  const manager = query.get('fieldManager') ?? ''
  if (manager === '') throw badRequest('PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch') // prettier-ignore
  const next = serverSideApply({
    before: before ?? null,
    config: parseYaml(request.body),
    manager,
    force: query.get('force') === 'true',
  })
  const options = { dryRun: dryRun(request), subresource: request.subresource }
  if (before === undefined)
    return show(context, request, createObject(context, type, namespace, next, options), 201)
  return show(context, request, replaceObject(context, type, before, next, options))
}

function remove(context: ApiContext, request: ResourceRequest): Answer {
  const object = current(context, request)
  const body = request.body.length === 0 ? {} : parseJson(request.body)
  const fields = isRecord(body) ? body : {}
  const result = removeObject(
    context,
    request.type,
    object,
    removeOptions(fields, request.query),
    fields['preconditions'],
  )
  return { code: 200, body: result['kind'] === 'Status' ? result : outbound(request.type, result) }
}

function removeAll(context: ApiContext, request: ResourceRequest): Answer {
  const body = request.body.length === 0 ? {} : parseJson(request.body)
  const options = removeOptions(isRecord(body) ? body : {}, request.query)
  const found = context.store.list(storageName(request.type), request.namespace).filter(predicate(request))
  for (const object of found) removeObject(context, request.type, object, options, undefined)
  const meta = { resourceVersion: String(context.store.version) }
  const render = { accept: 'application/json', include: null, now: context.now() }
  return { code: 200, body: renderList(request.type, found, meta, render) }
}
