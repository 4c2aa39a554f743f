import { delay } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import type { ChangeFeed } from '../db/index.ts'
import type { Duty } from './options.ts'

/** Two looks are at least this far apart. */
const GAP_MS = 50

/**
 * A duty that looks again and again: every `everyMs`, and at once when an incident changes. A look that fails is logged
 * and tried again; nothing is lost by it.
 */
export function loopDuty(options: {
  name: string
  everyMs: number
  log: Logger
  /** Left out: incidents that change do not wake it. */
  changes?: Pick<ChangeFeed, 'subscribe'>
  /** @returns whether it did something, and more may be due already. */
  look(): Promise<boolean>
  stop?(): Promise<void>
}): Duty {
  const stopping = new AbortController()
  let waking = new AbortController()
  const look = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      let again = false
      try {
        again = await options.look()
      } catch (error) {
        options.log.warn({ err: error, duty: options.name }, 'a look failed; it is tried again')
      }
      await delay(GAP_MS, stopping.signal).catch(() => undefined)
      if (!again)
        await delay(options.everyMs, AbortSignal.any([stopping.signal, waking.signal])).catch(() => undefined)
      waking = new AbortController()
    }
  }
  let done = Promise.resolve()
  let leave = (): void => undefined
  return {
    name: options.name,
    start() {
      if (options.changes !== undefined)
        leave = options.changes.subscribe((batch) => {
          if (batch.changes.some((change) => change.topic === 'incident')) waking.abort()
        })
      done = look()
    },
    async stop() {
      leave()
      stopping.abort()
      await options.stop?.()
      await done
    },
  }
}
