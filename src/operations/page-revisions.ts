import { AppError } from '../base/error.ts'
import type { PageRevisionRow as RevisionRow } from '../db/index.ts'
import type { OperationDeps } from './deps.ts'

/** Newest first. Revisions are stored in the order in which the branch, or the folder, went through them. */
export async function listRevisions(
  deps: OperationDeps,
  source: string,
  path: string,
  limit: number,
  before: string | null,
): Promise<RevisionRow[]> {
  let query = deps.database.kysely
    .selectFrom('page_revision')
    .selectAll()
    .where('source', '=', source)
    .where('path', '=', path)
    .orderBy('id', 'desc')
    .limit(limit)
  if (before !== null) query = query.where('id', '<', before)
  return query.execute()
}

export async function findRevision(
  deps: OperationDeps,
  source: string,
  path: string,
  prefix: string,
): Promise<RevisionRow | null> {
  const row = await deps.database.kysely
    .selectFrom('page_revision')
    .selectAll()
    .where('source', '=', source)
    .where('path', '=', path)
    .where((eb) => eb.or([eb('commit_id', 'like', `${prefix}%`), eb('content_hash', 'like', `${prefix}%`)]))
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row ?? null
}

/** The revision before one, with a text. */
export async function revisionBefore(
  deps: OperationDeps,
  source: string,
  path: string,
  row: RevisionRow,
): Promise<RevisionRow | null> {
  const before = await deps.database.kysely
    .selectFrom('page_revision')
    .selectAll()
    .where('source', '=', source)
    .where('path', '=', path)
    .where('id', '<', row.id)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst()
  return before ?? null
}

/** The source that once had a page which no source has any more. */
export async function sourceOfGone(
  deps: OperationDeps,
  path: string,
  source: string | null,
): Promise<string | null> {
  let query = deps.database.kysely
    .selectFrom('page_revision')
    .select('source')
    .where('path', '=', path)
    .orderBy('id', 'desc')
    .limit(1)
  if (source !== null) query = query.where('source', '=', source)
  return (await query.executeTakeFirst())?.source ?? null
}

export function requireRevision(row: RevisionRow | null, path: string, wanted: string): RevisionRow {
  if (row !== null) return row
  throw new AppError('not_found', `${path} has no revision ${wanted}`, {
    action: 'List its revisions with `erlmcp page history`.',
  })
}

/** The text of a revision; empty where the page was removed. */
export async function textOf(deps: OperationDeps, row: RevisionRow): Promise<string> {
  if (row.content_hash === null) {
    if (row.refused === null) return ''
    throw new AppError('too_large', `this revision of ${row.path} was not kept: ${row.refused}`, {
      action: 'Look at it in the forge.',
    })
  }
  const kept = await deps.database.kysely
    .selectFrom('runbook_revision')
    .select('content')
    .where('content_hash', '=', row.content_hash)
    .executeTakeFirstOrThrow()
  if (kept.content.includes(0)) {
    throw new AppError('unsupported', `this revision of ${row.path} is not text`, {
      action: 'Look at it in the forge.',
    })
  }
  return kept.content.toString('utf8')
}
