import type { GitSourceConfig } from '../../base/config-sources.ts'
import { sha256 } from '../../base/id.ts'
import { MAX_PAGE_BYTES } from '../decode.ts'
import type { BlobContent } from './blobs.ts'
import { nextHead, sameHead } from './head.ts'
import type { PageHead } from './head.ts'
import type { GitSnapshot } from './read-git.ts'
import type { SourceDeps } from './source.ts'
import { loadContents } from './store.ts'
import type { KeptRevision, SourceChange } from './store.ts'

/** What a snapshot changes, over what is known. */
export async function changeOf(
  deps: SourceDeps,
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

async function stored(deps: SourceDeps, hash: string): Promise<Uint8Array> {
  const found = (await loadContents(deps.database, [hash])).get(hash)
  if (found === undefined) throw new Error(`the text ${hash} is not stored`)
  return found
}
