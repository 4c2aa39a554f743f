import type { ColumnType, Generated } from 'kysely'

type TimeOrNull = ColumnType<Date | null, Date | null | undefined, Date | null>

/** How a process that serves this database is doing, as it said last. */
export interface ReplicaVitalsTable {
  executor_id: string
  host: string
  version: string
  at: Date
  vitals: ColumnType<unknown, string, string>
}

/** The trace of an incident on its way to a collector. */
export interface TraceExportTable {
  incident_id: string
  resolved_at: Date
  attempts: Generated<number>
  next_attempt_at: Date
  claimed_at: TimeOrNull
  sent_at: TimeOrNull
  error: string | null
}

export interface ReplicaSchema {
  replica_vitals: ReplicaVitalsTable
  trace_export: TraceExportTable
}
