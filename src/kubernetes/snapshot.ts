import { messageOf } from '../base/error.ts'
import { failureOf } from './kubectl.ts'
import type { Kubectl } from './kubectl.ts'
import { RESOURCE_WORDS } from './objects.ts'
import type { Objects, ResourceName } from './objects.ts'

/** One kind of object as it was read, or why it could not be. */
export type Reading<T> = { read: true; items: T[] } | { read: false; reason: string }

/** What stood in a namespace at one moment, as far as it could be read. */
export type Snapshot = { readonly [Name in ResourceName]: Reading<Objects[Name]> }

export interface SnapshotOptions {
  /** For each kind of object. Default 8,000 ms. */
  timeoutMs?: number
  signal?: AbortSignal
}

const DEFAULT_TIMEOUT_MS = 8_000
const AT_ONCE = 5

/** Reads kinds of objects in parallel, each within its own time; what cannot be read is said, not thrown. */
export async function takeSnapshot(
  kubectl: Kubectl,
  names: readonly ResourceName[],
  options: SnapshotOptions = {},
): Promise<Snapshot> {
  const readings: Partial<Record<ResourceName, Reading<unknown>>> = {}
  const queue = [...names]
  const work = async (): Promise<void> => {
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
      readings[name] = await readAll(kubectl, name, options)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return asSnapshot(readings)
}

/** A snapshot of these objects; kinds that are left out count as not read. */
export function asSnapshot(readings: Partial<Record<ResourceName, Reading<unknown>>>): Snapshot {
  const missing: Reading<unknown> = { read: false, reason: 'it was not asked for' }
  const all = Object.fromEntries(
    Object.keys(RESOURCE_WORDS).map((name) => [name, readings[name as ResourceName] ?? missing]),
  )
  // the API server answers with objects of the kind that was asked for; only what is used of them is read
  return all as unknown as Snapshot
}

async function readAll(
  kubectl: Kubectl,
  name: ResourceName,
  { timeoutMs = DEFAULT_TIMEOUT_MS, signal }: SnapshotOptions,
): Promise<Reading<unknown>> {
  try {
    const result = await kubectl.read(['get', RESOURCE_WORDS[name], '-o', 'json'], {
      timeoutMs,
      ...(signal === undefined ? {} : { signal }),
    })
    if (result.code !== 0) return { read: false, reason: failureOf(result) }
    const list = JSON.parse(result.out) as { items?: unknown }
    return Array.isArray(list.items)
      ? { read: true, items: list.items }
      : { read: false, reason: 'the answer is no list' }
  } catch (error) {
    return { read: false, reason: messageOf(error) }
  }
}

/** The objects of a reading; none where it failed. */
export const itemsOf = <T>(reading: Reading<T>): T[] => (reading.read ? reading.items : [])
