import type { ColumnType } from 'kysely'

/** How a process that serves this database is doing, as it said last. */
export interface ReplicaVitalsTable {
  executor_id: string
  host: string
  version: string
  at: Date
  vitals: ColumnType<unknown, string, string>
}

export interface ReplicaSchema {
  replica_vitals: ReplicaVitalsTable
}
