import type { ColumnType, Generated } from 'kysely'

type Time = ColumnType<Date, Date, Date>

/** What changed, for viewers; see `changes.ts`. */
export interface ChangeTable {
  id: Generated<string>
  /** The transaction that wrote it, as digits. */
  xid: Generated<string>
  at: Generated<Date>
  topic: string
  incident_id: string
  run_id: string
  subject: string
  sequence: number
}

export interface SignalSampleTable {
  service: string
  signal: string
  at: Time
  value: number | null
  error: string | null
}

export interface RunTickTable {
  id: Generated<string>
  run_id: string
  step_id: string
  item: number
  done: boolean
  by: string
  at: Time
}

/** What viewers follow: changes, signals, ticks. */
export interface LiveSchema {
  change: ChangeTable
  signal_sample: SignalSampleTable
  run_tick: RunTickTable
}
