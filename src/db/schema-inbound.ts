import type { ColumnType, Generated } from 'kysely'

type TimeOrNull = ColumnType<Date | null, Date | null | undefined, Date | null>

/** What came from a chat or a pager, once for each id. */
export interface InboundRequestTable {
  source: string
  id: string
  received_at: Date
  payload: ColumnType<unknown, string, string>
  claimed_at: TimeOrNull
  attempts: Generated<number>
  done_at: TimeOrNull
  outcome: ColumnType<string | null, string | null | undefined, string | null>
}

/** The live card of an incident. */
export interface IncidentCardTable {
  incident_id: string
  version: number
  digest: string
  /** The last timeline entry that its thread tells. */
  told_to: ColumnType<string, number | string | undefined, number | string>
  final: Generated<boolean>
}

/** A message of Slack that a responder put on a timeline. */
export interface SlackMarkTable {
  channel: string
  ts: string
  incident_id: string
  text: string
  marked_by: string
  marked_at: Date
  deleted_at: TimeOrNull
}

export interface InboundSchema {
  slack_mark: SlackMarkTable
  inbound_request: InboundRequestTable
  incident_card: IncidentCardTable
}
