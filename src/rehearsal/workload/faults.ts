import type { Pool, PoolClient } from 'pg'
import { ownMemoryBytes } from './memory.ts'

/** What can be made to go wrong in a running process. Everything ends with the process. */
export interface Faults {
  /** Sets one of: `leak` (MB a second, until the process has `upTo` bytes; 0 for no end), `busy` (share of a core), `stuck` (share of requests that fail), `pool` (connections kept). */
  set(kind: string, value: number, upTo: number): boolean
  stuck(): number
}

const LEAK_TICK_MS = 250
const BUSY_TICK_MS = 100

export function createFaults(pool: Pool): Faults {
  const leaked: Buffer[] = []
  const kept: PoolClient[] = []
  let stuck = 0
  const timers: Partial<Record<string, NodeJS.Timeout>> = {}
  const every = (kind: string, ms: number, work: () => void): void => {
    clearInterval(timers[kind])
    timers[kind] = setInterval(work, ms)
  }
  return {
    set(kind, value, upTo) {
      switch (kind) {
        case 'leak':
          // filled, so that the memory is really used
          every(kind, LEAK_TICK_MS, () => {
            if (upTo > 0 && ownMemoryBytes() > upTo) return
            leaked.push(Buffer.alloc((value * 1024 * 1024 * LEAK_TICK_MS) / 1_000, 1))
          })
          if (value === 0) leaked.length = 0
          return true
        case 'busy':
          every(kind, BUSY_TICK_MS, () => spin(BUSY_TICK_MS * value))
          return true
        case 'stuck':
          stuck = value
          return true
        case 'pool':
          void keepConnections(pool, kept, value)
          return true
        default:
          return false
      }
    },
    stuck: () => stuck,
  }
}

/** Uses so much CPU time, also on a busy machine, but keeps the program from answering only for so long. */
function spin(ms: number): void {
  const before = process.cpuUsage()
  const end = performance.now() + ms * 3
  const used = (): number => {
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1_000
  }
  while (used() < ms && performance.now() < end);
}

/** Takes connections and never gives them back, as code does that forgets to. */
async function keepConnections(pool: Pool, kept: PoolClient[], count: number): Promise<void> {
  while (kept.length > count) kept.pop()?.release()
  while (kept.length < count) {
    try {
      kept.push(await pool.connect())
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 500))
    }
  }
}
