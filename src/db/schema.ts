import type { ColumnType, Generated, Insertable, Selectable } from 'kysely'
import type { AccessSchema } from './schema-access.ts'
import type { AgentsSchema } from './schema-agents.ts'
import type { DutiesSchema } from './schema-duties.ts'
import type { BackupSchema } from './schema-backup.ts'
import type { InboundSchema } from './schema-inbound.ts'
import type { MessagesSchema } from './schema-messages.ts'
import type { StatusSchema } from './schema-status.ts'
import type { PageRevisionTable, PagesSchema } from './schema-pages.ts'
import type { LiveSchema } from './schema-live.ts'
import type { OncallSchema } from './schema-oncall.ts'
import type { ReviewSchema } from './schema-review.ts'
import type { ReplicaSchema } from './schema-replica.ts'

type Json = ColumnType<unknown, string, string>
type JsonDefault = ColumnType<unknown, string | undefined, string>
type Time = ColumnType<Date, Date, Date>
type TimeOrNull = ColumnType<Date | null, Date | null | undefined, Date | null>
type Bigint = ColumnType<string, number | string | undefined, number | string>

export interface WebhookDeliveryTable {
  id: string
  source: string
  received_at: Time
  body_digest: string
  /** Of deliveries before `body_packed` was there. */
  body: ColumnType<unknown, string | null | undefined, string | null>
  /** The body as received, zstd; `null` where it brought nothing new. */
  body_packed: ColumnType<Buffer | null, Buffer | null | undefined, Buffer | null>
  alerts: number
  truncated_alerts: number
}

export interface IncidentTable {
  id: string
  number: Generated<string>
  source: string
  group_key: string
  service: string | null
  title: string
  severity: string
  state: string
  version: Generated<number>
  alert_name: string | null
  labels: JsonDefault
  annotations: JsonDefault
  procedure_path: string | null
  procedure_id: string | null
  opened_at: Time
  acknowledged_at: TimeOrNull
  acknowledged_by: string | null
  mitigated_at: TimeOrNull
  resolved_at: TimeOrNull
  closed_at: TimeOrNull
  closing_reason: string | null
  /** A resolved incident can open again until then: its response listens. */
  watched_until: TimeOrNull
  /** The incident whose page stands for this one as well. */
  page_leader_id: ColumnType<string | null, string | null | undefined, string | null>
}

export interface AlertTable {
  source: string
  fingerprint: string
  starts_at: Time
  status: string
  ends_at: TimeOrNull
  expires_at: TimeOrNull
  /** Why a firing episode has no incident. */
  held_by: ColumnType<string | null, string | null | undefined, string | null>
  name: string
  labels: Json
  annotations: Json
  generator_url: string | null
  group_key: string
  incident_id: string | null
  first_seen_at: Time
  last_seen_at: Time
  seen_count: Generated<number>
}

export interface AlertTruncationTable {
  source: string
  group_key: string
  group_labels: Json
  left_out: number
  next_check_at: Time
}

export interface WatchdogTable {
  source: string
  name: string
  last_seen_at: Time
  missing_since: TimeOrNull
}

export interface TimelineEntryTable {
  id: Generated<string>
  incident_id: string
  at: Time
  kind: string
  actor: string
  message: string
  data: JsonDefault
  dedup_key: string | null
}

export interface RunTable {
  id: string
  incident_id: string
  page_path: string
  page_hash: string
  page_commit: string | null
  procedure_id: string
  plan: Json
  state: string
  version: Generated<number>
  inputs: JsonDefault
  shell_state: string | null
  started_at: Time
  ended_at: TimeOrNull
  reason: string | null
}

export interface ExecutionTable {
  id: string
  run_id: string
  step_id: string
  attempt: number
  command_index: number
  command: string
  command_hash: string
  risk: string
  identity: string
  state: string
  approval_id: string | null
  host: string | null
  process_id: number | null
  process_started: string | null
  started_at: Time
  ended_at: TimeOrNull
  exit_code: number | null
  signal: string | null
  reason: string | null
  output_bytes: Bigint
  output_truncated: Generated<boolean>
  summary: string | null
}

export interface OutputChunkTable {
  execution_id: string
  sequence: number
  stream: string
  at: Time
  content: Buffer
}

export interface ApprovalTable {
  id: string
  run_id: string
  alternative_id: string
  step_id: string
  command_index: number
  command: string
  command_hash: string
  risk: string
  state: string
  requested_by: string
  decided_by: string
  decided_at: Time
  expires_at: Time
  consumed_at: TimeOrNull
  execution_id: string | null
  reason: string | null
  attempt: number
  break_glass: Generated<boolean>
}

export interface DecisionTable {
  id: string
  run_id: string
  attempt: number
  kind: string
  /** What it is about: the step and command, or empty. */
  subject: ColumnType<string, string | undefined, never>
  question: Json
  state: string
  asked_at: Time
  expires_at: Time
  answer: ColumnType<unknown, string | null | undefined, string | null>
  answered_by: string | null
  answered_at: TimeOrNull
}

export interface VerificationTable {
  id: string
  run_id: string
  attempt: number
  condition: Json
  verdict: string | null
  started_at: Time
  ended_at: TimeOrNull
  samples: JsonDefault
  reason: string | null
}

export interface MessageTable {
  id: string
  incident_id: string | null
  kind: string
  channel: string
  target: string | null
  body: string
  state: string
  attempts: Generated<number>
  created_at: Time
  next_attempt_at: Time
  sent_at: TimeOrNull
  error: string | null
  dedup_key: string
  seq: Bigint
  lane: Generated<number>
  subject: string | null
  data: JsonDefault
  update_key: string | null
  thread_key: string | null
  fallbacks: JsonDefault
  page_id: string | null
  claimed_at: TimeOrNull
  reference: string | null
}

export interface DestinationTable {
  channel: string
  target: string
  open_at: Time
  set_at: Time
  sent_at: TimeOrNull
  failures: Generated<number>
  failing_since: TimeOrNull
  error: string | null
}

export interface MessageAttemptTable {
  message_id: string
  attempt: number
  at: Time
  took_ms: number
  outcome: string
  reason: string | null
}

export interface ReviewTable {
  incident_id: string
  markdown: string
  facts: Json
  written_at: Time
  path: string | null
}

export interface ApiTokenTable {
  id: string
  name: string
  role: string
  token_hash: string
  created_at: Time
  expires_at: TimeOrNull
  revoked_at: TimeOrNull
}

export interface AuditEntryTable {
  seq: Bigint
  at: Time
  actor: string
  role: string
  operation: string
  subject: string
  outcome: string
  data: Json
  previous_hash: string
  hash: string
}

export interface StepAttemptTable {
  workflow_id: string
  step_number: number
  name: string
  executor: string
  nonce: string
  started_at: Generated<Date>
  finished_at: TimeOrNull
  outcome: ColumnType<unknown, string | null | undefined, string | null>
}

export interface StepResultTable {
  workflow_id: string
  step_number: number
  result: ColumnType<unknown, string | null, string | null>
  at: Generated<Date>
}

export interface ExecutorTable {
  id: string
  host: string
  started_at: Generated<Date>
  heartbeat_at: Time
}

export interface IdempotentRequestTable {
  actor: string
  key: string
  operation: string
  input_hash: string
  started_at: Time
  effect_at: TimeOrNull
  answer: ColumnType<unknown, string | null | undefined, string | null>
}

/** One rehearsal of a procedure on one text of its page. */
export interface RehearsalProofTable {
  id: string
  scenario: string
  target: string
  page_path: string
  procedure_id: string
  content_hash: string
  commit_id: string | null
  started_at: Time
  speed: number
  passed: boolean
  reason: string
  incident: string | null
  severity: string | null
  response_time_seconds: number | null
  seconds_to_detect: number | null
  seconds_to_acknowledge: number | null
  seconds_to_mitigate: number | null
  seconds_to_resolve: number | null
  commands: Json
  recorded_at: Time
  recorded_by: string
}

/** Every table of the `public` schema. The engine's own tables are reached only through `workflow/`. */
export interface Schema
  extends
    AccessSchema,
    AgentsSchema,
    DutiesSchema,
    BackupSchema,
    MessagesSchema,
    StatusSchema,
    LiveSchema,
    OncallSchema,
    PagesSchema,
    InboundSchema,
    ReplicaSchema,
    ReviewSchema {
  webhook_delivery: WebhookDeliveryTable
  incident: IncidentTable
  alert: AlertTable
  alert_truncation: AlertTruncationTable
  watchdog: WatchdogTable
  timeline_entry: TimelineEntryTable
  idempotent_request: IdempotentRequestTable
  rehearsal_proof: RehearsalProofTable
  run: RunTable
  execution: ExecutionTable
  output_chunk: OutputChunkTable
  approval: ApprovalTable
  decision: DecisionTable
  verification: VerificationTable
  message: MessageTable
  destination: DestinationTable
  message_attempt: MessageAttemptTable
  review: ReviewTable
  api_token: ApiTokenTable
  audit_entry: AuditEntryTable
  step_attempt: StepAttemptTable
  step_result: StepResultTable
  executor: ExecutorTable
}

export type IncidentRow = Selectable<IncidentTable>
export type AlertRow = Selectable<AlertTable>
export type NewAlertRow = Insertable<AlertTable>
export type RunRow = Selectable<RunTable>
export type ExecutionRow = Selectable<ExecutionTable>
export type TimelineRow = Selectable<TimelineEntryTable>
export type PageRevisionRow = Selectable<PageRevisionTable>
export type AuditRow = Selectable<AuditEntryTable>
