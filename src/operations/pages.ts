import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff'
import { AppError } from '../base/error.ts'
import type { PageRevisionRow as RevisionRow } from '../db/index.ts'
import { listCatalogue } from '../runbook/index.ts'
import type { CataloguedPage } from '../runbook/sources/index.ts'
import type { InputOf } from './catalogue.ts'
import type { OperationDeps } from './deps.ts'
import {
  findRevision,
  listRevisions,
  requireRevision,
  revisionBefore,
  sourceOfGone,
  textOf,
} from './page-revisions.ts'
import { proofTeller } from './rehearsals.ts'
import type { ProofTeller } from './rehearsals.ts'

/** The comparison holds everything else up. */
const DIFF_TIMEOUT_MS = 500

/** The catalogue as this server sees it, in the order of the sources. */
export async function listPages(deps: OperationDeps, input: InputOf<'page.list'>): Promise<unknown> {
  const stale = await staleSources(deps)
  const all = (await deps.pages.catalogue()).filter(
    (each) =>
      (input.source === undefined || each.source === input.source) &&
      (input.state === undefined || stateOf(each, stale).state === input.state),
  )
  const tell = await proofTeller(deps)
  const shown = all.slice(input.offset, input.offset + input.limit)
  const pages = shown.map((each) => entryOf(deps, each, stale, tell))
  const end = input.offset + shown.length
  return { pages, total: all.length, next: end < all.length ? end : null }
}

function entryOf(
  deps: OperationDeps,
  each: CataloguedPage,
  stale: ReadonlyMap<string, StaleSource>,
  tell: ProofTeller,
): Record<string, unknown> {
  const { page, head, source } = each
  const [entry] = page === null ? [] : listCatalogue([page], deps.clock.now())
  const proofOf = page === null ? null : tell(page.path, page.contentHash, page.runbook)
  const procedures = (entry?.procedures ?? []).map((each) => ({ ...each, proof: proofOf?.(each.id) ?? null }))
  return {
    source,
    path: page?.path ?? head.path,
    title: entry?.title ?? null,
    ...stateOf(each, stale),
    owner: entry?.owner ?? null,
    lastReviewed: entry?.lastReviewed ?? null,
    nextReview: entry?.nextReview ?? null,
    overdue: entry?.overdue ?? false,
    alerts: procedures.flatMap((procedure) => procedure.alertNames),
    procedures,
    commit: page?.commit ?? null,
    committedAt: head.good?.committedAt ?? null,
    contentHash: page?.contentHash ?? null,
    modified: page?.modified ?? false,
    refused: head.refused,
    link: deps.pages.link(source, page?.commit ?? null, head.repositoryPath, null),
  }
}

interface StaleSource {
  since: Date | null
  reason: string | null
}

async function staleSources(deps: OperationDeps): Promise<Map<string, StaleSource>> {
  const statuses = await deps.pages.statuses()
  return new Map(
    statuses.flatMap((status) =>
      status.state === 'stale' ? [[status.name, { since: status.staleSince, reason: status.reason }]] : [],
    ),
  )
}

/** `broken`: a newer revision was refused. `stale`: the source is away; this is its last good page. */
function stateOf(
  { source, head }: CataloguedPage,
  stale: ReadonlyMap<string, StaleSource>,
): { state: 'good' | 'stale' | 'broken'; reason: string | null; since: Date | null } {
  const away = stale.get(source)
  if (head.refused !== null) {
    const served = head.good === null ? 'nothing is served' : 'the last good revision stays'
    return { state: 'broken', reason: `${head.refused.reason}; ${served}`, since: head.refused.at }
  }
  if (away !== undefined) return { state: 'stale', ...away }
  return { state: 'good', reason: null, since: null }
}

/** A page with its text: the one that is served, or a kept revision of it. */
export async function showPage(deps: OperationDeps, input: InputOf<'page.show'>): Promise<unknown> {
  const found = await findPage(deps, input)
  const { page, head, source } = found
  const stale = await staleSources(deps)
  if (input.revision === undefined && page !== null) {
    const tell = await proofTeller(deps)
    const entry = entryOf(deps, found, stale, tell)
    const proofOf = tell(page.path, page.contentHash, page.runbook)
    const procedures = page.runbook.procedures.map((procedure) => ({
      id: procedure.id,
      title: procedure.title,
      line: procedure.line,
      proof: proofOf(procedure.id),
      link: deps.pages.link(source, page.modified ? null : page.commit, head.repositoryPath, procedure.line),
    }))
    return { ...entry, content: page.content.toString('utf8'), procedures }
  }
  const revision =
    input.revision === undefined ? null : await findRevision(deps, source, head.path, input.revision)
  const kept = requireRevision(revision, head.path, input.revision ?? 'a good revision')
  return {
    source,
    path: input.path,
    ...shownRevision(kept, head.good?.contentHash ?? null),
    content: await textOf(deps, kept),
    link: deps.pages.link(source, kept.commit_id, head.repositoryPath, null),
  }
}

export async function pageHistory(deps: OperationDeps, input: InputOf<'page.history'>): Promise<unknown> {
  const { source, head } = await findPage(deps, input)
  const rows = await listRevisions(deps, source, head.path, input.limit, input.before ?? null)
  const revisions = rows.map((row) => ({
    ...shownRevision(row, head.good?.contentHash ?? null),
    link: deps.pages.link(source, row.commit_id, head.repositoryPath, null),
  }))
  return {
    source,
    path: input.path,
    revisions,
    next: rows.length === input.limit ? (rows.at(-1)?.id ?? null) : null,
  }
}

/** A unified diff; lines that come and go with a carriage return are shown as they are. */
export async function diffPage(deps: OperationDeps, input: InputOf<'page.diff'>): Promise<unknown> {
  const { source, head } = await findPage(deps, input)
  const newest = (await listRevisions(deps, source, head.path, 1, null))[0] ?? null
  const toWanted = input.to === undefined ? newest : await findRevision(deps, source, head.path, input.to)
  const to = requireRevision(toWanted, head.path, input.to ?? 'a revision')
  const from =
    input.from === undefined
      ? await revisionBefore(deps, source, head.path, to)
      : requireRevision(await findRevision(deps, source, head.path, input.from), head.path, input.from)
  const [before, after] = await Promise.all([from === null ? '' : textOf(deps, from), textOf(deps, to)])
  const name = (row: RevisionRow | null): string =>
    row === null ? 'nothing' : (row.commit_id ?? row.content_hash ?? '').slice(0, 12)
  const diff = createTwoFilesPatch(head.path, head.path, before, after, name(from), name(to), {
    context: 3,
    headerOptions: FILE_HEADERS_ONLY,
    timeout: DIFF_TIMEOUT_MS,
  })
  if (diff === undefined) {
    throw new AppError(
      'too_large',
      `the two revisions of ${head.path} differ too much to be compared in time`,
      {
        action: 'Show each with `page.show` and its revision.',
      },
    )
  }
  const current = head.good?.contentHash ?? null
  return {
    source,
    path: input.path,
    from: from === null ? null : shownRevision(from, current),
    to: shownRevision(to, current),
    diff,
  }
}

/** The page by the path it is listed under, or by source and path in it; one that is gone still has its history. */
async function findPage(
  deps: OperationDeps,
  input: { path: string; source?: string | undefined },
): Promise<CataloguedPage> {
  const all = await deps.pages.catalogue()
  const own = all.filter(({ source }) => input.source === undefined || source === input.source)
  const found =
    own.find(({ page }) => page?.path === input.path) ?? own.find(({ head }) => head.path === input.path)
  if (found !== undefined) return found
  const source = await sourceOfGone(deps, input.path, input.source ?? null)
  if (source !== null) {
    const head = { path: input.path, repositoryPath: null, good: null, refused: null }
    return { source, head, page: null }
  }
  throw new AppError('not_found', `there is no page ${JSON.stringify(input.path)}`, {
    action: 'List the pages with `erlmcp page list`.',
  })
}

/** The line of a page that a run was made from, in its forge. */
export async function pageLink(
  deps: OperationDeps,
  path: string,
  commit: string | null,
  line: number,
): Promise<string | null> {
  if (commit === null) return null
  const found = (await deps.pages.catalogue()).find(({ page }) => page?.path === path)
  return found === undefined ? null : deps.pages.link(found.source, commit, found.head.repositoryPath, line)
}

function shownRevision(row: RevisionRow, current: string | null): Record<string, unknown> {
  return {
    commit: row.commit_id,
    contentHash: row.content_hash,
    committedAt: row.committed_at,
    author: row.author,
    subject: row.subject,
    seenAt: row.seen_at,
    current: row.content_hash !== null && row.content_hash === current,
    removed: row.content_hash === null && row.refused === null,
    refused: row.refused,
  }
}
