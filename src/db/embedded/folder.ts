import { chmodSync, chownSync, lstatSync, mkdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { AppError, messageOf } from '../../base/error.ts'
import { sha256 } from '../../base/id.ts'
import type { Identity } from './identity.ts'
import { mayUse } from './identity.ts'

/** A Unix socket's path has at most 107 bytes. */
const SOCKET_PATH_LIMIT = 107

/** @throws AppError `data_unwritable`. */
export function prepareDataDir(dataDir: string, identity: Identity): void {
  writable(dataDir, () => {
    mkdirSync(dataDir, { recursive: true, mode: 0o711 })
    // PostgreSQL's user has to pass through; what lies in the folder has its own modes
    if (identity.uid !== undefined) chmodSync(dataDir, statSync(dataDir).mode | 0o011)
  })
  if (identity.uid === undefined) return
  const closed = ancestors(dataDir).find((folder) => !passable(identity, folder))
  if (closed === undefined) return
  throw new AppError(
    'data_unwritable',
    `the user ${identity.name} of PostgreSQL cannot reach ${dataDir}: ${closed} is closed`,
    {
      action: `Set ERLMCP_DATA_DIR to a folder outside ${closed}, or run erlmcp as an ordinary user.`,
      data: { dataDir, closed },
    },
  )
}

/** A folder of the identity's own, closed to others. */
export function ownFolder(folder: string, identity: Identity): void {
  writable(folder, () => {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    if (identity.uid !== undefined) chownSync(folder, identity.uid, identity.gid ?? identity.uid)
  })
}

/** Where the socket lies: in the cluster, or, where that path is too long, in a short private folder. */
export function socketFolder(cluster: string, identity: Identity): string {
  if (Buffer.byteLength(path.join(cluster, '.s.PGSQL.5432')) <= SOCKET_PATH_LIMIT) return cluster
  const folder = path.join(
    '/tmp',
    `erlmcp-${identity.uid ?? process.getuid?.() ?? 0}-${sha256(cluster).slice(0, 16)}`,
  )
  ownFolder(folder, identity)
  const found = lstatSync(folder)
  // /tmp is everybody's: somebody else's folder of this name would be a socket of somebody else's server
  const owner = identity.uid ?? process.getuid?.()
  if (!found.isDirectory() || found.uid !== owner || (found.mode & 0o077) !== 0) {
    throw new AppError('data_unwritable', `${folder} is not a private folder of PostgreSQL's user`, {
      action: 'Remove it, or set ERLMCP_DATA_DIR to a folder with a shorter path.',
    })
  }
  return folder
}

/** Runs `body`; a fault of the file system becomes one that says what to do. */
export function writable<T>(where: string, body: () => T): T {
  try {
    return body()
  } catch (error) {
    if (error instanceof AppError) throw error
    const full = (error as NodeJS.ErrnoException).code === 'ENOSPC'
    throw new AppError(
      'data_unwritable',
      `the data folder cannot be written at ${where}: ${messageOf(error)}`,
      {
        action: full
          ? 'Free space there, or set ERLMCP_DATA_DIR to another folder.'
          : 'Make it writable for this user, or set ERLMCP_DATA_DIR to another folder.',
        data: { where },
        cause: error,
      },
    )
  }
}

function ancestors(folder: string): string[] {
  const parent = path.dirname(folder)
  return parent === folder ? [folder] : [...ancestors(parent), folder]
}

const passable = (identity: Identity, folder: string): boolean =>
  (statSync(folder).mode & 0o001) !== 0 || mayUse(identity, folder)
