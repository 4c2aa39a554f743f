/** One alert as its source sent it. An episode is (source, fingerprint, startsAt): a re-fire has a new `startsAt`. */
export interface ReceivedAlert {
  fingerprint: string
  status: 'firing' | 'resolved'
  name: string
  labels: Record<string, string>
  annotations: Record<string, string>
  /** `null`: the source does not say; then it is the episode that fires already, else a new one. */
  startsAt: Date | null
  endsAt: Date | null
  /** Until when the source's word holds without a repeat; `null`: until it says otherwise. */
  expiresAt: Date | null
  generatorUrl: string | null
  /** Identity of its group at the source; stable over repeats. One open incident for one group. */
  groupKey: string
  /** Why the source itself keeps quiet about it: `silenced: …`. Such an alert declares nothing. */
  heldBy: string | null
}

/** An alert whose episode is certain. */
export type EpisodeAlert = ReceivedAlert & { startsAt: Date }

/** What one request carries. */
export interface AlertBatch {
  alerts: ReceivedAlert[]
  /** A group of which the source left alerts out of this delivery. */
  truncated: Truncation | null
}

export interface Truncation {
  groupKey: string
  groupLabels: Record<string, string>
  leftOut: number
}

/** One delivery on its way into the store. */
export interface Delivery {
  id: string
  source: string
  /** The bytes as received; empty where erlmcp itself speaks. */
  raw: Uint8Array
  batch: AlertBatch
  alerts: EpisodeAlert[]
}

export const episodeKey = (source: string, fingerprint: string, startsAt: Date): string =>
  `${source}\n${fingerprint}\n${startsAt.getTime()}`
