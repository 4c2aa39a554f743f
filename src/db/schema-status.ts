import type { ColumnType, GeneratedAlways } from 'kysely'

type TimeOrNull = ColumnType<Date | null, Date | null | undefined, Date | null>

/** An incident or a maintenance, as the public status page tells it. */
export interface StatusEntryTable {
  id: string
  kind: string
  title: string
  incident_id: string | null
  from_at: TimeOrNull
  to_at: TimeOrNull
  opened_at: Date
  closed_at: TimeOrNull
}

/** One text that a person released. */
export interface StatusPostTable {
  id: GeneratedAlways<string>
  entry_id: string
  state: string
  text: string
  components: ColumnType<unknown, string, string>
  at: Date
  by: string
}

/** Tables of the status page. */
export interface StatusSchema {
  status_entry: StatusEntryTable
  status_post: StatusPostTable
}
