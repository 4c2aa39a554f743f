import type { ColumnType, Generated } from 'kysely'

type JsonDefault = ColumnType<unknown, string | undefined, string>
type Time = ColumnType<Date, Date, Date>
type TimeOrNull = ColumnType<Date | null, Date | null | undefined, Date | null>
type Bigint = ColumnType<string, number | string | undefined, number | string>

export interface RunbookRevisionTable {
  content_hash: string
  path: string
  commit_id: string | null
  content: Buffer
  stored_at: Time
}

export interface PageSourceTable {
  name: string
  kind: string
  location: string
  state: string
  reason: string | null
  commit_id: string | null
  committed_at: TimeOrNull
  checked_at: TimeOrNull
  good_at: TimeOrNull
  stale_since: TimeOrNull
  findings: JsonDefault
  version: Bigint
  next_poll_at: Time
  requested_at: TimeOrNull
  poller: string | null
  polling_until: TimeOrNull
}

export interface PageRevisionTable {
  id: Generated<string>
  source: string
  path: string
  commit_id: string | null
  blob_id: string | null
  content_hash: string | null
  committed_at: TimeOrNull
  author: string | null
  subject: string | null
  seen_at: Time
  refused: string | null
}

export interface PageHeadTable {
  source: string
  path: string
  repository_path: string | null
  content_hash: string | null
  commit_id: string | null
  committed_at: TimeOrNull
  procedures: Generated<number>
  state: string
  reason: string | null
  refused_hash: string | null
  refused_commit: string | null
  refused_at: TimeOrNull
}

/** Pages, their sources and revisions. */
export interface PagesSchema {
  runbook_revision: RunbookRevisionTable
  page_source: PageSourceTable
  page_revision: PageRevisionTable
  page_head: PageHeadTable
}
