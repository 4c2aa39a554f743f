import type { Comparison } from '../runbook/index.ts'

/** Where a service's signals are measured. */
export type SignalSource =
  | {
      kind: 'prometheus'
      /** Base address, `http://prometheus:9090`; a path before `/api/v1` is kept. */
      url: string
      /** PromQL by name of the signal; must give one number. `$window` becomes the window, as `60s`. */
      queries: Record<string, string>
      headers?: Record<string, string>
    }
  | {
      kind: 'scrape'
      /** The page in the Prometheus text format itself, `http://orders:8080/metrics`. Knows the signal `error_rate`. */
      url: string
      /** Only series with these labels are counted. */
      labels?: Record<string, string>
      headers?: Record<string, string>
    }

export interface Measurement {
  /** `null`: could not be measured, see `error`. Never a guess: no traffic is no value. */
  value: number | null
  error?: string
  /** Failed requests since the service's processes began to count; `null` where the source does not say. */
  failedRequests: number | null
}

export interface Sample {
  /** ISO time at which the measurement ended. */
  at: string
  value: number | null
  error?: string
}

export const VERDICTS = ['passed', 'failed', 'unknown'] as const

export interface Verdict {
  verdict: (typeof VERDICTS)[number]
  samples: Sample[]
  /** One sentence with the numbers. */
  reason: string
}

/** The condition that counts as recovered. */
export interface RecoveryCondition {
  comparison: Comparison
  threshold: number
  /** How long it must hold without a gap. */
  forSeconds: number
}
