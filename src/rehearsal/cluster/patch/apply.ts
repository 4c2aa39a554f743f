import { isDeepStrictEqual } from 'node:util'
import { isRecord } from '../object.ts'
import type { KubeObject } from '../object.ts'
import { ApiStatusError } from '../status.ts'
import { keyOf, strategicMerge } from './strategic.ts'

export interface ApplyInput {
  before: KubeObject | null
  config: Record<string, unknown>
  manager: string
  force: boolean
}

type Path = readonly string[]

/** Fields that no manager owns. */
const IDENTITY = new Set(['apiVersion', 'kind'])
const OWNERS = 'sandbox.erlmcp.io/field-owners'

/**
 * Server-side apply: the fields of `config` are set and owned by `manager`; what it owned and no longer names
 * goes; a field of another manager with another value is a conflict unless `force`.
 * Owners are kept in an annotation, not in `managedFields`: only appliers own fields here, not other writers.
 */
export function serverSideApply(input: ApplyInput): KubeObject {
  const { before, manager } = input
  const config = stripped(input.config)
  const owners = before === null ? {} : ownersOf(before)
  const mine = leaves(config).map(pathText)
  if (before !== null && !input.force) refuseConflicts(before, config, owners, manager)
  const lost = (owners[manager] ?? []).filter(
    (path) => !mine.includes(path) && !ownedByOthers(owners, manager, path),
  )
  const merged = strategicMerge(structuredClone(before ?? {}), config)
  for (const path of lost) removePath(merged, path.split('\0'))
  const next = input.force
    ? Object.fromEntries(Object.entries(owners).map(([name, paths]) => [name, paths.filter((path) => !mine.includes(path))]))
    : { ...owners } // prettier-ignore
  next[manager] = mine
  const metadata = isRecord(merged['metadata']) ? merged['metadata'] : {}
  const annotations = isRecord(metadata['annotations']) ? metadata['annotations'] : {}
  merged['metadata'] = { ...metadata, annotations: { ...annotations, [OWNERS]: JSON.stringify(next) } }
  return merged
}

function ownersOf(object: KubeObject): Record<string, string[]> {
  const text = object.metadata?.annotations?.[OWNERS]
  const parsed: unknown = text === undefined ? {} : JSON.parse(text)
  return isRecord(parsed) ? (parsed as Record<string, string[]>) : {}
}

const ownedByOthers = (owners: Record<string, string[]>, manager: string, path: string): boolean =>
  Object.entries(owners).some(([name, paths]) => name !== manager && paths.includes(path))

function stripped(config: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(config).filter(([key]) => key !== 'status'))
}

function refuseConflicts(before: KubeObject, config: Record<string, unknown>, owners: Record<string, string[]>, manager: string): void {
  const causes = leaves(config).flatMap((path) => {
    const text = pathText(path)
    const present = valueAt(before, path)
    if (present === undefined || isDeepStrictEqual(present, valueAt(config, path))) return []
    const other = Object.entries(owners).find(([name, paths]) => name !== manager && paths.includes(text))
    if (other === undefined && (owners[manager] ?? []).includes(text)) return []
    const by = other?.[0] ?? 'kubectl-client-side-apply'
    return [{ reason: 'FieldManagerConflict', message: `conflict with "${by}"`, field: dotted(path) }]
  })
  if (causes.length === 0) return
  const lines = causes.map((cause) => `- ${cause.field}`).join('\n')
  const message =
    causes.length === 1
      ? `Apply failed with 1 conflict: ${causes[0]?.message}: ${causes[0]?.field}`
      : `Apply failed with ${causes.length} conflicts: conflicts with "${/"(.*)"/.exec(causes[0]?.message ?? '')?.[1]}":\n${lines}`
  throw new ApiStatusError(409, 'Conflict', message, { causes })
} // prettier-ignore

/** Paths of all values; items of keyed lists are named `key=value`. */
function leaves(value: unknown, path: Path = []): Path[] {
  if (isRecord(value)) {
    return Object.entries(value)
      .filter(([key]) => path.length > 0 || !IDENTITY.has(key))
      .filter(([key]) => path[0] !== 'metadata' || path.length > 1 || !['name', 'namespace'].includes(key))
      .flatMap(([key, inner]) => leaves(inner, [...path, key]))
  }
  const key = Array.isArray(value) ? keyOf(path.at(-1) ?? '', value) : null
  if (key === null || !Array.isArray(value)) return path.length === 0 ? [] : [path]
  return value.flatMap((item: unknown) =>
    isRecord(item) ? leaves(item, [...path, `${key}=${String(item[key])}`]) : [],
  )
}

const pathText = (path: Path): string => path.join('\0')

const dotted = (path: Path): string =>
  path.map((part) => { const [key, value] = part.split('='); return value === undefined ? `.${key}` : `[${key}="${value}"]` }).join('') // prettier-ignore

function step(value: unknown, part: string): unknown {
  if (Array.isArray(value)) {
    const [key = '', ...rest] = part.split('=')
    return value.find((item) => isRecord(item) && String(item[key]) === rest.join('='))
  }
  return isRecord(value) ? value[part] : undefined
}

const valueAt = (object: unknown, path: Path): unknown => path.reduce(step, object)

function removePath(object: Record<string, unknown>, path: Path): void {
  const last = path.at(-1) ?? ''
  const parent = valueAt(object, path.slice(0, -1))
  if (isRecord(parent)) delete parent[last]
}
