import { AppError } from '../base/error.ts'
import type { Caller } from './registry.ts'

/** What one identity may do in an hour, in this process. */
export interface BudgetLimits {
  calls: number
  writes: number
  bytes: number
}

export const DEFAULT_BUDGETS: BudgetLimits = { calls: 3_000, writes: 120, bytes: 32 * 1_048_576 }

const HOUR_MS = 3_600_000
const MAX_KEPT = 10_000

export interface Budgets {
  /** @throws AppError `throttled` when this caller has had enough for an hour. */
  take(caller: Caller, writes: boolean): void
  spend(caller: Caller, bytes: number): void
}

interface Spent extends BudgetLimits {
  since: number
}

/** An agent in a loop is stopped here, before it has filled a timeline or its own context. */
export function createBudgets(now: () => number, limits: BudgetLimits = DEFAULT_BUDGETS): Budgets {
  const kept = new Map<string, Spent>()
  const of = (caller: Caller): Spent => {
    const known = kept.get(caller.actor.id)
    const spent =
      known !== undefined && now() - known.since < HOUR_MS
        ? known
        : { since: now(), calls: 0, writes: 0, bytes: 0 }
    kept.delete(caller.actor.id)
    kept.set(caller.actor.id, spent)
    if (kept.size > MAX_KEPT) kept.delete(kept.keys().next().value ?? '')
    return spent
  }
  return {
    take(caller, writes) {
      const spent = of(caller)
      const over =
        spent.calls >= limits.calls
          ? `${limits.calls} calls`
          : spent.bytes >= limits.bytes
            ? `${limits.bytes} bytes`
            : writes && spent.writes >= limits.writes
              ? `${limits.writes} changes`
              : null
      if (over !== null) {
        const seconds = Math.ceil((spent.since + HOUR_MS - now()) / 1_000)
        throw new AppError('throttled', `${caller.actor.id} has used its ${over} of this hour`, {
          action: `Try again in ${seconds} s, or ask a person.`,
          retryable: true,
        })
      }
      spent.calls += 1
      if (writes) spent.writes += 1
    },
    spend(caller, bytes) {
      of(caller).bytes += bytes
    },
  }
}
