import { useCallback, useSyncExternalStore } from 'react'
import { get, Problem } from '../api/client.ts'
import type { Change } from '../api/model.ts'
import { stream } from './connection.ts'

export interface Loaded<T> {
  /** The newest that was read; stays while something newer is read, and when that fails. */
  value: T | null
  problem: Problem | null
  /** When it was read. */
  at: number | null
}

interface Entry {
  state: Loaded<unknown>
  readonly users: Map<() => void, (change: Change) => boolean>
  reading: boolean
  /** Something changed while it was being read. */
  again: boolean
  timer: number | null
}

/** Reads of one thing are at least this far apart. */
const GAP_MS = 80
const RETRY_MS = 3_000
/** Kept after the last user has gone: going back shows the page at once. */
const FORGET_MS = 5 * 60_000

const entries = new Map<string, Entry>()
const EMPTY: Loaded<unknown> = { value: null, problem: null, at: null }

function entryOf(path: string): Entry {
  const known = entries.get(path)
  if (known !== undefined) return known
  const entry: Entry = { state: EMPTY, users: new Map(), reading: false, again: false, timer: null }
  entries.set(path, entry)
  return entry
}

function publish(entry: Entry, state: Loaded<unknown>): void {
  entry.state = state
  for (const changed of entry.users.keys()) changed()
}

function schedule(path: string, entry: Entry, ms: number): void {
  if (entry.timer !== null) return
  entry.timer = window.setTimeout(() => {
    entry.timer = null
    void read(path, entry)
  }, ms)
}

async function read(path: string, entry: Entry): Promise<void> {
  if (entry.reading) {
    entry.again = true
    return
  }
  entry.reading = true
  entry.again = false
  try {
    publish(entry, { value: await get(path), problem: null, at: Date.now() })
  } catch (error) {
    const problem = error instanceof Problem ? error : new Problem(0, {})
    publish(entry, { ...entry.state, problem })
    // the event stream says when the server is back; this is for what it cannot know
    if (problem.status === 0 || problem.status >= 500) schedule(path, entry, RETRY_MS)
  } finally {
    entry.reading = false
  }
  if (entry.again && entry.users.size > 0) schedule(path, entry, GAP_MS)
}

/** Reads again at once what a decision of this page has changed, without waiting for the event. */
export function refresh(prefix: string): void {
  for (const [path, entry] of entries) {
    if (!path.startsWith(prefix)) continue
    if (entry.users.size === 0) entries.delete(path)
    else void read(path, entry)
  }
}

stream.onChange((changes) => {
  for (const [path, entry] of entries) {
    if (entry.users.size === 0) {
      // nobody looks: what it was is no longer known to be true
      if (changes === 'reset' || entry.state.at === null || Date.now() - entry.state.at > FORGET_MS)
        entries.delete(path)
      continue
    }
    const concerned =
      changes === 'reset' ||
      changes.some((change) => [...entry.users.values()].some((concerns) => concerns(change)))
    if (concerned) schedule(path, entry, GAP_MS)
  }
})

/**
 * The answer of the API under `path`, read again whenever a change concerns it. `null` reads nothing.
 * `concerns` must keep its identity as long as `path` does, or be a constant.
 */
export function useData<T>(path: string | null, concerns: (change: Change) => boolean): Loaded<T> {
  const subscribe = useCallback(
    (changed: () => void) => {
      if (path === null) return () => undefined
      const entry = entryOf(path)
      entry.users.set(changed, concerns)
      void read(path, entry)
      return () => void entry.users.delete(changed)
    },
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- see above
    [path],
  )
  const state = useSyncExternalStore(subscribe, () => (path === null ? EMPTY : entryOf(path).state))
  return state as Loaded<T>
}
