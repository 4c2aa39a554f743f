import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { AppError } from '../../base/error.ts'

/** The user that PostgreSQL runs as; empty: this process's own. */
export interface Identity {
  name?: string
  uid?: number
  gid?: number
}

/**
 * PostgreSQL refuses to run as root. Its user needs an entry in the password file.
 * @throws AppError `database_missing` for root without such a user.
 */
export function unprivilegedIdentity(): Identity {
  if (process.getuid?.() !== 0) return {}
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
  const user = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody')
  const [name, , uid, gid] = user ?? []
  if (name === undefined || uid === undefined || gid === undefined) {
    throw new AppError(
      'database_missing',
      'erlmcp runs as root and there is no user that PostgreSQL could run as',
      {
        action: 'Run erlmcp as an ordinary user, add the user `postgres`, or set DATABASE_URL.',
      },
    )
  }
  return { name, uid: Number(uid), gid: Number(gid) }
}

/** Whether the identity may enter a folder or execute a file: asked of the kernel, which also knows of access lists. */
export function mayUse(identity: Identity, file: string): boolean {
  const { uid, gid } = identity
  const user = uid === undefined || gid === undefined ? {} : { uid, gid }
  return (
    spawnSync('/bin/sh', ['-c', 'test -x "$1" && test -r "$1"', 'sh', file], { ...user, cwd: '/' }).status ===
    0
  )
}
