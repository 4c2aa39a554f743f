/** One alert as its source sent it. An episode is (source, fingerprint, startsAt): a re-fire has a new `startsAt`. */
export interface ReceivedAlert {
  fingerprint: string
  status: 'firing' | 'resolved'
  name: string
  labels: Record<string, string>
  annotations: Record<string, string>
  startsAt: Date
  endsAt: Date | null
  generatorUrl: string | null
}

/** What one delivery carries: alerts of one group. */
export interface AlertBatch {
  /** Identity of the group at its source; stable over repeats. */
  groupKey: string
  /** Alerts the source left out of this delivery. */
  truncatedAlerts: number
  alerts: ReceivedAlert[]
}

/** What storing a batch changed. */
export interface IngestResult {
  deliveryId: string
  groupKey: string
  /** Episodes seen for the first time and firing. */
  fired: ReceivedAlert[]
  /** Episodes that were firing and are resolved now. */
  resolved: ReceivedAlert[]
  /** Repeats and late deliveries that changed nothing. */
  unchanged: number
  truncatedAlerts: number
}
