import type { GitSourceConfig } from '../../base/config-sources.ts'
import { AppError, messageOf } from '../../base/error.ts'
import { changeOf } from './git-change.ts'
import { takeLease } from './lease.ts'
import type { Lease } from './lease.ts'
import { readGit } from './read-git.ts'
import { createPageCache } from './source.ts'
import type { SourceDeps, SourcedPage, SourceView } from './source.ts'
import { knownBlobs, loadContents, loadHeads, saveChange, saveFailure } from './store.ts'

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
      const lease = await takeLease(deps, config.name)
      if (lease === null) return false
      let pauseSeconds = config.pollSeconds
      try {
        await update(deps, config, lease, signal)
      } catch (error) {
        pauseSeconds = pauseAfter(config, error)
        // at the end of the process nothing is known about the repository
        if (!signal.aborted) await fail(deps, config, error)
      } finally {
        await lease.giveBack(pauseSeconds)
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
  const saved = await saveChange(database, deps.clock.now(), change, (trx) => lease.isHeld(trx))
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

async function unchanged(deps: GitSourceDeps, config: GitSourceConfig): Promise<void> {
  const at = deps.clock.now()
  await deps.database.kysely
    .updateTable('page_source')
    .set({ state: 'good', reason: null, stale_since: null, checked_at: at, good_at: at })
    .where('name', '=', config.name)
    .execute()
}

/** What cost much and came to nothing is not tried again every minute; a push or a refresh does not wait for it. */
function pauseAfter({ pollSeconds }: GitSourceConfig, error: unknown): number {
  const code = error instanceof AppError ? error.code : null
  if (code === 'too_large') return Math.max(pollSeconds, 3_600)
  return code === 'timeout' ? Math.max(pollSeconds, 600) : pollSeconds
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
