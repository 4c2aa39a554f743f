import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import {
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
} from 'node:fs'
import path from 'node:path'
import pg from 'pg'
import { delay } from '../../base/clock.ts'
import { AppError, messageOf } from '../../base/error.ts'
import { newUuid, sha256 } from '../../base/id.ts'
import type { Logger } from '../../base/log.ts'
import type { Binaries } from './binaries.ts'
import { findBinaries } from './binaries.ts'
import { lockDataDir } from './owner-lock.ts'

export interface EmbeddedPostgres {
  url: string
  /** Stable for this data folder: recovery of its own work need not wait for a lease. */
  executorId: string
  pid(): number
  stop(): Promise<void>
}

interface Identity {
  uid?: number
  gid?: number
}

const DATABASE = 'erlmcp'
const START_LIMIT_MS = 60_000
const STOP_LIMIT_MS = 30_000
const LOG_LIMIT_BYTES = 16 * 1_048_576
/** A Unix socket's path has at most 107 bytes. */
const SOCKET_PATH_LIMIT = 107

/**
 * Starts PostgreSQL on a data folder, as a child that ends with this process. Reached over a Unix socket only.
 * One erlmcp owns a folder at a time; what a killed one left running is stopped first.
 * @throws AppError `data_locked`, `data_newer`, `data_unwritable`, `database_missing`.
 */
export async function startEmbedded(options: { dataDir: string; log: Logger }): Promise<EmbeddedPostgres> {
  const { dataDir, log } = options
  const cluster = path.join(dataDir, 'pg')
  prepareFolder(dataDir)
  const lock = lockDataDir(dataDir)
  try {
    const identity = unprivileged()
    const binaries = await findBinaries(dataDir, identity.uid !== undefined)
    const socketDir = socketFolder(dataDir, cluster)
    for (const folder of new Set([cluster, socketDir])) ownedFolder(folder, identity)
    checkVersion(cluster, binaries)
    await stopLeftover(cluster, log)
    if (!existsSync(path.join(cluster, 'PG_VERSION'))) initialise(binaries, cluster, identity)
    const server = new Server({ binaries, cluster, socketDir, dataDir, identity, log })
    await server.start()
    await createDatabaseOnce(server.url('postgres'))
    return {
      url: server.url(DATABASE),
      executorId: executorIdOf(cluster),
      pid: () => server.pid,
      async stop() {
        await server.stop()
        lock.release()
      },
    }
  } catch (error) {
    lock.release()
    throw error
  }
}

class Server {
  readonly #options: {
    binaries: Binaries
    cluster: string
    socketDir: string
    dataDir: string
    identity: Identity
    log: Logger
  }
  #child: ChildProcess | null = null
  #stopping = false

  constructor(options: {
    binaries: Binaries
    cluster: string
    socketDir: string
    dataDir: string
    identity: Identity
    log: Logger
  }) {
    this.#options = options
  }

  get pid(): number {
    return this.#child?.pid ?? 0
  }

  url(database: string): string {
    return `postgres://erlmcp@localhost:5432/${database}?host=${encodeURIComponent(this.#options.socketDir)}`
  }

  async start(): Promise<void> {
    const limit = Date.now() + START_LIMIT_MS
    for (;;) {
      const child = this.#spawn()
      let exit: string | null = null
      child.once('exit', (code, signal) => (exit = signal ?? `exit ${code}`))
      child.once('error', (error) => (exit = error.message))
      while (exit === null && Date.now() < limit) {
        if (await answers(this.url('postgres'))) break
        await delay(30)
      }
      if (exit === null && Date.now() < limit) {
        this.#child = child
        child.once('exit', (code, signal) => this.#onExit(signal ?? `exit ${code}`))
        return
      }
      if (Date.now() >= limit) throw startFault(this.#options.dataDir, exit ?? 'no answer')
      if (isFull(this.#options.dataDir)) throw startFault(this.#options.dataDir, exit ?? 'no answer')
      // right after a kill the old shared memory may still be held for a moment
      await delay(200)
      if (limit - Date.now() < START_LIMIT_MS - 10_000)
        throw startFault(this.#options.dataDir, exit ?? 'no answer')
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true
    const child = this.#child
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    child.kill('SIGINT')
    const late = await Promise.race([gone.then(() => false), delay(STOP_LIMIT_MS).then(() => true)])
    if (!late) return
    child.kill('SIGQUIT')
    await Promise.race([gone, delay(5_000)])
  }

  #onExit(how: string): void {
    if (this.#stopping) return
    this.#options.log.error({ how }, 'the embedded PostgreSQL ended unexpectedly; starting it again')
    this.start().catch((error: unknown) =>
      this.#options.log.error({ err: error }, 'the embedded PostgreSQL could not be started again'),
    )
  }

  #spawn(): ChildProcess {
    const { binaries, cluster, socketDir, dataDir, identity } = this.#options
    const settings = [
      'listen_addresses=',
      `unix_socket_directories=${socketDir}`,
      'unix_socket_permissions=0700',
      'max_connections=100',
      'fsync=on',
      'synchronous_commit=on',
      'full_page_writes=on',
      'timezone=UTC',
      'log_timezone=UTC',
    ]
    const args = ['-D', cluster, '-p', '5432', ...settings.flatMap((setting) => ['-c', setting])]
    const log = openLog(dataDir, identity)
    const environment = { PATH: '/usr/bin:/bin', LC_ALL: 'C.UTF-8', TZ: 'UTC' }
    const common = {
      stdio: ['ignore', log, log] as ['ignore', number, number],
      detached: true,
      cwd: cluster,
      env: environment,
    }
    const setpriv = '/usr/bin/setpriv'
    const child =
      process.platform === 'linux' && existsSync(setpriv)
        ? spawn(
            setpriv,
            [...dropArguments(identity), '--pdeathsig', 'INT', binaries.postgres, ...args],
            common,
          )
        : spawn(binaries.postgres, args, { ...common, ...identity })
    closeSync(log)
    child.unref()
    return child
  }
}

const dropArguments = (identity: Identity): string[] =>
  identity.uid === undefined
    ? []
    : ['--reuid', String(identity.uid), '--regid', String(identity.gid ?? identity.uid), '--clear-groups']

function prepareFolder(dataDir: string): void {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o711 })
  } catch (error) {
    throw new AppError('data_unwritable', `the data folder ${dataDir} cannot be made: ${messageOf(error)}`, {
      action: 'Make it writable for this user, or set ERLMCP_DATA_DIR to another folder.',
      cause: error,
    })
  }
}

function ownedFolder(folder: string, identity: Identity): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    if (identity.uid !== undefined) chownSync(folder, identity.uid, identity.gid ?? identity.uid)
  } catch (error) {
    throw new AppError('data_unwritable', `${folder} cannot be made: ${messageOf(error)}`, {
      action: 'Make it writable for this user, or set ERLMCP_DATA_DIR to another folder.',
      cause: error,
    })
  }
}

/** PostgreSQL refuses to run as root. The user needs an entry in the password file, which containers may lack. */
function unprivileged(): Identity {
  if (process.getuid?.() !== 0) return {}
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
  const user = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody')
  if (user === undefined) {
    throw new AppError(
      'database_missing',
      'erlmcp runs as root and there is no user that PostgreSQL could run as',
      {
        action: 'Run erlmcp as an ordinary user, add the user `postgres`, or set DATABASE_URL.',
      },
    )
  }
  return { uid: Number(user[2]), gid: Number(user[3]) }
}

function socketFolder(dataDir: string, cluster: string): string {
  if (Buffer.byteLength(path.join(cluster, '.s.PGSQL.5432')) <= SOCKET_PATH_LIMIT) return cluster
  return path.join('/tmp', `erlmcp-${process.getuid?.() ?? 0}-${sha256(dataDir).slice(0, 12)}`)
}

function checkVersion(cluster: string, binaries: Binaries): void {
  const file = path.join(cluster, 'PG_VERSION')
  if (!existsSync(file)) return
  const data = Number(readFileSync(file, 'utf8').trim())
  const program = Number(
    /(\d+)(?:\.\d+)?/.exec(spawnSync(binaries.postgres, ['--version'], { encoding: 'utf8' }).stdout)?.[1],
  )
  if (!Number.isFinite(program) || data === program) return
  const newer = data > program
  throw new AppError(
    'data_newer',
    `the data in ${cluster} is of PostgreSQL ${data}, the server here is ${program}`,
    {
      action: newer
        ? `Use the erlmcp that made it, or install PostgreSQL ${data}.`
        : `Move the data with PostgreSQL ${data}'s own tools (pg_dump there, restore here), or set DATABASE_URL.`,
      data: { data, program },
    },
  )
}

/** A server of a killed erlmcp: this process owns the folder now, so nobody uses it. */
async function stopLeftover(cluster: string, log: Logger): Promise<void> {
  const pid = postmasterPid(cluster)
  if (pid === null) return
  log.warn({ pid }, 'stopping the PostgreSQL that a killed erlmcp left behind')
  const limit = Date.now() + STOP_LIMIT_MS
  for (let asked = false; Date.now() < limit; asked = true) {
    if (postmasterPid(cluster) !== pid) return
    if (!asked) signal(pid, 'SIGINT')
    await delay(50)
  }
  signal(pid, 'SIGQUIT')
  await delay(500)
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // it ended meanwhile
  }
}

/** The live postmaster of this very cluster; a stale pid file or another process with its number is `null`. */
function postmasterPid(cluster: string): number | null {
  try {
    const pid = Number(readFileSync(path.join(cluster, 'postmaster.pid'), 'utf8').split('\n', 1)[0])
    process.kill(pid, 0)
    if (process.platform !== 'linux') return pid
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
    return command.includes('postgres') && command.includes(cluster) ? pid : null
  } catch {
    return null
  }
}

function initialise(binaries: Binaries, cluster: string, identity: Identity): void {
  const args = [
    '-D',
    cluster,
    '-U',
    'erlmcp',
    '-A',
    'trust',
    '-E',
    'UTF8',
    '--locale=C.UTF-8',
    '--no-instructions',
  ]
  const result = spawnSync(binaries.initdb, args, {
    ...identity,
    cwd: cluster,
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C.UTF-8', TZ: 'UTC' },
    encoding: 'utf8',
  })
  if (result.status === 0) return
  const reason = (result.stderr || result.error?.message || `exit ${result.status}`)
    .trim()
    .split('\n')
    .slice(-3)
    .join(' ')
  const full = /No space left|disk/i.test(reason)
  throw new AppError(
    full ? 'data_unwritable' : 'database_missing',
    `a database could not be made in ${cluster}: ${reason}`,
    {
      action: full
        ? 'Free space there, or set ERLMCP_DATA_DIR to another folder.'
        : 'Install PostgreSQL 15 or newer, or set DATABASE_URL.',
    },
  )
}

function openLog(dataDir: string, identity: Identity): number {
  const file = path.join(dataDir, 'postgres.log')
  if (existsSync(file) && statSync(file).size > LOG_LIMIT_BYTES) renameSync(file, `${file}.1`)
  const log = openSync(file, 'a', 0o600)
  if (identity.uid !== undefined) chownSync(file, identity.uid, identity.gid ?? identity.uid)
  return log
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1_000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.query('select 1')
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => undefined)
  }
}

async function createDatabaseOnce(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => undefined)
  await client.connect()
  try {
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [DATABASE])
    if (rowCount === 0) await client.query(`create database ${DATABASE}`)
  } finally {
    await client.end()
  }
}

/** The cluster's own identifier, so that a copied folder is another executor. */
function executorIdOf(cluster: string): string {
  try {
    const control = readFileSync(path.join(cluster, 'global', 'pg_control'))
    return `embedded-${control.readBigUInt64LE(0).toString(16)}`
  } catch {
    return `embedded-${newUuid()}`
  }
}

const lastLog = (dataDir: string): string => {
  try {
    return readFileSync(path.join(dataDir, 'postgres.log'), 'utf8').trim().split('\n').slice(-3).join(' | ')
  } catch {
    return ''
  }
}

const isFull = (dataDir: string): boolean => /No space left on device/i.test(lastLog(dataDir))

function startFault(dataDir: string, how: string): AppError {
  const full = isFull(dataDir)
  return new AppError(
    full ? 'data_unwritable' : 'database_missing',
    `PostgreSQL did not start (${how}): ${lastLog(dataDir)}`,
    {
      action: full ? `Free space where ${dataDir} lies.` : `Look into ${path.join(dataDir, 'postgres.log')}.`,
    },
  )
}
