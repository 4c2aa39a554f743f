import type { KubeObject } from '../object.ts'
import { nameOf } from '../object.ts'
import type { ResourceType } from '../resources.ts'
import { groupVersionOf, storageName } from '../resources.ts'
import { ageOf } from './age.ts'
import type { Printer } from './printer.ts'
import { PRINTERS } from './printers.ts'

const PLAIN: Printer = {
  columns: ['Name', 'Age'],
  cells: (object, now) => [nameOf(object), ageOf(object.metadata?.creationTimestamp, now)],
}

/** The printer of a built-in type; `null` for custom resources, which show name and age. */
export const columnsFor = (type: ResourceType): Printer | null => PRINTERS[storageName(type)] ?? null

/** The server-side table that `kubectl get` prints. */
export function tableOf(
  type: ResourceType,
  objects: readonly KubeObject[],
  include: string | null,
  now: Date,
): Record<string, unknown> {
  const printer = columnsFor(type) ?? PLAIN
  const first = objects.length === 1 ? objects[0] : undefined
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: first === undefined ? {} : { resourceVersion: first.metadata?.resourceVersion },
    columnDefinitions: printer.columns.map(column),
    rows: objects.map((object) => ({
      cells: printer.cells(object, now),
      object: rowObject(type, object, include),
    })),
  }
}

function column(text: string): Record<string, unknown> {
  const [, name = '', type = 'string', wide] = /^([^:*]+)(?::(\w+))?(\*)?$/.exec(text) ?? []
  const priority = wide === undefined ? 0 : 1
  return { name, type, format: name === 'Name' ? 'name' : '', description: name, priority }
}

function rowObject(type: ResourceType, object: KubeObject, include: string | null): unknown {
  if (include === 'None') return null
  if (include === 'Object') return { ...object, kind: type.kind, apiVersion: groupVersionOf(type) }
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata }
}
