import type { ColumnType, Generated } from 'kysely'

type Json = ColumnType<unknown, string, string>
type TimeOrNull = ColumnType<Date | null, Date | null | undefined, Date | null>
type TextOrNull = ColumnType<string | null, string | null | undefined, string | null>

/** A message from a page's template that waits for a person. */
export interface MessageDraftTable {
  id: string
  incident_id: string
  kind: string
  state: string
  template: Json
  facts: Json
  missing: Json
  channel: string
  target: string | null
  fallbacks: Json
  update_key: string
  dedup_key: string
  version: Generated<number>
  created_at: Date
  decided_at: TimeOrNull
  decided_by: TextOrNull
  reason: TextOrNull
}

/** What a person said of an incident. */
export interface IncidentFactTable {
  incident_id: string
  name: string
  value: string
  by: string
  at: Date
}

/** Tables of `communication/`, beside the outbox. */
export interface MessagesSchema {
  message_draft: MessageDraftTable
  incident_fact: IncidentFactTable
}
