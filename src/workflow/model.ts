import type { Transaction } from '../db/index.ts'

/**
 * What became of an effect. `unknown`: it was begun, and nobody can say how far it got, because erlmcp died, was told
 * to stop, or lost its database meanwhile. A value is JSON; dates stay dates.
 */
export type Outcome<T> =
  | { kind: 'done'; value: T }
  | { kind: 'failed'; error: string }
  | { kind: 'unknown'; startedAt: string; executor: string; reason: string }

/** An effect that was not begun, because its claim was refused. */
export interface Refused {
  kind: 'refused'
  code: string
  message: string
  action: string
}

export interface EffectHooks<T> {
  /** In the transaction that commits the claim, before the effect. An AppError thrown here refuses: nothing ran. */
  claim(trx: Transaction): Promise<void>
  /** In the transaction that records the outcome; also for an unknown one that is found after a crash. */
  settle(trx: Transaction, outcome: Outcome<T>): Promise<void>
}

/**
 * What a workflow may do. Its body is replayed after a crash: between two calls it only computes, and the order of
 * calls depends on nothing but their results.
 */
export interface WorkflowContext {
  readonly workflowId: string
  /**
   * At least once: a step that a crash interrupted, or an outage of the database, runs again. Its result is recorded,
   * also an error. Several may run in parallel, begun in an order that does not change.
   */
  step<T>(name: string, body: (signal: AbortSignal) => Promise<T>): Promise<T>
  /** Exactly once: business rows and the record of the step are one commit. An error rolls back, and is recorded. */
  transaction<T>(name: string, body: (trx: Transaction) => Promise<T>): Promise<T>
  /** At most once, by a claim committed before and an outcome after. */
  effect<T>(
    name: string,
    hooks: EffectHooks<T>,
    body: (signal: AbortSignal) => Promise<T>,
  ): Promise<Outcome<T> | Refused>
  /** The next message on a topic, or `null` when the time has passed. The deadline survives a crash. */
  receive<T>(topic: string, timeoutMs: number): Promise<T | null>
  sleep(ms: number): Promise<void>
}

/** Where a crash could tear what is one for its reader; each is between two commits. */
export const CRASH_POINTS = [
  'ledger.claimed', 'effect.done', 'outcome.saved', 'transaction.committed', 'step.done', 'receive.waiting',
] as const // prettier-ignore
export type CrashPoint = (typeof CRASH_POINTS)[number]

/** Called at a commit point; tests stop the process there. */
export type Reach = (point: CrashPoint, place: { workflowId: string; name: string }) => Promise<void>

export type WorkflowState = 'pending' | 'succeeded' | 'failed' | 'cancelled'

export interface WorkflowEngine {
  /** Before `launch`. */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller names what it starts it with
  define<I>(name: string, body: (context: WorkflowContext, input: I) => Promise<unknown>): void
  /** Takes up what this executor left, and starts taking work. */
  launch(): Promise<void>
  /** Starts a workflow when the caller's transaction commits, within some 100 ms. An id that exists is a no-op. */
  start(trx: Transaction, name: string, workflowId: string, input: unknown): Promise<void>
  /**
   * Sends a message when the caller's transaction commits; once for one key of a workflow and topic. Messages of one
   * transaction have no order. To a finished workflow it is a no-op.
   */
  send(trx: Transaction, workflowId: string, topic: string, message: unknown, key: string): Promise<void>
  cancel(workflowId: string): Promise<void>
  state(workflowId: string): Promise<WorkflowState | null>
  /** Why this replica should get no work; empty when it is well. */
  unwell(): string[]
  /** Deletes finished workflows and their records that are older than `before`. @returns how many. */
  prune(before: Date): Promise<number>
  /** Starts no further step, waits for those under way, then aborts them; leaves the rest to others. */
  stop(options: { drainMs: number }): Promise<void>
}
