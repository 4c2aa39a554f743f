import type { ColumnType } from 'kysely'

type Json = ColumnType<unknown, string, string>
type Time = ColumnType<Date, Date, Date>
type TimeOrNull = ColumnType<Date | null, Date | null | undefined, Date | null>

/** A plan that an agent was shown, and may start once. */
export interface RunPlanTable {
  hash: string
  actor: string
  page_path: string
  page_hash: string
  procedure_id: string
  service: string | null
  labels: Json
  annotations: Json
  title: string
  severity: string
  created_at: Time
  expires_at: Time
  used_at: TimeOrNull
  incident_id: string | null
}

export interface AgentsSchema {
  run_plan: RunPlanTable
}
