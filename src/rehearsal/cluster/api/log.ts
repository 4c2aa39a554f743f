import type { ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { Pod } from 'kubernetes-types/core/v1.js'
import { nameOf } from '../object.ts'
import { badRequest } from '../status.ts'
import { findContainer } from './context.ts'
import type { ApiContext } from './context.ts'
import type { ResourceRequest } from './request.ts'
import { current } from './resource.ts'

/** `kubectl logs`: the output of the present or the previous run of a container. */
export async function serveLog(
  context: ApiContext,
  request: ResourceRequest,
  response: ServerResponse,
): Promise<void> {
  const pod = current(context, request) as Pod
  const { query } = request
  const container = containerOf(pod, query.get('container'))
  const number = (key: string) => (query.has(key) ? Number(query.get(key)) : undefined)
  const flag = (key: string) => ['true', '1'].includes(query.get(key) ?? '')
  if (pod.spec?.nodeName === undefined) {
    response.writeHead(204).end()
    return
  }
  const left = new AbortController()
  response.on('close', () => left.abort())
  const stream = await context.nodes.logs(
    pod,
    {
      container,
      follow: flag('follow'),
      previous: flag('previous'),
      tailLines: number('tailLines'),
      sinceSeconds: number('sinceSeconds'),
      sinceTime: query.get('sinceTime') ?? undefined,
      timestamps: flag('timestamps'),
      limitBytes: number('limitBytes'),
    },
    left.signal,
  )
  response.writeHead(200, { 'Content-Type': 'text/plain' })
  response.flushHeaders()
  await pipeline(stream, response).catch((error: unknown) => {
    if (!left.signal.aborted) context.log(`logs of ${nameOf(pod)} ended: ${String(error)}`)
  })
}

export function containerOf(pod: Pod, wanted: string | null): string {
  const names = (pod.spec?.containers ?? []).map((container) => container.name)
  if (wanted === null && names.length > 1) {
    throw badRequest(
      `a container name must be specified for pod ${nameOf(pod)}, choose one of: [${names.join(' ')}]`,
    )
  }
  const found = findContainer(pod, wanted)
  if (found === undefined) throw badRequest(`container ${wanted ?? ''} is not valid for pod ${nameOf(pod)}`)
  return found.name
}
