import { AppError } from '../base/error.ts'
import type { Transaction } from '../db/index.ts'
import type { EscalationDeps, RosterState } from '../oncall/index.ts'
import type { OperationDeps } from './deps.ts'

/** What the operations need to know of who is on call. */
export interface OncallService extends EscalationDeps {
  state(): Promise<RosterState>
  /** Makes the escalations of an incident fit it, in the transaction that changed it. */
  settle(trx: Transaction, at: Date, incidentId: string): Promise<void>
}

/** @throws AppError `unavailable` where this erlmcp was put together without on-call. */
export function oncallOf(deps: OperationDeps): OncallService {
  if (deps.oncall !== undefined) return deps.oncall
  throw new AppError('unavailable', 'this erlmcp knows of no on-call file', { action: 'Ask the server.' })
}
