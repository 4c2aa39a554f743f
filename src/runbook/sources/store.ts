import { sql } from 'kysely'
import type { PageSourceConfig } from '../../base/config-sources.ts'
import type { Database, Transaction } from '../../db/index.ts'
import { withTransaction } from '../../db/index.ts'
import type { SourceFinding } from './git-tree.ts'
import type { PageHead } from './head.ts'

/** One revision of a page, to be kept. */
export interface KeptRevision {
  path: string
  commit: string | null
  blob: string | null
  /** `null`: removed, or too large to keep. */
  contentHash: string | null
  committedAt: Date | null
  author: string | null
  subject: string | null
  refused: string | null
  /** Kept only where the page never had this text before. */
  onlyIfNew: boolean
}

export interface SourceChange {
  source: string
  commit: string | null
  committedAt: Date | null
  /** Only those that changed. */
  heads: readonly PageHead[]
  /** Pages that are gone. */
  removed: readonly string[]
  revisions: readonly KeptRevision[]
  /** By content hash. */
  contents: ReadonlyMap<string, { path: string; commit: string | null; content: Uint8Array }>
  findings: readonly SourceFinding[]
  /** Whether what is served is another than before. */
  changed: boolean
}

const CHUNK = 500

/** A row for the source, so that its state has a place. The state of a source that moved elsewhere begins anew. */
export async function ensureSource(database: Database, at: Date, source: PageSourceConfig): Promise<void> {
  const location = source.kind === 'folder' ? source.path : `${source.url} ${source.branch} ${source.path}`
  await database.kysely
    .insertInto('page_source')
    .values({
      name: source.name,
      kind: source.kind,
      location,
      state: 'new',
      reason: null,
      commit_id: null,
      next_poll_at: at,
      poller: null,
    })
    .onConflict((conflict) =>
      conflict
        .column('name')
        .doUpdateSet({ kind: source.kind, location, commit_id: null, next_poll_at: at })
        .where((eb) => eb('page_source.location', '!=', location)),
    )
    .execute()
}

export async function loadHeads(database: Database, source: string): Promise<Map<string, PageHead>> {
  const rows = await database.kysely
    .selectFrom('page_head')
    .selectAll()
    .where('source', '=', source)
    .orderBy('path')
    .execute()
  return new Map(
    rows.map((row) => [
      row.path,
      {
        path: row.path,
        repositoryPath: row.repository_path,
        good:
          row.content_hash === null
            ? null
            : {
                contentHash: row.content_hash,
                commit: row.commit_id,
                committedAt: row.committed_at,
                procedures: row.procedures,
              },
        refused:
          row.state === 'good' || row.refused_at === null
            ? null
            : {
                contentHash: row.refused_hash,
                commit: row.refused_commit,
                at: row.refused_at,
                reason: row.reason ?? '',
              },
      },
    ]),
  )
}

/** Texts by their hashes. */
export async function loadContents(
  database: Database,
  hashes: readonly string[],
): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>()
  for (const chunk of chunks([...new Set(hashes)])) {
    const rows = await database.kysely
      .selectFrom('runbook_revision')
      .select(['content_hash', 'content'])
      .where('content_hash', 'in', chunk)
      .execute()
    for (const row of rows) found.set(row.content_hash, row.content)
  }
  return found
}

/** The content hashes of those of some git objects that were brought in before. */
export async function knownBlobs(
  database: Database,
  source: string,
  blobs: readonly string[],
): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for (const chunk of chunks(blobs)) {
    const rows = await database.kysely
      .selectFrom('page_revision')
      .select(['blob_id', 'content_hash'])
      .distinct()
      .where('source', '=', source)
      .where('blob_id', 'in', chunk)
      .where('content_hash', 'is not', null)
      .execute()
    for (const row of rows)
      if (row.blob_id !== null && row.content_hash !== null) found.set(row.blob_id, row.content_hash)
  }
  return found
}

/**
 * Stores what a reading of a source brought, all of it or nothing. `fence` says whether this process may still write;
 * it runs inside the transaction.
 */
export async function saveChange(
  database: Database,
  at: Date,
  change: SourceChange,
  fence: (trx: Transaction) => Promise<boolean> = async () => true,
): Promise<boolean> {
  return withTransaction(database, async (trx) => {
    if (!(await fence(trx))) return false
    await saveContents(trx, at, change)
    await saveRevisions(trx, at, change)
    await saveHeads(trx, change)
    await trx
      .updateTable('page_source')
      .set({
        state: 'good',
        reason: null,
        stale_since: null,
        commit_id: change.commit,
        committed_at: change.committedAt,
        checked_at: at,
        good_at: at,
        findings: JSON.stringify(change.findings),
        ...(change.changed ? { version: sql<string>`version + 1` } : {}),
      })
      .where('name', '=', change.source)
      .execute()
    return true
  })
}

/** The source cannot be read: since when, and why. What it served before stays. */
export async function saveFailure(
  database: Database,
  at: Date,
  source: string,
  reason: string,
): Promise<void> {
  await database.kysely
    .updateTable('page_source')
    .set({
      state: 'stale',
      reason: reason.slice(0, 1_000),
      checked_at: at,
      stale_since: sql<Date>`coalesce(stale_since, ${at})`,
    })
    .where('name', '=', source)
    .execute()
}

async function saveContents(trx: Transaction, at: Date, { contents }: SourceChange): Promise<void> {
  for (const chunk of chunks([...contents], 50)) {
    await trx
      .insertInto('runbook_revision')
      .values(
        chunk.map(([hash, { path, commit, content }]) => ({
          content_hash: hash,
          path,
          commit_id: commit,
          content: Buffer.from(content),
          stored_at: at,
        })),
      )
      .onConflict((conflict) => conflict.column('content_hash').doNothing())
      .execute()
  }
}

async function saveRevisions(trx: Transaction, at: Date, { source, revisions }: SourceChange): Promise<void> {
  const seen = new Set<string>()
  for (const chunk of chunks(
    revisions.filter((revision) => revision.onlyIfNew).map((revision) => revision.path),
  )) {
    const rows = await trx
      .selectFrom('page_revision')
      .select(['path', 'content_hash'])
      .where('source', '=', source)
      .where('path', 'in', chunk)
      .execute()
    for (const row of rows) seen.add(`${row.path}\n${row.content_hash ?? ''}`)
  }
  const fresh = revisions.filter(
    (revision) => !revision.onlyIfNew || !seen.has(`${revision.path}\n${revision.contentHash ?? ''}`),
  )
  for (const chunk of chunks(fresh)) {
    await trx
      .insertInto('page_revision')
      .values(
        chunk.map((revision) => ({
          source,
          path: revision.path,
          commit_id: revision.commit,
          blob_id: revision.blob,
          content_hash: revision.contentHash,
          committed_at: revision.committedAt,
          author: revision.author,
          subject: revision.subject,
          seen_at: at,
          refused: revision.refused,
        })),
      )
      .onConflict((conflict) => conflict.columns(['source', 'path', 'commit_id']).doNothing())
      .execute()
  }
}

async function saveHeads(trx: Transaction, { source, heads, removed }: SourceChange): Promise<void> {
  for (const chunk of chunks(removed)) {
    await trx.deleteFrom('page_head').where('source', '=', source).where('path', 'in', chunk).execute()
  }
  for (const chunk of chunks(heads)) {
    await trx
      .insertInto('page_head')
      .values(
        chunk.map((head) => ({
          source,
          path: head.path,
          repository_path: head.repositoryPath,
          content_hash: head.good?.contentHash ?? null,
          commit_id: head.good?.commit ?? null,
          committed_at: head.good?.committedAt ?? null,
          procedures: head.good?.procedures ?? 0,
          state: head.refused === null ? 'good' : 'broken',
          reason: head.refused?.reason ?? null,
          refused_hash: head.refused?.contentHash ?? null,
          refused_commit: head.refused?.commit ?? null,
          refused_at: head.refused?.at ?? null,
        })),
      )
      .onConflict((conflict) =>
        conflict.columns(['source', 'path']).doUpdateSet((eb) => ({
          repository_path: eb.ref('excluded.repository_path'),
          content_hash: eb.ref('excluded.content_hash'),
          commit_id: eb.ref('excluded.commit_id'),
          committed_at: eb.ref('excluded.committed_at'),
          procedures: eb.ref('excluded.procedures'),
          state: eb.ref('excluded.state'),
          reason: eb.ref('excluded.reason'),
          refused_hash: eb.ref('excluded.refused_hash'),
          refused_commit: eb.ref('excluded.refused_commit'),
          refused_at: eb.ref('excluded.refused_at'),
        })),
      )
      .execute()
  }
}

function chunks<T>(items: readonly T[], size = CHUNK): T[][] {
  const result: T[][] = []
  for (let from = 0; from < items.length; from += size) result.push(items.slice(from, from + size))
  return result
}
