import { createHash } from 'node:crypto'
import { configuration } from './git-access.ts'
import { runGit } from './git-process.ts'

/** What git knows of a folder that lies in a work tree. */
export interface WorkTree {
  commit: string
  committedAt: Date
  /** Of the folder below the root of the repository: empty, or with a slash at its end. */
  prefix: string
  remoteUrl: string | null
  /** Object ids of the files below the folder at that commit, by path. */
  blobs: Map<string, string>
}

const TIMEOUT_MS = 10_000

/** `null` for a folder outside of a work tree, or without git. Nothing that the repository configures is run. */
export async function readWorkTree(folder: string, signal?: AbortSignal): Promise<WorkTree | null> {
  const environment = {
    HOME: '/nonexistent',
    // only objects are read, and none is fetched, so it does not matter who owns the work tree
    GIT_ALLOW_PROTOCOL: 'none',
    ...configuration([['safe.directory', '*']]),
  }
  const git = async (...args: string[]): Promise<string> => {
    const call = {
      args,
      cwd: folder,
      environment,
      timeoutMs: TIMEOUT_MS,
      ...(signal === undefined ? {} : { signal }),
    }
    return (await runGit(call)).toString('utf8')
  }
  try {
    const commit = (await git('rev-parse', '--verify', 'HEAD^{commit}')).trim()
    const prefix = (await git('rev-parse', '--show-prefix')).replace(/\n$/, '')
    const [seconds, listed, remote] = await Promise.all([
      git('log', '-1', '--format=%ct', commit),
      git('ls-tree', '-r', '-z', commit),
      git('config', '--get', 'remote.origin.url').catch(() => ''),
    ])
    const blobs = new Map<string, string>()
    for (const entry of listed.split('\0')) {
      const [facts = '', path = ''] = entry.split('\t', 2)
      const [, type, blob = ''] = facts.split(' ')
      if (type === 'blob') blobs.set(path, blob)
    }
    return {
      commit,
      committedAt: new Date(Number(seconds.trim()) * 1_000),
      prefix,
      remoteUrl: remote.trim() === '' ? null : remote.trim(),
      blobs,
    }
  } catch {
    return null
  }
}

/** Whether a file is other than at the commit, or was not in it at all. */
export function isModified(workTree: WorkTree, path: string, content: Uint8Array): boolean {
  const committed = workTree.blobs.get(path)
  if (committed === undefined) return true
  const algorithm = committed.length === 64 ? 'sha256' : 'sha1'
  const header = `blob ${content.byteLength}\0`
  return createHash(algorithm).update(header).update(content).digest('hex') !== committed
}
