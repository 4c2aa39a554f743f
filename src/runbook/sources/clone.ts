import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { GitSourceConfig } from '../../base/config-sources.ts'
import { AppError } from '../../base/error.ts'
import { gitEnvironment } from './git-access.ts'
import { runGit, sizeOf } from './git-process.ts'

/**
 * A bare, partial and shallow copy of one branch. It has no work tree: nothing that the repository names is ever
 * written as a file, so no path and no link of it can lead out. A cache: it may be deleted at any time.
 */
export interface Clone {
  folder: string
  run(
    args: readonly string[],
    options?: { input?: string; fetches?: boolean; timeoutMs?: number },
  ): Promise<Buffer>
}

/** The branch as it is in the clone after a fetch. */
export const HEAD_REF = 'refs/erlmcp/head'
const LOCAL_MS = 120_000
const ASK_MS = 60_000
export const FETCH_FLAGS = [
  '--quiet',
  '--no-tags',
  '--no-recurse-submodules',
  '--no-auto-maintenance',
  '--no-write-fetch-head',
] as const
const OID = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/

/** Opens the clone of a source below `root`; git writes nowhere else. */
export async function openClone(root: string, source: GitSourceConfig, signal: AbortSignal): Promise<Clone> {
  const folder = path.join(root, `${source.name}.git`)
  await mkdir(root, { recursive: true, mode: 0o700 })
  const environment = await gitEnvironment(source, root)
  const watch = { folder: path.join(folder, 'objects', 'pack'), maxBytes: source.maxMegabytes * 1_048_576 }
  return {
    folder,
    run: (args, { input, fetches = false, timeoutMs } = {}) =>
      runGit({
        args,
        cwd: root,
        environment,
        timeoutMs: timeoutMs ?? (fetches ? source.timeoutSeconds * 1_000 : LOCAL_MS),
        signal,
        ...(input === undefined ? {} : { input }),
        ...(fetches ? { watch } : {}),
      }),
  }
}

/** The commit of the branch at its origin. @throws AppError `unavailable` when away, `not_found` without the branch */
export async function remoteHead(clone: Clone, source: GitSourceConfig): Promise<string> {
  const ref = `refs/heads/${source.branch}`
  const listed = await clone.run(['ls-remote', '--quiet', 'origin', ref], { timeoutMs: ASK_MS })
  for (const line of listed.toString('utf8').split('\n')) {
    const [oid = '', name] = line.split('\t')
    if (name === ref && OID.test(oid)) return oid
  }
  throw new AppError('not_found', `the repository has no branch ${source.branch}`, {
    action: 'Set `branch` of the source, or bring the branch back.',
  })
}

/**
 * Brings the branch here, whatever happened to it since (force push, rewritten history): `depth` commits with their
 * folders, no contents where the server can leave them out. A clone that git cannot use any more is made anew.
 */
export async function fetchBranch(clone: Clone, source: GitSourceConfig, head: string): Promise<string> {
  const packs = path.join(clone.folder, 'objects', 'pack')
  // contents live in the database, so a clone that has grown is cheaper to make anew than to collect
  if ((await sizeOf(packs)) > (source.maxMegabytes * 1_048_576) / 2) await removeClone(clone)
  const existed = await prepare(clone, head)
  try {
    return await fetchOnce(clone, source, source.depth)
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    await removeClone(clone)
    if (error.code === 'too_large' && source.depth > 1) {
      await prepare(clone, head)
      return fetchOnce(clone, source, 1).catch(async (again: unknown) => {
        await removeClone(clone)
        throw again
      })
    }
    if (error.code !== 'unavailable' || !existed) throw error
    await prepare(clone, head)
    return fetchOnce(clone, source, source.depth)
  }
}

async function fetchOnce(clone: Clone, source: GitSourceConfig, depth: number): Promise<string> {
  const refspec = `+refs/heads/${source.branch}:${HEAD_REF}`
  const filter = (await isWhole(clone)) ? '--no-filter' : '--filter=blob:none'
  await inClone(clone, ['fetch', ...FETCH_FLAGS, filter, `--depth=${depth}`, 'origin', refspec], {
    fetches: true,
  })
  const head = await inClone(clone, ['rev-parse', '--verify', `${HEAD_REF}^{commit}`])
  return head.toString('utf8').trim()
}

const wholeMark = (clone: Clone): string => path.join(clone.folder, 'erlmcp-whole')
const isWhole = (clone: Clone): Promise<boolean> =>
  stat(wholeMark(clone)).then(
    () => true,
    () => false,
  )

/** For a server that leaves contents out but then does not give them one by one: everything comes with the branch. */
export async function fetchWhole(clone: Clone, source: GitSourceConfig, head: string): Promise<string> {
  await removeClone(clone)
  await prepare(clone, head)
  await writeFile(wholeMark(clone), '')
  return fetchBranch(clone, source, head)
}

/** @returns whether there was one already. */
async function prepare(clone: Clone, head: string): Promise<boolean> {
  const there = await stat(path.join(clone.folder, 'HEAD')).catch(() => null)
  if (there !== null) return true
  await removeClone(clone)
  const format = head.length === 64 ? 'sha256' : 'sha1'
  await clone.run(['init', '--quiet', '--bare', '--template=', `--object-format=${format}`, clone.folder])
  return false
}

export const removeClone = (clone: Clone): Promise<void> => rm(clone.folder, { recursive: true, force: true })

export const inClone = (
  clone: Clone,
  args: readonly string[],
  options?: { input?: string; fetches?: boolean },
): Promise<Buffer> => clone.run([`--git-dir=${clone.folder}`, '--literal-pathspecs', ...args], options)

/** The commits at which the copy was cut off: everything looks as if it had been added there. */
export async function cutOffCommits(clone: Clone): Promise<Set<string>> {
  const text = await readFile(path.join(clone.folder, 'shallow'), 'utf8').catch(() => '')
  return new Set(text.split('\n').filter((line) => OID.test(line)))
}
