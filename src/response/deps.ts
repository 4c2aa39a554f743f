import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import type { Policy } from '../access/index.ts'
import type { MessageKind, MessageRoutes } from '../communication/index.ts'
import type { Database } from '../db/index.ts'
import type { PageRevision, Plan, PlannedCommand, Target } from '../run/index.ts'
import type { Runbook } from '../runbook/index.ts'
import type { StepResult } from '../step/index.ts'
import type { RecoveryCondition, SignalSource, Verdict } from '../verification/index.ts'

/** A page as it is now, with the bytes a run keeps. */
export interface Page extends PageRevision {
  runbook: Runbook
}

/** What erlmcp knows of a service: where its signals are measured and what its commands need. */
export interface Service {
  name: string
  target: Target
  /** Values for a page's inputs, by name: `ORDERS_URL`. */
  variables: Record<string, string>
  /** Environment of every command, and in addition that of one identity. */
  environment: {
    all: Record<string, string>
    observer: Record<string, string>
    operator: Record<string, string>
  }
  signals: SignalSource | null
}

/** One command to run, with everything it gets. */
export interface CommandRequest {
  runId: string
  executionId: string
  command: PlannedCommand
  environment: Record<string, string>
  shellState: string | null
}

export interface ResponseSettings {
  /** How long an approval may wait for its use. */
  approvalTtlMs: number
  /** How long a question stands before it is asked again. */
  decisionTtlMs: number
  /** How often a signal is measured while a fix is being proved. */
  sampleEveryMs: number
  /** How long a fix may take to show, on top of its hold time. */
  giveUpAfterMs: number
  /** Read commands of one run that run at the same time; of all runs of a process, four times as many. */
  parallelReads: number
  /** How long a group that fires again opens its resolved incident again. */
  flapMs: number
  /** How long alerts may go on firing after their incident was resolved, before it is opened again. */
  stillFiringMs: number
}

export interface ResponseDeps {
  database: Database
  clock: Clock
  log: Logger
  host: string
  settings: ResponseSettings
  /** What the gate asks when a command is about to run. Left out: the defaults. */
  policy?: Policy
  /** Pages as they are now. */
  pages(): Promise<Page[]>
  service(name: string | null): Service
  execute(request: CommandRequest, signal: AbortSignal): Promise<StepResult>
  /** Kills what a crashed erlmcp left running of this execution on this host; says what it found. */
  killLeftover(execution: {
    host: string | null
    pid: number | null
    startedAt: string | null
    executionId: string
  }): Promise<string | null>
  verify(
    request: {
      condition: RecoveryCondition
      source: SignalSource
      signal: string
      onSample(sample: Verdict['samples'][number]): Promise<void>
    },
    signal: AbortSignal,
  ): Promise<Verdict>
  /** The signal now, and how many requests failed since the process started; `null` where it cannot be measured. */
  measure(
    source: SignalSource,
    signal: string,
  ): Promise<{ value: number | null; failedRequests: number | null }>
  /** Failed requests since the service's processes began to count, at once; `null` where the source does not say. */
  countFailures(source: SignalSource): Promise<number | null>
  /** Removes the working folder of a run that has ended. */
  forgetRun(runId: string): Promise<void>
  writeReviewFile(name: string, markdown: string): Promise<string>
  /** How often the incident has been opened, from 1. */
  round?: number
  /** Where the messages of pages go. */
  routes: MessageRoutes
  /** Kinds of messages that a person reads before they go out. */
  hold: readonly MessageKind[]
}

/** A run under way, as the workflow hands it from stage to stage. Serialisable. */
export interface RunHandle {
  runId: string
  incidentId: string
  serviceName: string | null
  plan: Plan
  pagePath: string
}
