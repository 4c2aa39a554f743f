import type { Actor } from '../access/index.ts'
import { appendAudit, readChain, verifyAudit } from '../access/index.ts'
import { AppError } from '../base/error.ts'
import { withTransaction } from '../db/index.ts'
import type { InputOf } from './catalogue.ts'
import type { OperationDeps } from './deps.ts'
import { present } from './present.ts'

/** Audit rows, newest first; `next` is the `before` of the next page. Who reads is a row as well. */
export async function listAudit(
  deps: OperationDeps,
  actor: Actor,
  input: InputOf<'audit.list'>,
): Promise<unknown> {
  let query = deps.database.kysely
    .selectFrom('audit_entry')
    .selectAll()
    .orderBy('seq', 'desc')
    .limit(input.limit)
  if (input.before !== undefined) query = query.where('seq', '<', String(input.before))
  for (const column of ['actor', 'operation', 'subject'] as const) {
    const wanted = input[column]
    if (wanted !== undefined) query = query.where(column, 'like', likeOf(wanted))
  }
  if (input.outcome !== undefined) query = query.where('outcome', '=', input.outcome)
  if (input.since !== undefined) query = query.where('at', '>=', new Date(input.since))
  if (input.until !== undefined) query = query.where('at', '<', new Date(input.until))
  const rows = await query.execute()
  const { limit: _limit, before = null, ...sought } = input
  await noteReading(deps, actor, 'audit.list', { before, ...sought, rows: rows.length })
  return {
    entries: rows.map((row) => ({ ...present(row), seq: Number(row.seq) })),
    next: rows.length === input.limit ? Number(rows.at(-1)?.seq) : null,
  }
}

/** `*` is any run of letters; everything else stands for itself. */
const likeOf = (wanted: string): string => wanted.replaceAll(/[\\%_]/g, String.raw`\$&`).replaceAll('*', '%')

export async function checkAudit(deps: OperationDeps, actor: Actor): Promise<unknown> {
  const verdict = await verifyAudit(deps.database)
  await noteReading(deps, actor, 'audit.verify', { intact: verdict.intact, entries: verdict.entries })
  return verdict
}

/** Rows in their order; the last page ends with a signed checkpoint over the last row. */
export async function exportAudit(
  deps: OperationDeps,
  actor: Actor,
  input: InputOf<'audit.export'>,
): Promise<unknown> {
  if (deps.signer === undefined) {
    throw new AppError('unavailable', 'there is no key to sign an export with here', {
      action: 'Ask the server.',
    })
  }
  const rows = await readChain(deps.database, input.after, input.limit)
  const last = rows.at(-1)
  await noteReading(deps, actor, 'audit.export', { after: input.after, rows: rows.length })
  const more = rows.length === input.limit
  return {
    rows,
    next: more ? (last?.seq ?? null) : null,
    checkpoint:
      more || last === undefined
        ? null
        : deps.signer.sign({ seq: last.seq, hash: last.hash, at: deps.clock.now().toISOString() }),
    publicKey: deps.signer.publicKey,
  }
}

/** Reading the audit is audited. */
async function noteReading(
  deps: OperationDeps,
  actor: Actor,
  operation: string,
  data: Record<string, unknown>,
): Promise<void> {
  await withTransaction(deps.database, (trx) =>
    appendAudit(trx, deps.clock.now(), { actor, operation, subject: 'audit', outcome: 'done', data }),
  )
}
