import path from 'node:path'
import type { Clock } from '../base/clock.ts'
import { createChangeFeed } from '../db/index.ts'
import type { ChangeFeed } from '../db/index.ts'
import { recordSignals } from '../verification/index.ts'
import type { AppOptions, Duty } from './options.ts'
import type { Store } from './store.ts'

/** Where the build puts the page. */
export const WEB_FOLDER = path.resolve(import.meta.dirname, '..', '..', 'web', 'dist')

const IDLE_FACTOR = 2

export const changeFeed = (options: AppOptions, { database, url }: Store): ChangeFeed =>
  createChangeFeed({ database, url, log: options.log })

/** Followers of changes, and the history of the signals that charts show. */
export function liveDuties(options: AppOptions, clock: Clock, store: Store, changes: ChangeFeed): Duty[] {
  const everyMs = options.config.response.sampleEverySeconds * 1_000
  const sources = new Map(
    Object.entries(options.config.services).flatMap(([name, { signals }]) =>
      signals === null ? [] : [[name, signals] as const],
    ),
  )
  const history = recordSignals({
    database: store.database,
    clock,
    log: options.log,
    fetch: globalThis.fetch,
    sources,
    everyMs,
    idleEveryMs: everyMs * IDLE_FACTOR,
  })
  return [
    { name: 'changes', start: () => changes.start(), stop: () => changes.stop() },
    { name: 'signals', start: () => history.start(), stop: () => history.stop() },
  ]
}
