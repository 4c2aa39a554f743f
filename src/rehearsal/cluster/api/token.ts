import { apiTime, isRecord, metaOf, nameOf } from '../object.ts'
import { methodNotAllowed } from '../status.ts'
import type { ApiContext } from './context.ts'
import { decodeBody } from './protobuf.ts'
import type { ResourceRequest } from './request.ts'
import { current } from './resource.ts'
import type { Answer } from './resource.ts'

/** `kubectl create token`: a bearer token for a service account. */
export function serveToken(context: ApiContext, request: ResourceRequest): Answer {
  if (request.method !== 'POST') throw methodNotAllowed()
  const account = current(context, request)
  const body = decodeBody(request.contentType, request.body)
  const spec = isRecord(body['spec']) ? body['spec'] : {}
  const seconds = Number(spec['expirationSeconds'] ?? 3_600)
  return {
    code: 201,
    body: {
      kind: 'TokenRequest',
      apiVersion: 'authentication.k8s.io/v1',
      metadata: { name: nameOf(account), namespace: metaOf(account).namespace },
      spec: { audiences: ['https://kubernetes.default.svc'], expirationSeconds: seconds },
      status: {
        token: context.issueToken(request.namespace ?? '', nameOf(account)),
        expirationTimestamp: apiTime(new Date(context.now().getTime() + seconds * 1_000)),
      },
    },
  }
}
