import type { IncomingMessage } from 'node:http'
import { findType } from '../resources.ts'
import type { ResourceType } from '../resources.ts'
import { ApiStatusError } from '../status.ts'

/** Who asks, as the token says. */
export interface User {
  name: string
  groups: readonly string[]
  uid?: string
}

/** One request for a resource, taken apart. */
export interface ResourceRequest {
  method: string
  type: ResourceType
  /** `undefined` for cluster-scoped resources and for lists over all namespaces. */
  namespace: string | undefined
  name: string | undefined
  subresource: string | undefined
  /** What follows the subresource, for the proxy. */
  rest: string
  query: URLSearchParams
  accept: string
  contentType: string
  user: User
  body: Buffer
}

export interface ParsedPath {
  type: ResourceType
  namespace: string | undefined
  name: string | undefined
  subresource: string | undefined
  rest: string
}

/** `/apis/apps/v1/namespaces/x/deployments/y/scale`; `null` when it names no known resource. */
export function parsePath(pathname: string): ParsedPath | null {
  const parts = pathname
    .split('/')
    .filter((part) => part !== '')
    .map((part) => decodeURIComponent(part))
  const root = parts.shift()
  if (root !== 'api' && root !== 'apis') return null
  const group = root === 'api' ? '' : (parts.shift() ?? '')
  const version = parts.shift() ?? ''
  let namespace: string | undefined
  if (
    parts[0] === 'namespaces' &&
    parts.length > 2 &&
    findType(group, version, parts[2] ?? '') !== undefined
  ) {
    namespace = parts[1]
    parts.splice(0, 2)
  }
  const plural = parts.shift()
  const type = plural === undefined ? undefined : findType(group, version, plural)
  if (type === undefined) return null
  const [name, subresource, ...rest] = parts
  return { type, namespace, name, subresource, rest: rest.join('/') }
}

const BODY_LIMIT = 8 * 1024 * 1024

export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > BODY_LIMIT)
      throw new ApiStatusError(413, 'RequestEntityTooLarge', 'the request body is too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** The verb that access rules speak of. */
export function verbOf(request: Pick<ResourceRequest, 'method' | 'name' | 'query'>): string {
  const watching = ['true', '1'].includes(request.query.get('watch') ?? '')
  switch (request.method) {
    case 'POST':
      return 'create'
    case 'PUT':
      return 'update'
    case 'PATCH':
      return 'patch'
    case 'DELETE':
      return request.name === undefined ? 'deletecollection' : 'delete'
    default:
      if (watching) return 'watch'
      return request.name === undefined ? 'list' : 'get'
  }
}
