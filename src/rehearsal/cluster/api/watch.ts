import type { ServerResponse } from 'node:http'
import type { KubeObject } from '../object.ts'
import type { Predicate } from '../selector.ts'
import { ApiStatusError, statusBody } from '../status.ts'
import type { Change, Store } from '../store.ts'

export interface WatchOptions {
  resource: string
  namespace: string | undefined
  matches: Predicate
  /** `undefined` or 0: begin with ADDED for everything that is there. */
  since: number | undefined
  timeoutSeconds: number | undefined
  bookmarks: boolean
  /** The form in which an object goes out: itself, or a table of one row. */
  render(object: KubeObject, first: boolean): Record<string, unknown>
}

/** Streams changes as lines of JSON until the client leaves. */
export function serveWatch(store: Store, response: ServerResponse, options: WatchOptions): void {
  response.writeHead(200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-cache, private' })
  response.flushHeaders()
  let first = true
  const write = (type: string, object: Record<string, unknown>): void => {
    response.write(`${JSON.stringify({ type, object })}\n`)
  }
  const send = (type: string, object: KubeObject): void => {
    write(type, options.render(object, first))
    first = false
  }
  try {
    for (const [type, object] of initialEvents(store, options)) send(type, object)
  } catch (error) {
    if (!(error instanceof ApiStatusError)) throw error
    write('ERROR', statusBody(error))
    response.end()
    return
  }
  const unsubscribe = store.subscribe((change) => {
    const type = visibleAs(change, options)
    if (type !== null) send(type, type === 'DELETED' ? { ...change.object } : change.object)
  })
  const timer =
    options.timeoutSeconds === undefined
      ? null
      : setTimeout(() => response.end(), options.timeoutSeconds * 1_000)
  response.on('close', () => {
    unsubscribe()
    if (timer !== null) clearTimeout(timer)
  })
}

function initialEvents(store: Store, options: WatchOptions): [string, KubeObject][] {
  if (options.since === undefined || options.since === 0) {
    return store
      .list(options.resource, options.namespace)
      .filter(options.matches)
      .map((object) => ['ADDED', object])
  }
  return store.changesSince(options.since).flatMap((change): [string, KubeObject][] => {
    const type = visibleAs(change, options)
    return type === null ? [] : [[type, change.object]]
  })
}

/** An object that enters or leaves the selection comes as ADDED or DELETED, whatever happened to it. */
function visibleAs(change: Change, options: WatchOptions): Change['type'] | null {
  if (change.resource !== options.resource) return null
  if (options.namespace !== undefined && change.object.metadata?.namespace !== options.namespace) return null
  const was = change.before !== null && options.matches(change.before)
  const is = change.type !== 'DELETED' && options.matches(change.object)
  if (was && is) return 'MODIFIED'
  if (is) return 'ADDED'
  return was ? 'DELETED' : null
}
