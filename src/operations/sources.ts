import type { Actor } from '../access/index.ts'
import { appendAudit } from '../access/index.ts'
import { withTransaction } from '../db/index.ts'
import type { InputOf } from './catalogue.ts'
import type { OperationDeps } from './deps.ts'

export async function listSources(deps: OperationDeps): Promise<unknown> {
  return { sources: await deps.pages.statuses() }
}

/** Reads a source now. Its state says whether that went well; a source that is away is no failure of this. */
export async function refreshSource(
  deps: OperationDeps,
  actor: Actor,
  input: InputOf<'source.refresh'>,
): Promise<unknown> {
  const status = await deps.pages.refresh(input.name)
  await withTransaction(deps.database, (trx) =>
    appendAudit(trx, deps.clock.now(), {
      actor,
      operation: 'source.refresh',
      subject: input.name,
      outcome: status.state === 'good' ? 'done' : 'failed',
      data: { commit: status.commit, state: status.state, reason: status.reason },
    }),
  )
  return status
}
