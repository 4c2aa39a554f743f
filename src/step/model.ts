export const OUTPUT_STREAMS = ['stdout', 'stderr'] as const
export type OutputStream = (typeof OUTPUT_STREAMS)[number]

/** Where the output of a command goes. */
export interface OutputSink {
  /**
   * Stores bytes, already redacted, in the order of the calls. Resolved means durable. A store that cannot be reached
   * is waited for (that is the back-pressure); rejects when the bytes can never be stored, or when `signal` aborts.
   */
  append(
    executionId: string,
    stream: OutputStream,
    bytes: Buffer,
    at: Date,
    signal?: AbortSignal,
  ): Promise<void>
}

export interface ExecutionLimits {
  /** After this the command is ended and counts as `timed-out`. */
  timeoutMs: number
  /** Between the request to end and the kill. */
  graceMs: number
  /** Stored output of one command; what comes after is counted and dropped. Default 16 MiB. */
  maxOutputBytes?: number
}

export interface StartedProcess {
  pid: number
  /** Tells this process from a later one with the same number; compare only for equality. */
  startedAt: string
}

export interface ExecuteRequest {
  executionId: string
  /** Rendered: inputs occur only as quoted references to environment variables, never as text. */
  script: string
  /** Name of environment variable -> value. */
  inputs: Record<string, string>
  /** What identity and target need (KUBECONFIG, PGHOST, …), and PATH where it is not the usual one. */
  environment: Record<string, string>
  /** `StepResult.shellState` of the command before it in this run. May hold secrets that a script put in a variable. */
  shellState: string | null
  limits: ExecutionLimits
  /** For endless commands: ended after this, and done. */
  windowMs?: number
  /** Called before the first word of the script runs; when it rejects, nothing has run. */
  onStart?(process: StartedProcess): Promise<void>
}

export type StepOutcome =
  | {
      kind: 'exited'
      exitCode: number
      /** Set where the exit code alone does not say it: command not found, not executable. */
      reason?: string
    }
  | { kind: 'signalled'; signal: string }
  | { kind: 'timed-out' }
  | { kind: 'window-ended' }
  | { kind: 'stopped' }
  | { kind: 'not-started'; reason: string }

export type StepResult = StepOutcome & {
  /** What the next command of the run needs: variables, functions, working directory, options. */
  shellState: string | null
  /** As written by the command, before redaction and limit. */
  outputBytes: number
  /** Whether output was dropped because of the limit. */
  truncated: boolean
  /** The last lines, redacted, at most 4 KiB, without control characters. */
  tail: string
}
