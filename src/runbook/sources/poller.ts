import { delay } from '../../base/clock.ts'
import { AppError, messageOf } from '../../base/error.ts'
import type { Logger } from '../../base/log.ts'
import type { GitSource } from './git-source.ts'

export interface Poller {
  /** Polls now, or once more after the poll that is under way. */
  poll(git: GitSource): Promise<void>
  start(): void
  /** Ends what runs. */
  stop(): Promise<void>
}

const TICK_MS = 1_000
const MAX_POLLS = 4

/** Polls repositories when their time has come: each at most once at a time, few of them together. */
export function createPoller(gits: readonly GitSource[], ensure: () => Promise<void>, log: Logger): Poller {
  const stopping = new AbortController()
  const running = new Map<string, Promise<void>>()
  let loop: Promise<void> = Promise.resolve()

  const poll = (git: GitSource): Promise<void> => {
    const under = running.get(git.config.name)
    if (under !== undefined) {
      // asked for again while it runs: what is under way may have looked too early
      return under.then(() => (stopping.signal.aborted ? undefined : poll(git)))
    }
    const done = git
      .poll(stopping.signal)
      .then(() => undefined)
      .finally(() => running.delete(git.config.name))
    running.set(git.config.name, done)
    return done
  }
  const tick = async (): Promise<void> => {
    await ensure()
    for (const git of gits) {
      if (running.size >= MAX_POLLS || running.has(git.config.name)) continue
      poll(git).catch((error: unknown) =>
        log.error({ source: git.config.name, err: messageOf(error) }, 'a poll failed'),
      )
    }
  }
  return {
    poll,
    start() {
      if (gits.length === 0) return
      loop = (async () => {
        while (!stopping.signal.aborted) {
          await tick().catch((error: unknown) =>
            log.warn({ err: messageOf(error) }, 'sources cannot be polled'),
          )
          await delay(TICK_MS, stopping.signal).catch(() => undefined)
        }
      })()
    },
    async stop() {
      stopping.abort(new AppError('unavailable', 'erlmcp stops', { action: 'Start it again.' }))
      await loop
      await Promise.allSettled(running.values())
    },
  }
}
