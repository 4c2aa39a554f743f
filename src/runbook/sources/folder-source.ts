import type { FolderSourceConfig } from '../../base/config-sources.ts'
import { AppError, messageOf } from '../../base/error.ts'
import { sha256 } from '../../base/id.ts'
import { loadFiles } from '../load.ts'
import type { LoadedFiles } from '../load.ts'
import { nextHead, sameHead } from './head.ts'
import type { Incoming, PageHead } from './head.ts'
import { createPageCache } from './source.ts'
import type { SourceDeps, SourcedPage, SourceView } from './source.ts'
import { ensureSource, loadContents, loadHeads, saveChange, saveFailure } from './store.ts'
import type { KeptRevision } from './store.ts'
import { isModified, readWorkTree } from './work-tree.ts'
import type { WorkTree } from './work-tree.ts'

export interface FolderSource {
  /** Reads the folder, and keeps what is new. Never throws: a folder that is away keeps its last good pages. */
  read(): Promise<SourceView>
}

const WORK_TREE_MS = 10_000
/** How often it is written down that nothing has changed. */
const SAVE_MS = 60_000

/** A folder of this host. Its state is this process's own; revisions and refusals are written down for all. */
export function createFolderSource(deps: SourceDeps, source: FolderSourceConfig): FolderSource {
  const cache = createPageCache(deps.read)
  let stored: { heads: Map<string, PageHead>; texts: Map<string, Buffer> } | null = null
  let workTree: { at: number; value: WorkTree | null } | null = null
  let view: SourceView = { pages: [], heads: new Map(), forge: null }
  let stale: string | null = null
  let savedAt = Number.NEGATIVE_INFINITY

  const gitState = async (): Promise<WorkTree | null> => {
    if (workTree === null || performance.now() - workTree.at > WORK_TREE_MS) {
      workTree = { at: performance.now(), value: await readWorkTree(source.path) }
    }
    return workTree.value
  }

  /** What was served before this process began; needed only while the folder holds something else. */
  const remembered = async (): Promise<NonNullable<typeof stored>> => {
    if (stored !== null) return stored
    await ensureSource(deps.database, deps.clock.now(), source)
    const heads = await loadHeads(deps.database, source.name)
    const hashes = [...heads.values()].flatMap((head) => head.good?.contentHash ?? [])
    stored = { heads, texts: await loadContents(deps.database, hashes) }
    return stored
  }

  const readAll = async (): Promise<void> => {
    const before = await remembered()
    const loaded = await loadFiles(source.path)
    if (loaded.files.length === 0 && before.heads.size > 0) {
      throw new AppError('not_found', `${source.path} holds no page any more`, {
        action: 'Bring the pages back, or take the source out of the configuration.',
      })
    }
    const tree = await gitState()
    const next = await readPages(deps, before, loaded, tree, cache)
    const removed = [...before.heads.keys()].filter((path) => !next.heads.has(path))
    const heads = [...next.heads.values()].filter(
      (head) => !sameHead(before.heads.get(head.path) ?? null, head),
    )
    const changed = heads.length > 0 || removed.length > 0
    if (changed || stale !== null || performance.now() - savedAt > SAVE_MS) {
      await saveChange(deps.database, deps.clock.now(), {
        source: source.name,
        commit: tree?.commit ?? null,
        committedAt: tree?.committedAt ?? null,
        heads,
        removed,
        revisions: revisionsOf(before.heads, heads),
        contents: next.contents,
        findings: loaded.findings,
        changed,
      })
      savedAt = performance.now()
    }
    stored = { heads: next.heads, texts: next.texts }
    view = {
      pages: next.pages.map((page) => ({ ...page, source: source.name })),
      heads: next.heads,
      forge: tree?.remoteUrl == null ? null : { url: tree.remoteUrl, forge: null, webUrl: null },
    }
    if (stale !== null) deps.log.info({ source: source.name }, 'the pages can be read again')
    stale = null
  }

  return {
    async read() {
      try {
        await readAll()
      } catch (error) {
        const reason = messageOf(error)
        if (reason !== stale) {
          deps.log.error(
            { source: source.name, err: reason },
            'pages cannot be read; the last good ones stay',
          )
          await saveFailure(deps.database, deps.clock.now(), source.name, reason).catch(() => undefined)
        }
        stale = reason
        if (view.heads.size === 0 && stored !== null) view = await fromStore(stored, cache, source.name)
      }
      return view
    },
  }
}

interface ReadPages {
  pages: Omit<SourcedPage, 'source'>[]
  heads: Map<string, PageHead>
  texts: Map<string, Buffer>
  contents: Map<string, { path: string; commit: string | null; content: Uint8Array }>
}

async function readPages(
  deps: SourceDeps,
  before: { heads: Map<string, PageHead>; texts: Map<string, Buffer> },
  loaded: LoadedFiles,
  tree: WorkTree | null,
  cache: ReturnType<typeof createPageCache>,
): Promise<ReadPages> {
  const next: ReadPages = { pages: [], heads: new Map(), texts: new Map(), contents: new Map() }
  for (const file of loaded.files) {
    const content = file.content === null ? null : Buffer.from(file.content)
    const contentHash = content === null ? null : sha256(content)
    const modified = tree !== null && content !== null && isModified(tree, file.path, content)
    const commit = tree === null || modified ? null : tree.commit
    const incoming: Incoming = {
      path: file.path,
      repositoryPath: tree === null ? null : `${tree.prefix}${file.path}`,
      contentHash,
      commit,
      committedAt: commit === null ? null : (tree?.committedAt ?? null),
      problem: file.problem?.message ?? null,
    }
    const { head, runbook } = await nextHead(
      before.heads.get(file.path) ?? null,
      incoming,
      deps.clock.now(),
      async () => content ?? Buffer.alloc(0),
      deps.read,
    )
    next.heads.set(file.path, head)
    if (content !== null && contentHash !== null && !before.texts.has(contentHash)) {
      next.contents.set(contentHash, { path: file.path, commit, content })
    }
    if (head.good === null) continue
    const { contentHash: hash } = head.good
    const text = hash === contentHash ? content : (before.texts.get(hash) ?? null)
    if (text === null) continue
    if (runbook !== null) cache.put(file.path, hash, runbook)
    next.texts.set(hash, text)
    next.pages.push({
      path: file.path,
      sourcePath: file.path,
      repositoryPath: head.repositoryPath,
      contentHash: hash,
      commit: head.good.commit,
      content: text,
      runbook: await cache.get(file.path, hash, text),
      modified: hash === contentHash && modified,
    })
  }
  cache.keep(new Set(next.heads.keys()))
  return next
}

/** A revision for each page whose text is another than the last one seen, good or refused. */
function revisionsOf(before: ReadonlyMap<string, PageHead>, heads: readonly PageHead[]): KeptRevision[] {
  return heads.flatMap(({ path, good, refused }) => {
    const last = before.get(path)
    const hash = refused === null ? (good?.contentHash ?? null) : refused.contentHash
    const known = last?.refused == null ? last?.good?.contentHash : last.refused.contentHash
    if (last !== undefined && known === hash) return []
    return [
      {
        path,
        commit: refused === null ? (good?.commit ?? null) : refused.commit,
        blob: null,
        contentHash: hash,
        committedAt: refused === null ? (good?.committedAt ?? null) : null,
        author: null,
        subject: null,
        refused: refused?.reason ?? null,
        onlyIfNew: false,
      },
    ]
  })
}

async function fromStore(
  stored: { heads: Map<string, PageHead>; texts: Map<string, Buffer> },
  cache: ReturnType<typeof createPageCache>,
  source: string,
): Promise<SourceView> {
  const pages: SourcedPage[] = []
  for (const { path, repositoryPath, good } of stored.heads.values()) {
    const content = good === null ? undefined : stored.texts.get(good.contentHash)
    if (good === null || content === undefined) continue
    const runbook = await cache.get(path, good.contentHash, content)
    pages.push({
      path,
      sourcePath: path,
      repositoryPath,
      contentHash: good.contentHash,
      commit: good.commit,
      content,
      runbook,
      source,
      modified: false,
    })
  }
  return { pages, heads: stored.heads, forge: null }
}
