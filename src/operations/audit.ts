import type { InputOf } from './catalogue.ts'
import type { OperationDeps } from './deps.ts'
import { present } from './present.ts'

/** Audit rows, newest first; `next` is the `before` of the next page. */
export async function listAudit(deps: OperationDeps, input: InputOf<'audit.list'>): Promise<unknown> {
  let query = deps.database.kysely
    .selectFrom('audit_entry')
    .selectAll()
    .orderBy('seq', 'desc')
    .limit(input.limit)
  if (input.before !== undefined) query = query.where('seq', '<', String(input.before))
  const rows = await query.execute()
  return {
    entries: rows.map((row) => ({ ...present(row), seq: Number(row.seq) })),
    next: rows.length === input.limit ? Number(rows.at(-1)?.seq) : null,
  }
}
