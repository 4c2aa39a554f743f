import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import type { Database } from '../db/index.ts'
import type { Keep } from './retention.ts'
import type { Dumper } from './source.ts'
import type { BackupStore } from './store.ts'
import type { Workload } from './workload.ts'

/** A question to a restored copy: the first column of the first row must read `expect`. */
export interface Check {
  name: string
  sql: string
  expect: string
}

/** A database that is backed up, with all that it takes. */
export interface BackupTarget {
  name: string
  dumper: Dumper
  /** The address holds the password; read when it is needed, kept nowhere. @throws AppError `not_found` */
  url(): Promise<string>
  store: BackupStore
  storeName: string
  recipients(): Promise<readonly string[]>
  /** Secret keys. @throws AppError `backup_key` where erlmcp has none. */
  identities(): Promise<readonly string[]>
  checks: readonly Check[]
  keep: Keep
  /** `null`: made when somebody asks. */
  schedule: { cron: string; zone: string } | null
  /** What is stopped while the database is swapped; `null`: nothing is. */
  workload: Workload | null
  /** How long sessions may take to end once the workload is stopped. */
  sessionsEndMs: number
}

export interface BackupDeps {
  database: Database
  clock: Clock
  log: Logger
  /** For files on their way to or from a store. */
  spool: string
  targets: ReadonlyMap<string, BackupTarget>
}
