import type { ColumnType } from 'kysely'

type Json = ColumnType<unknown, string | null | undefined, string | null>
type Time = ColumnType<Date, Date, Date>
type TimeOrNull = ColumnType<Date | null, Date | null | undefined, Date | null>

export interface BackupTable {
  id: string
  target: string
  state: string
  cause: string
  requested_by: string
  store: string
  key: string | null
  manifest: Json
  started_at: Time
  finished_at: TimeOrNull
  failure: Json
  verified_at: TimeOrNull
  verification: Json
  verify_failure: Json
  pruned_at: TimeOrNull
}

export interface BackupDueTable {
  target: string
  due_at: Time
  backup_id: string
}

export interface RestoreTable {
  id: string
  target: string
  backup_id: string
  safety_id: string | null
  state: string
  plan: ColumnType<unknown, string, string>
  plan_hash: string
  requested_by: string
  reason: string
  requested_at: Time
  ended_at: TimeOrNull
  facts: Json
  failure: Json
}

export interface RestoreApprovalTable {
  restore_id: string
  decided_by: string
  decided_at: Time
  plan_hash: string
}

export interface RestoreStepTable {
  restore_id: string
  name: string
  began_at: Time
  ended_at: TimeOrNull
  failure: Json
}

export interface BackupSchema {
  backup: BackupTable
  backup_due: BackupDueTable
  restore: RestoreTable
  restore_approval: RestoreApprovalTable
  restore_step: RestoreStepTable
}
