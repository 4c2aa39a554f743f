import type { Transaction } from '../db/index.ts'
import type { SeverityLevel } from '../incident/index.ts'
import { endOfNextBusinessDay, nextBusinessTime } from './business-hours.ts'
import type { SeverityMatrix } from './matrix.ts'
import type { Roster } from './roster.ts'

/** What holds now: the checked file and the severity matrix of the pages. */
export interface OncallPolicy {
  roster: Roster
  matrix: SeverityMatrix
  /** Response and update times are divided by this; for rehearsals. Default 1. */
  speed?: number
}

/** A page on its way to one person, or word that nobody has to come any more. */
export interface OutgoingPage {
  kind: 'page' | 'stand-down'
  /** Of the page's row, with which it is withdrawn; `null`: it is always sent. */
  id: string | null
  incidentId: string
  channel: string
  target: string | null
  fallbacks: { channel: string; target: string | null }[]
  subject: string
  body: string
  data: Record<string, unknown>
  dedupKey: string
}

export interface EscalationDeps {
  policy(): Promise<OncallPolicy>
  /** Puts a page into the outbox in the transaction that decided it. */
  queuePage(trx: Transaction, at: Date, page: OutgoingPage): Promise<void>
}

/** When somebody has to have answered what was asked at `at`. */
export function answerDue(policy: OncallPolicy, severity: SeverityLevel, at: Date): Date {
  const minutes = policy.matrix[severity].responseMinutes
  return minutes === null ? endOfNextBusinessDay(policy.roster, at) : later(policy, at, minutes)
}

/** When people have to have heard something that last heard something at `at`; `null`: there is no such rule. */
export function updateDue(policy: OncallPolicy, severity: SeverityLevel, at: Date): Date | null {
  const minutes = policy.matrix[severity].updateMinutes
  return minutes === null ? null : later(policy, at, minutes)
}

/** When the first link is asked: at once, and in business hours where nobody is to be woken. */
export const firstPageDue = (policy: OncallPolicy, severity: SeverityLevel, at: Date): Date =>
  policy.matrix[severity].responseMinutes === null ? nextBusinessTime(policy.roster, at) : at

const later = (policy: OncallPolicy, at: Date, minutes: number): Date =>
  new Date(at.getTime() + (minutes * 60_000) / (policy.speed ?? 1))
