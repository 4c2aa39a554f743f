import type { Transaction } from '../db/index.ts'
import { isFinal, RUN_STATES, RUN_TRANSITIONS } from './state.ts'
import type { RunState } from './state.ts'

/**
 * Moves a run by one compare-and-set.
 * @returns true when this call moved it, or it was there already; false when its state does not lead there.
 */
export async function transitionRun(
  trx: Transaction,
  at: Date,
  runId: string,
  to: RunState,
  reason?: string,
): Promise<boolean> {
  const from = RUN_STATES.filter((state) => RUN_TRANSITIONS[state].includes(to))
  const moved = await trx
    .updateTable('run')
    .set((expression) => ({
      state: to,
      version: expression('version', '+', 1),
      ...(isFinal(to) ? { ended_at: at, reason: reason ?? to } : {}),
    }))
    .where('id', '=', runId)
    .where('state', 'in', from)
    .returning('id')
    .executeTakeFirst()
  if (moved !== undefined) return true
  const current = await trx.selectFrom('run').select('state').where('id', '=', runId).executeTakeFirst()
  return current?.state === to
}
