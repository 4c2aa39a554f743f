import { isRecord, metaOf, nameOf, namespaceOf } from '../object.ts'
import type { KubeObject } from '../object.ts'
import { badRequest, methodNotAllowed } from '../status.ts'
import type { ApiContext } from './context.ts'
import { parseJson, patched } from './patch.ts'
import type { ResourceRequest } from './request.ts'
import { current } from './resource.ts'
import type { Answer } from './resource.ts'
import { replaceObject } from './write.ts'

/** The `scale` subresource of anything with `spec.replicas`. */
export function serveScale(context: ApiContext, request: ResourceRequest): Answer {
  const before = current(context, request)
  if (request.method === 'GET') return { code: 200, body: scaleOf(before) }
  if (request.method !== 'PATCH' && request.method !== 'PUT') throw methodNotAllowed()
  const next =
    request.method === 'PUT'
      ? parseJson(request.body)
      : patched(request.type, scaleOf(before), request.contentType, request.body)
  const replicas = isRecord(next) && isRecord(next['spec']) ? (next['spec']['replicas'] ?? 0) : undefined
  if (typeof replicas !== 'number') throw badRequest('spec.replicas must be a number')
  const spec = isRecord(before['spec']) ? before['spec'] : {}
  const options = { dryRun: request.query.get('dryRun') === 'All' }
  const after = replaceObject(
    context,
    request.type,
    before,
    { ...before, spec: { ...spec, replicas } },
    options,
  )
  return { code: 200, body: scaleOf(after) }
}

function scaleOf(object: KubeObject): Record<string, unknown> {
  const spec = isRecord(object['spec']) ? object['spec'] : {}
  const status = isRecord(object['status']) ? object['status'] : {}
  const selector =
    isRecord(spec['selector']) && isRecord(spec['selector']['matchLabels'])
      ? spec['selector']['matchLabels']
      : {}
  const { uid, resourceVersion, creationTimestamp } = metaOf(object)
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name: nameOf(object), namespace: namespaceOf(object), uid, resourceVersion, creationTimestamp },
    spec: { replicas: spec['replicas'] ?? 0 },
    status: {
      replicas: status['replicas'] ?? 0,
      selector: Object.entries(selector).map(([key, value]) => `${key}=${String(value)}`).join(','),
    },
  } // prettier-ignore
}
