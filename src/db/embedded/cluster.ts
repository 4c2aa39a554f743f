import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import { delay } from '../../base/clock.ts'
import { AppError } from '../../base/error.ts'
import { newUuid } from '../../base/id.ts'
import type { Logger } from '../../base/log.ts'
import type { Binaries } from './binaries.ts'
import { ownFolder, writable } from './folder.ts'
import type { Identity } from './identity.ts'

const STOP_LIMIT_MS = 30_000
export const PROGRAM_ENVIRONMENT = { PATH: '/usr/bin:/bin', LC_ALL: 'C.UTF-8', TZ: 'UTC' }

/** The PostgreSQL version of the data; `null`: there is none yet. */
export function majorOf(cluster: string): number | null {
  try {
    return Number(readFileSync(path.join(cluster, 'PG_VERSION'), 'utf8').trim())
  } catch {
    return null
  }
}

/**
 * Makes the cluster, unless it exists. In a folder beside it that is renamed when it is whole: a killed `initdb`
 * leaves files that look like a cluster.
 * @throws AppError `data_unwritable`, `database_missing`.
 */
export function initialise(binaries: Binaries, cluster: string, identity: Identity): void {
  if (majorOf(cluster) !== null) return
  const unfinished = `${cluster}.new`
  writable(unfinished, () => rmSync(unfinished, { recursive: true, force: true }))
  ownFolder(unfinished, identity)
  const args = [
    '-D',
    unfinished,
    '-U',
    'erlmcp',
    '-A',
    'trust',
    '-E',
    'UTF8',
    '--locale=C.UTF-8',
    '--no-instructions',
  ]
  const { uid, gid } = identity
  const result = spawnSync(binaries.initdb, args, {
    ...(uid === undefined || gid === undefined ? {} : { uid, gid }),
    cwd: unfinished,
    env: PROGRAM_ENVIRONMENT,
    encoding: 'utf8',
  })
  if (result.status !== 0)
    throw initialiseFault(cluster, result.stderr || result.error?.message || `exit ${result.status}`)
  writable(cluster, () => {
    if (existsSync(cluster)) rmSync(cluster, { recursive: true })
    renameSync(unfinished, cluster)
  })
}

function initialiseFault(cluster: string, output: string): AppError {
  const reason = output.trim().split('\n').slice(-3).join(' ')
  const full = /No space left|Disk quota/i.test(reason)
  return new AppError(
    full ? 'data_unwritable' : 'database_missing',
    `a database could not be made in ${cluster}: ${reason}`,
    {
      action: full
        ? 'Free space there, or set ERLMCP_DATA_DIR to another folder.'
        : /could not look up effective user/i.test(reason)
          ? 'Run erlmcp as a user that the password file knows, or set DATABASE_URL.'
          : 'Install PostgreSQL 15 or newer, or set DATABASE_URL.',
    },
  )
}

/**
 * Stops the server of a killed erlmcp. This process owns the folder, so nobody uses it; a server of our own ends with
 * us and says when it ends, a found one does neither.
 */
export async function stopLeftover(cluster: string, log: Logger): Promise<void> {
  const pid = livePostmaster(cluster)
  if (pid === null) return
  log.warn({ pid }, 'stopping the PostgreSQL that a killed erlmcp left behind')
  for (const [signal, limitMs] of [
    ['SIGINT', STOP_LIMIT_MS],
    ['SIGQUIT', 10_000],
    ['SIGKILL', 5_000],
  ] as const) {
    send(pid, signal)
    const limit = performance.now() + limitMs
    while (performance.now() < limit) {
      if (livePostmaster(cluster) !== pid) return
      await delay(20)
    }
  }
  throw new AppError(
    'data_locked',
    `PostgreSQL (process ${pid}) still uses ${cluster} and cannot be stopped`,
    {
      action: `End process ${pid}, then start again.`,
      data: { pid },
    },
  )
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // it ended meanwhile
  }
}

/** The live postmaster of this very cluster; a stale pid file or another process with its number is `null`. */
export function livePostmaster(cluster: string): number | null {
  try {
    const pid = Number(readFileSync(path.join(cluster, 'postmaster.pid'), 'utf8').split('\n', 1)[0])
    if (!Number.isInteger(pid) || pid <= 0) return null
    process.kill(pid, 0)
    if (process.platform !== 'linux') return pid
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
    return command.some((word) => path.basename(word) === 'postgres') && command.includes(cluster)
      ? pid
      : null
  } catch {
    return null
  }
}

/** From the cluster's own identifier: the same after every restart, and nobody else's. */
export function executorIdOf(cluster: string): string {
  try {
    const control = readFileSync(path.join(cluster, 'global', 'pg_control'))
    return `embedded-${control.readBigUInt64LE(0).toString(16)}`
  } catch {
    return `embedded-${newUuid()}`
  }
}
