import type { Deployment } from 'kubernetes-types/apps/v1.js'
import type { Pod, Service } from 'kubernetes-types/core/v1.js'
import type { Snapshot } from '../kubernetes/index.ts'
import type { CauseName } from './causes.ts'
import type { SYMPTOMS } from './schema.ts'

export type Symptom = (typeof SYMPTOMS)[number]

export const CERTAINTIES = ['certain', 'likely', 'possible'] as const
export type Certainty = (typeof CERTAINTIES)[number]

/** A cause that was recognised, with what shows it. */
export interface Finding {
  cause: CauseName
  certainty: Certainty
  /** `pod/orders-7d9f`, `service/orders`. */
  about: string
  /** What the cluster says, in its own words; at most 300 characters each. */
  evidence: string[]
}

export interface LogLines {
  pod: string
  container: string
  lines: readonly string[]
}

/** Everything that the causes are looked for in. */
export interface Facts {
  at: Date
  snapshot: Snapshot
  /** The name that was asked for, and its Deployment where there is one. */
  workload: string
  deployment: Deployment | null
  /** The pods of the workload. */
  pods: readonly Pod[]
  /** Services that send traffic to the workload, or did before their selector was changed. */
  services: readonly Service[]
  /** Pods of databases, and services before them. */
  databasePods: readonly Pod[]
  databaseServices: readonly Service[]
  /** The last lines of the workload's containers. */
  logs: readonly LogLines[]
}
