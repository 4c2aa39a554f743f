import type { ColumnType, Generated } from 'kysely'

type Time = ColumnType<Date, Date, Date>
type TimeOrNull = ColumnType<Date | null, Date | null | undefined, Date | null>

export interface ReviewTextTable {
  incident_id: string
  version: Generated<number>
  cause: Generated<string>
  lessons: Generated<string>
  owner: string | null
  /** `2026-12-01` */
  review_on: string | null
  completed_at: TimeOrNull
  completed_by: string | null
  updated_at: Time
  updated_by: string
}

export interface ActionItemTable {
  id: string
  incident_id: string
  version: Generated<number>
  title: string
  owner: string | null
  /** `2026-12-01` */
  due_on: string | null
  state: string
  created_at: Time
  created_by: string
  ended_at: TimeOrNull
  ended_by: string | null
}

export interface AttachmentTable {
  id: string
  incident_id: string
  name: string
  type: string
  bytes: number
  content: Buffer
  content_hash: string
  added_at: Time
  added_by: string
}

export interface DeploymentTable {
  id: string
  service: string
  version: string
  note: string | null
  at: Time
  told_at: Time
  told_by: string
}

/** What people write and add about an incident, and what they say was rolled out. */
export interface ReviewSchema {
  review_text: ReviewTextTable
  action_item: ActionItemTable
  attachment: AttachmentTable
  deployment: DeploymentTable
}
