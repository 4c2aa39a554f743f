import { sql } from 'kysely'
import type { PageSourceConfig } from '../../base/config-sources.ts'
import type { Database } from '../../db/index.ts'

/** A source as people see it. */
export interface SourceStatus {
  name: string
  kind: 'folder' | 'git'
  location: string
  branch: string | null
  folder: string | null
  /** `new`: not read yet. `stale`: away since `staleSince`; its last good pages are served. */
  state: 'new' | 'good' | 'stale'
  reason: string | null
  commit: string | null
  committedAt: Date | null
  checkedAt: Date | null
  goodAt: Date | null
  staleSince: Date | null
  nextPollAt: Date | null
  polling: boolean
  pages: number
  broken: number
  /** Files that are not taken as pages, and why. */
  findings: { path: string; message: string }[]
}

/** The configured sources, in their order. */
export async function loadStatuses(
  database: Database,
  sources: readonly PageSourceConfig[],
): Promise<SourceStatus[]> {
  const rows = await database.kysely.selectFrom('page_source').selectAll().execute()
  const counts = await database.kysely
    .selectFrom('page_head')
    .select([
      'source',
      sql<string>`count(*) filter (where content_hash is not null)`.as('pages'),
      sql<string>`count(*) filter (where state = 'broken')`.as('broken'),
    ])
    .groupBy('source')
    .execute()
  return sources.flatMap((source) => {
    const row = rows.find((each) => each.name === source.name)
    if (row === undefined) return []
    const count = counts.find((each) => each.source === source.name)
    const git = source.kind === 'git' ? source : null
    return [
      {
        name: source.name,
        kind: source.kind,
        location: source.kind === 'git' ? source.url : source.path,
        branch: git?.branch ?? null,
        folder: git?.path ?? null,
        state: row.state as SourceStatus['state'],
        reason: row.reason,
        commit: row.commit_id,
        committedAt: row.committed_at,
        checkedAt: row.checked_at,
        goodAt: row.good_at,
        staleSince: row.stale_since,
        nextPollAt: git === null ? null : row.next_poll_at,
        polling: row.poller !== null,
        pages: Number(count?.pages ?? 0),
        broken: Number(count?.broken ?? 0),
        findings: row.findings as SourceStatus['findings'],
      },
    ]
  })
}
