import type { Clock } from '../base/clock.ts'
import type { Config } from '../base/config.ts'
import type { Logger } from '../base/log.ts'
import type { CrashPoint } from '../workflow/index.ts'

export interface AppOptions {
  config: Config
  log: Logger
  /** Of this erlmcp, for those who ask. */
  version?: string
  clock?: Clock
  /** The times that pages state (hold times) are divided by this; for rehearsals. Default 1. */
  speed?: number
  /** Where messages of the console channel and the address are written. */
  write(text: string): void
  /** Called at each commit point; tests stop the process there. */
  reach?(point: CrashPoint): Promise<void>
  /** The maintenance that a service is in, in words; its alerts then declare nothing. Default: none. */
  maintenanceOf?(service: string | null, at: Date): Promise<string | null>
  /** How often silence, expiry and held alerts are looked at. Default 5,000 ms. */
  sweepEveryMs?: number
}

/** Work that goes on as long as the process lives: started once all is wired, stopped in the reverse order. */
export interface Duty {
  name: string
  start(): void | Promise<void>
  stop(): Promise<void>
}
