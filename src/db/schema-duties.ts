import type { ColumnType, Generated } from 'kysely'

type Json = ColumnType<unknown, string, string>
type TimeOrNull = ColumnType<Date | null, Date | null | undefined, Date | null>

export interface PlannedChangeTable {
  id: string
  number: Generated<string>
  kind: string
  service: string | null
  context: string | null
  namespace: string
  workload: string
  title: string
  plan: Json
  hash: string
  state: string
  requested_by: string
  reason: string
  created_at: Date
  expires_at: Date
  started_at: TimeOrNull
  ended_at: TimeOrNull
  outcome: ColumnType<string | null, string | null | undefined, string | null>
}

export interface DutyApprovalTable {
  id: string
  /** The change or window that it is about. */
  subject: string
  hash: string
  risk: string
  requested_by: string
  decided_by: string
  decided_at: Date
  expires_at: Date
  consumed_at: TimeOrNull
  break_glass: Generated<boolean>
  reason: string | null
}

export interface DutyEventTable {
  id: Generated<string>
  subject: string
  at: Date
  kind: string
  actor: string
  message: string
  data: ColumnType<unknown, string | undefined, string>
  dedup_key: ColumnType<string | null, string | null | undefined, string | null>
}

type TextOrNull = ColumnType<string | null, string | null | undefined, string | null>

export interface MaintenanceWindowTable {
  id: string
  number: Generated<string>
  kind: string
  title: string
  services: string[]
  starts: string
  minutes: number
  zone: string
  repeats: string
  until: string | null
  rollback_plan: string
  drain: string
  keep_replicas: number | null
  announcement: TextOrNull
  components: ColumnType<string[], string[] | undefined, string[]>
  status_entry: TextOrNull
  created_by: string
  created_at: Date
  cancelled_at: TimeOrNull
  cancelled_by: ColumnType<string | null, string | null | undefined, string | null>
  cancelled_reason: ColumnType<string | null, string | null | undefined, string | null>
}

export interface MaintenanceSessionTable {
  id: string
  window_id: string
  from_at: Date
  to_at: Date
  state: string
  plan: Json
  hash: string
  started_by: string
  started_at: Date
  recorded: ColumnType<unknown, string | null | undefined, string | null>
  ended_at: TimeOrNull
  ended_by: ColumnType<string | null, string | null | undefined, string | null>
  outcome: ColumnType<string | null, string | null | undefined, string | null>
}

export interface MaintenanceTickTable {
  id: Generated<string>
  window_id: string
  from_at: Date
  item: string
  done: boolean
  by: string
  at: Date
  note: string | null
}

export interface GuardedRolloutTable {
  id: string
  service: string | null
  context: string | null
  namespace: string
  workload: string
  uid: string
  revision: number
  previous: number | null
  state: string
  seen_at: Date
  failing_since: TimeOrNull
  ended_at: TimeOrNull
  reason: ColumnType<string | null, string | null | undefined, string | null>
  change_id: ColumnType<string | null, string | null | undefined, string | null>
  incident_id: ColumnType<string | null, string | null | undefined, string | null>
}

/** Tables of `rollout/` and `maintenance/`. */
export interface DutiesSchema {
  planned_change: PlannedChangeTable
  duty_approval: DutyApprovalTable
  duty_event: DutyEventTable
  maintenance_window: MaintenanceWindowTable
  maintenance_session: MaintenanceSessionTable
  maintenance_tick: MaintenanceTickTable
  guarded_rollout: GuardedRolloutTable
}
