import type { Generated } from 'kysely'

type TimeOrNull = Date | null

export interface EscalationTable {
  id: string
  incident_id: string
  reason: string
  subject: Generated<string>
  state: string
  severity: string
  round: Generated<number>
  level: Generated<number>
  due_at: Date
  set_at: Date
  started_at: Date
  ended_at: TimeOrNull
  ended_because: string | null
}

export interface EscalationPageTable {
  id: string
  incident_id: string
  reason: string
  subject: Generated<string>
  round: number
  level: number
  link: string
  person: string
  channel: string
  target: Generated<string>
  at: Date
  withdrawn_at: TimeOrNull
}

export interface OncallOverrideTable {
  id: string
  rotation: string
  person: string
  from_at: Date
  to_at: Date
  reason: string
  created_by: string
  created_at: Date
  cancelled_at: TimeOrNull
  cancelled_by: string | null
}

export interface SeverityRuleTable {
  page_path: string
  procedure_id: string
  highest: string
  lowest: string
  rule: string
  confirmed_by: string
  confirmed_at: Date
}

/** A stretch of a schedule in PagerDuty, as read last. */
export interface PagerDutyShiftTable {
  schedule: string
  user_id: string
  name: string
  from_at: Date
  to_at: TimeOrNull
  read_at: Date
}

/** Tables of `oncall/`. */
export interface OncallSchema {
  pagerduty_shift: PagerDutyShiftTable
  escalation: EscalationTable
  escalation_page: EscalationPageTable
  oncall_override: OncallOverrideTable
  severity_rule: SeverityRuleTable
}
