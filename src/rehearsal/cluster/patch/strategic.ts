import { isRecord } from '../object.ts'

/**
 * Lists that strategic merge joins by a key. The real server reads these from its Go types; the names are
 * unambiguous over the kinds kept here except `ports`, which is told apart by its items.
 */
const MERGE_KEYS: Record<string, readonly string[]> = {
  containers: ['name'],
  initContainers: ['name'],
  ephemeralContainers: ['name'],
  env: ['name'],
  volumes: ['name'],
  volumeMounts: ['mountPath'],
  volumeDevices: ['devicePath'],
  imagePullSecrets: ['name'],
  secrets: ['name'],
  hostAliases: ['ip'],
  topologySpreadConstraints: ['topologyKey'],
  conditions: ['type'],
  ownerReferences: ['uid'],
  addresses: ['type'],
  ports: ['containerPort', 'port'],
}

/** Lists of plain values that are joined as sets. */
const PRIMITIVE_SETS = new Set(['finalizers'])

const ORDER = '$setElementOrder/'
const DELETE_FROM = '$deleteFromPrimitiveList/'

type Fields = Record<string, unknown>

/** Applies a strategic merge patch; the inputs stay unchanged. */
export function strategicMerge(original: Fields, patch: Fields): Fields {
  if (patch['$patch'] === 'replace') return withoutDirectives(patch)
  if (patch['$patch'] === 'delete') return {}
  const result: Fields = { ...original }
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith('$')) continue
    if (value === null) delete result[key]
    else result[key] = mergeValue(key, result[key], value)
  }
  for (const [key, value] of Object.entries(patch)) {
    if (!Array.isArray(value)) continue
    if (key.startsWith(DELETE_FROM)) removeValues(result, key.slice(DELETE_FROM.length), value)
    if (key.startsWith(ORDER)) result[key.slice(ORDER.length)] = reorder(key.slice(ORDER.length), result[key.slice(ORDER.length)], value)
  } // prettier-ignore
  const retain = patch['$retainKeys']
  if (!Array.isArray(retain)) return result
  return Object.fromEntries(Object.entries(result).filter(([key]) => retain.includes(key)))
}

/** RFC 7396. */
export function mergePatch(original: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch
  const result: Fields = isRecord(original) ? { ...original } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key]
    else result[key] = mergePatch(result[key], value)
  }
  return result
}

function mergeValue(key: string, original: unknown, value: unknown): unknown {
  if (isRecord(value)) return strategicMerge(isRecord(original) ? original : {}, value)
  if (!Array.isArray(value)) return value
  const list: unknown[] = Array.isArray(original) ? original : []
  if (PRIMITIVE_SETS.has(key)) return [...new Set([...list, ...value])]
  const mergeKey = keyOf(key, [...value, ...list])
  if (mergeKey === null || !value.every(isRecord)) return value
  return mergeList(list.filter(isRecord), value, mergeKey)
}

function mergeList(original: Fields[], patch: Fields[], mergeKey: string): Fields[] {
  if (patch.some((item) => item['$patch'] === 'replace')) {
    return patch.filter((item) => item['$patch'] !== 'replace').map(withoutDirectives)
  }
  let result = [...original]
  for (const item of patch) {
    const index = result.findIndex((present) => present[mergeKey] === item[mergeKey])
    if (item['$patch'] === 'delete') result = result.filter((present) => present[mergeKey] !== item[mergeKey])
    else if (index === -1) result.push(strategicMerge({}, item))
    else result[index] = strategicMerge(result[index] ?? {}, item)
  }
  return result
}

/** The list in the order that the patch gives; items it does not name keep their place behind their predecessor. */
function reorder(key: string, current: unknown, order: unknown[]): unknown {
  if (!Array.isArray(current)) return current
  const mergeKey = keyOf(key, current)
  const id = (item: unknown): unknown => (mergeKey !== null && isRecord(item) ? item[mergeKey] : item)
  const place = new Map(order.map((item, index) => [id(item), index]))
  let last = -1
  const ranked = current.map((item: unknown) => {
    last = place.get(id(item)) ?? last
    return { item, rank: place.get(id(item)) ?? last + 0.5 }
  })
  return ranked.sort((a, b) => a.rank - b.rank).map(({ item }) => item)
}

function removeValues(result: Fields, key: string, values: unknown[]): void {
  const list = result[key]
  if (Array.isArray(list)) result[key] = list.filter((item) => !values.includes(item))
}

export function keyOf(field: string, items: readonly unknown[]): string | null {
  const keys = MERGE_KEYS[field] ?? []
  return keys.find((key) => items.some((item) => isRecord(item) && key in item)) ?? null
}

function withoutDirectives(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([key]) => !key.startsWith('$')))
}
