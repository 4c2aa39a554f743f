import { execFile } from 'node:child_process'
import path from 'node:path'

/** The commit that a file is at; `null` outside git, and for a text that is in no commit. */
export async function commitOf(file: string): Promise<string | null> {
  const folder = path.dirname(file)
  const changed = await git(folder, ['status', '--porcelain', '--', path.basename(file)])
  if (changed === null || changed !== '') return null
  return git(folder, ['rev-parse', '--verify', 'HEAD'])
}

/** Standard output, trimmed; `null` when git fails or is not there. */
const git = (folder: string, args: readonly string[]): Promise<string | null> =>
  new Promise((resolve) => {
    const env = { PATH: '/usr/local/bin:/usr/bin:/bin', GIT_OPTIONAL_LOCKS: '0', GIT_CONFIG_NOSYSTEM: '1' }
    execFile('git', ['-C', folder, ...args], { env, timeout: 10_000 }, (error, stdout) =>
      resolve(error === null ? stdout.trim() : null),
    )
  })
