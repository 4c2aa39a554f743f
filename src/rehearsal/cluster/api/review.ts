import { isRecord } from '../object.ts'
import type { KubeObject } from '../object.ts'
import { groupVersionOf } from '../resources.ts'
import { mayDo, rulesFor } from './access.ts'
import type { ApiContext } from './context.ts'
import { decodeBody } from './protobuf.ts'
import type { ResourceRequest } from './request.ts'
import type { Answer } from './resource.ts'

const field = (value: unknown, key: string): string =>
  isRecord(value) && typeof value[key] === 'string' ? value[key] : ''

/** `auth can-i`, `auth can-i --list`, `auth whoami`; `null` for every other request. */
export function serveReview(context: ApiContext, request: ResourceRequest): Answer | null {
  const { kind } = request.type
  if (request.method !== 'POST' || !kind.startsWith('SelfSubject')) return null
  const body = decodeBody(request.contentType, request.body)
  const head = { kind, apiVersion: groupVersionOf(request.type), metadata: {}, spec: body['spec'] ?? {} }
  return { code: 201, body: { ...head, status: statusOf(context, request, body) } }
}

function statusOf(context: ApiContext, request: ResourceRequest, body: KubeObject): Record<string, unknown> {
  const { user } = request
  const spec = body['spec']
  if (request.type.kind === 'SelfSubjectReview') {
    return {
      userInfo: {
        username: user.name,
        groups: user.groups,
        ...(user.uid === undefined ? {} : { uid: user.uid }),
      },
    }
  }
  if (request.type.kind === 'SelfSubjectRulesReview') {
    const rules = rulesFor(context.store, user, field(spec, 'namespace'))
    return {
      resourceRules: rules.filter((rule) => rule.resources !== undefined),
      nonResourceRules: rules.filter((rule) => rule.nonResourceURLs !== undefined),
      incomplete: false,
    }
  }
  const wanted = isRecord(spec) ? spec['resourceAttributes'] : undefined
  if (!isRecord(wanted))
    return { allowed: field(isRecord(spec) ? spec['nonResourceAttributes'] : {}, 'verb') === 'get' }
  const subresource = field(wanted, 'subresource')
  const resource = field(wanted, 'resource')
  const allowed = mayDo(context.store, user, {
    verb: field(wanted, 'verb'),
    group: field(wanted, 'group'),
    resource: subresource === '' ? resource : `${resource}/${subresource}`,
    name: field(wanted, 'name'),
    namespace: field(wanted, 'namespace'),
  })
  return { allowed, ...(allowed ? { reason: 'RBAC: allowed by a binding of this identity' } : {}) }
}
