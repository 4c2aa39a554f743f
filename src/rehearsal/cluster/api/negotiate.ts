import type { KubeObject } from '../object.ts'
import { columnsFor, tableOf } from '../table/table.ts'
import type { ResourceType } from '../resources.ts'
import { groupVersionOf } from '../resources.ts'

export const wantsTable = (accept: string): boolean => accept.includes('as=Table')

/** An object as it goes out: with its kind and version, without what only the server needs. */
export function outbound(type: ResourceType, object: KubeObject): KubeObject {
  const { apiVersion: _version, kind: _kind, ...rest } = object
  return { kind: type.kind, apiVersion: groupVersionOf(type), ...rest }
}

export function renderObject(type: ResourceType, accept: string, include: string | null, now: Date) {
  return (object: KubeObject, first: boolean): Record<string, unknown> => {
    if (!wantsTable(accept)) return outbound(type, object)
    const table = tableOf(type, [object], include, now)
    return first ? table : { ...table, columnDefinitions: null }
  }
}

export function renderList(
  type: ResourceType,
  objects: readonly KubeObject[],
  meta: Record<string, unknown>,
  options: { accept: string; include: string | null; now: Date },
): Record<string, unknown> {
  if (wantsTable(options.accept)) {
    return { ...tableOf(type, objects, options.include, options.now), metadata: meta }
  }
  return {
    kind: `${type.kind}List`,
    apiVersion: groupVersionOf(type),
    metadata: meta,
    items: objects.map(({ apiVersion: _version, kind: _kind, ...rest }) =>
      // a client that reads custom resources needs the kind of each item
      columnsFor(type) === null ? outbound(type, rest) : rest,
    ),
  }
}
