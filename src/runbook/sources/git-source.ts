import { sql } from 'kysely'
import type { GitSourceConfig } from '../../base/config-sources.ts'
import { AppError, messageOf } from '../../base/error.ts'
import { sha256 } from '../../base/id.ts'
import type { BlobContent } from './blobs.ts'
import { MAX_PAGE_BYTES } from '../decode.ts'
import { nextHead, sameHead } from './head.ts'
import type { PageHead } from './head.ts'
import { readGit } from './read-git.ts'
import type { GitSnapshot } from './read-git.ts'
import { createPageCache } from './source.ts'
import type { SourceDeps, SourcedPage, SourceView } from './source.ts'
import { knownBlobs, loadContents, loadHeads, saveChange, saveFailure } from './store.ts'
import type { KeptRevision, SourceChange } from './store.ts'

export interface GitSource {
  config: GitSourceConfig
  /** Asks the repository if it is time and no other process does; stores what is new. @returns whether it asked. */
  poll(signal: AbortSignal): Promise<boolean>
  /** What the database holds of it, read again only when another process or a poll has changed it. */
  view(): Promise<SourceView>
}

export interface GitSourceDeps extends SourceDeps {
  /** Where clones are kept. */
  cloneDir: string
  /** Names this process among the replicas. */
  processId: string
}

/**
 * A branch of a repository. One replica polls, all serve what the database holds, so that they agree, and go on while
 * the repository is away.
 */
export function createGitSource(deps: GitSourceDeps, config: GitSourceConfig): GitSource {
  const cache = createPageCache(deps.read)
  let seen: { version: string; view: SourceView } | null = null
  return {
    config,
    async poll(signal) {
      const lease = await takeLease(deps, config)
      if (lease === null) return false
      try {
        await update(deps, config, lease, signal)
      } catch (error) {
        // at the end of the process nothing is known about the repository
        if (!signal.aborted) await fail(deps, config, error)
      } finally {
        await giveLeaseBack(deps, config, lease)
      }
      return true
    },
    async view() {
      const row = await deps.database.kysely
        .selectFrom('page_source')
        .select('version')
        .where('name', '=', config.name)
        .executeTakeFirst()
      const version = row?.version ?? '0'
      if (seen?.version !== version) seen = { version, view: await loadView(deps, config, cache) }
      return seen.view
    },
  }
}

interface Lease {
  holder: string
  until: Date
  takenAt: Date
  lastCommit: string | null
}

async function takeLease(deps: GitSourceDeps, config: GitSourceConfig): Promise<Lease | null> {
  const now = deps.clock.now()
  const until = new Date(now.getTime() + 2 * config.timeoutSeconds * 1_000 + 180_000)
  const row = await deps.database.kysely
    .updateTable('page_source')
    .set({ poller: deps.processId, polling_until: until })
    .where('name', '=', config.name)
    .where('next_poll_at', '<=', now)
    .where((eb) => eb.or([eb('polling_until', 'is', null), eb('polling_until', '<', now)]))
    .returning('commit_id')
    .executeTakeFirst()
  return row === undefined ? null : { holder: deps.processId, until, takenAt: now, lastCommit: row.commit_id }
}

/** A request that came during the poll is answered by another one at once. */
async function giveLeaseBack(deps: GitSourceDeps, config: GitSourceConfig, lease: Lease): Promise<void> {
  const next = new Date(deps.clock.now().getTime() + config.pollSeconds * 1_000)
  await deps.database.kysely
    .updateTable('page_source')
    .set({
      poller: null,
      polling_until: null,
      next_poll_at: sql<Date>`case when requested_at > ${lease.takenAt} then requested_at else ${next} end`,
    })
    .where('name', '=', config.name)
    .where('poller', '=', lease.holder)
    .where('polling_until', '=', lease.until)
    .execute()
}

async function update(
  deps: GitSourceDeps,
  config: GitSourceConfig,
  lease: Lease,
  signal: AbortSignal,
): Promise<void> {
  const { database } = deps
  const known = new Map<string, string>()
  const snapshot = await readGit(
    {
      root: deps.cloneDir,
      signal,
      async known(blobs) {
        for (const [blob, hash] of await knownBlobs(database, config.name, blobs)) known.set(blob, hash)
        return new Set(known.keys())
      },
    },
    config,
    lease.lastCommit,
  )
  if (snapshot === null) {
    await unchanged(deps, config)
    return
  }
  const before = await loadHeads(database, config.name)
  if (snapshot.files.length === 0 && before.size > 0) {
    throw new AppError('not_found', `commit ${snapshot.commit.slice(0, 12)} holds no page any more`, {
      action: 'Bring the pages back, or take the source out of the configuration.',
    })
  }
  const change = await changeOf(deps, config, snapshot, before, known)
  const saved = await saveChange(database, deps.clock.now(), change, async (trx) => {
    const held = await trx
      .selectFrom('page_source')
      .select('name')
      .where('name', '=', config.name)
      .where('poller', '=', lease.holder)
      .where('polling_until', '=', lease.until)
      .forUpdate()
      .executeTakeFirst()
    return held !== undefined
  })
  if (saved) {
    const facts = {
      source: config.name,
      commit: snapshot.commit,
      changed: change.heads.length,
      removed: change.removed.length,
    }
    deps.log.info(facts, 'pages were brought in')
  }
}

/** What a snapshot changes, over what is known. */
async function changeOf(
  deps: GitSourceDeps,
  config: GitSourceConfig,
  snapshot: GitSnapshot,
  before: ReadonlyMap<string, PageHead>,
  known: ReadonlyMap<string, string>,
): Promise<SourceChange> {
  const hashes = hashesOf(snapshot.contents, known)
  const contents: Map<string, { path: string; commit: string | null; content: Uint8Array }> = new Map()
  for (const { blob, path, commit } of [...snapshot.files, ...snapshot.revisions]) {
    const content = blob === null ? undefined : snapshot.contents.get(blob)
    const hash = blob === null ? undefined : hashes.get(blob)
    if (hash !== undefined && content !== undefined && 'bytes' in content) {
      contents.set(hash, { path, commit, content: content.bytes })
    }
  }
  const heads: PageHead[] = []
  const refused = new Map<string, string>()
  const atCutOff = new Set(
    snapshot.revisions.flatMap(({ atCutOff: is, path, commit }) => (is ? [`${path}\n${commit}`] : [])),
  )
  for (const file of snapshot.files) {
    const last = before.get(file.path) ?? null
    const contentHash = hashes.get(file.blob) ?? null
    const cutOff = atCutOff.has(`${file.path}
${file.commit}`)
    const stays = cutOff && contentHash !== null && last?.good?.contentHash === contentHash
    const { head } = await nextHead(
      last,
      {
        path: file.path,
        repositoryPath: file.repositoryPath,
        contentHash,
        commit: stays ? (last.good?.commit ?? file.commit) : file.commit,
        committedAt: stays ? (last.good?.committedAt ?? file.committedAt) : file.committedAt,
        problem: contentHash === null ? tooLarge(snapshot.contents.get(file.blob)) : null,
      },
      deps.clock.now(),
      async () => contents.get(contentHash ?? '')?.content ?? (await stored(deps, contentHash ?? '')),
      deps.read,
    )
    if (head.refused !== null) refused.set(`${file.path}\n${file.commit}`, head.refused.reason)
    if (!sameHead(last, head)) heads.push(head)
    await new Promise((resolve) => setImmediate(resolve))
  }
  const present = new Set(snapshot.files.map((file) => file.path))
  const removed = [...before.keys()].filter((path) => !present.has(path))
  return {
    source: config.name,
    commit: snapshot.commit,
    committedAt: snapshot.committedAt,
    heads,
    removed,
    revisions: snapshot.revisions.map((revision) => keptRevision(revision, hashes, refused)).toReversed(),
    contents,
    findings: snapshot.findings,
    changed: heads.length > 0 || removed.length > 0,
  }
}

function hashesOf(
  contents: ReadonlyMap<string, BlobContent>,
  known: ReadonlyMap<string, string>,
): Map<string, string> {
  const hashes = new Map(known)
  for (const [blob, content] of contents) if ('bytes' in content) hashes.set(blob, sha256(content.bytes))
  return hashes
}

function keptRevision(
  revision: GitSnapshot['revisions'][number],
  hashes: ReadonlyMap<string, string>,
  refused: ReadonlyMap<string, string>,
): KeptRevision {
  const { path, blob, commit, committedAt, author, subject, atCutOff } = revision
  return {
    path,
    commit,
    blob,
    contentHash: blob === null ? null : (hashes.get(blob) ?? null),
    committedAt,
    author: atCutOff ? null : author,
    subject: atCutOff ? null : subject,
    refused: refused.get(`${path}\n${commit}`) ?? null,
    onlyIfNew: atCutOff,
  }
}

const tooLarge = (content: BlobContent | undefined): string => {
  const size = content !== undefined && 'tooLarge' in content ? content.tooLarge : null
  return size === null
    ? 'it is larger than the disk limit of its source allows'
    : `it has ${size} bytes; a page may have ${MAX_PAGE_BYTES}`
}

async function stored(deps: GitSourceDeps, hash: string): Promise<Uint8Array> {
  const found = (await loadContents(deps.database, [hash])).get(hash)
  if (found === undefined) throw new Error(`the text ${hash} is not stored`)
  return found
}

async function unchanged(deps: GitSourceDeps, config: GitSourceConfig): Promise<void> {
  const at = deps.clock.now()
  await deps.database.kysely
    .updateTable('page_source')
    .set({ state: 'good', reason: null, stale_since: null, checked_at: at, good_at: at })
    .where('name', '=', config.name)
    .execute()
}

async function fail(deps: GitSourceDeps, config: GitSourceConfig, error: unknown): Promise<void> {
  const reason = messageOf(error)
  const details = error instanceof AppError ? { reason } : { reason, err: error }
  deps.log.warn(
    { source: config.name, ...details },
    'the repository could not be read; the last good pages stay',
  )
  await saveFailure(deps.database, deps.clock.now(), config.name, reason)
}

async function loadView(
  deps: GitSourceDeps,
  config: GitSourceConfig,
  cache: ReturnType<typeof createPageCache>,
): Promise<SourceView> {
  const heads = await loadHeads(deps.database, config.name)
  const hashes = [...heads.values()].flatMap((head) => head.good?.contentHash ?? [])
  const texts = await loadContents(deps.database, hashes)
  const pages: SourcedPage[] = []
  for (const { path, repositoryPath, good } of heads.values()) {
    const content = good === null ? undefined : texts.get(good.contentHash)
    if (good === null || content === undefined) continue
    pages.push({
      path,
      sourcePath: path,
      repositoryPath,
      contentHash: good.contentHash,
      commit: good.commit,
      content,
      runbook: await cache.get(path, good.contentHash, content),
      source: config.name,
      modified: false,
    })
  }
  cache.keep(new Set(heads.keys()))
  return { pages, heads, forge: config }
}
