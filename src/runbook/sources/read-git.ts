import type { GitSourceConfig } from '../../base/config-sources.ts'
import { AppError } from '../../base/error.ts'
import { readBlobs } from './blobs.ts'
import type { BlobContent } from './blobs.ts'
import { cutOffCommits, fetchBranch, fetchWhole, openClone, remoteHead } from './clone.ts'
import { headCommittedAt, listRevisions, listTree } from './git-tree.ts'
import type { PastRevision, SourceFinding } from './git-tree.ts'

/** A page at the head of its branch. */
export interface HeadFile {
  path: string
  repositoryPath: string
  blob: string
  /** The commit that gave the page this text, as far as the history was read. */
  commit: string
  committedAt: Date
}

export interface GitSnapshot {
  commit: string
  committedAt: Date
  files: HeadFile[]
  /** `atCutOff`: the oldest commit that was read; who wrote the text before it is not known. */
  revisions: (PastRevision & { atCutOff: boolean })[]
  /** Of the objects that were asked for. */
  contents: Map<string, BlobContent>
  findings: SourceFinding[]
}

export interface GitReadDeps {
  /** Where clones are kept. */
  root: string
  signal: AbortSignal
  /** Those of some object ids whose contents are stored already. */
  known(blobs: readonly string[]): Promise<Set<string>>
}

const refusesObjects = (error: unknown): boolean =>
  error instanceof AppError && /unadvertised object|not our ref/i.test(error.message)

/** More revisions than this are not brought in at one time; the newest are. */
const MAX_REVISIONS = 5_000

/**
 * The branch as it is now, or `null` when it is still at `lastCommit`.
 * @throws AppError when the repository is away, refuses, is too large, or has no such branch or folder
 */
export async function readGit(
  deps: GitReadDeps,
  source: GitSourceConfig,
  lastCommit: string | null,
): Promise<GitSnapshot | null> {
  const clone = await openClone(deps.root, source, deps.signal)
  const head = await remoteHead(clone, source)
  if (head === lastCommit) return null
  const commit = await fetchBranch(clone, source, head)
  const committedAt = await headCommittedAt(clone)
  const { files, findings } = await listTree(clone, source.path)
  const past = (await listRevisions(clone, source.path, source.depth)).slice(0, MAX_REVISIONS)
  const cutOff = await cutOffCommits(clone)
  const last = new Map<string, PastRevision>()
  for (const revision of past) if (!last.has(revision.path)) last.set(revision.path, revision)
  const wanted = new Set(files.map((file) => file.blob))
  for (const { blob } of past) if (blob !== null) wanted.add(blob)
  const known = await deps.known([...wanted])
  const missing = [...wanted].filter((blob) => !known.has(blob))
  const contents = await readBlobs(clone, missing).catch(async (error: unknown) => {
    if (!refusesObjects(error)) throw error
    await fetchWhole(clone, source, head)
    return readBlobs(clone, missing)
  })
  return {
    commit,
    committedAt,
    files: files.map(({ path, blob }) => {
      const by = last.get(path)
      return {
        path,
        blob,
        repositoryPath: source.path === '' ? path : `${source.path}/${path}`,
        commit: by?.commit ?? commit,
        committedAt: by?.committedAt ?? committedAt,
      }
    }),
    revisions: past.map((revision) => ({ ...revision, atCutOff: cutOff.has(revision.commit) })),
    contents,
    findings: findings.slice(0, 100),
  }
}
