import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { chownSync, closeSync, existsSync, openSync, readFileSync, renameSync, statSync } from 'node:fs'
import { Client } from 'pg'
import { delay } from '../../base/clock.ts'
import { AppError } from '../../base/error.ts'
import type { Logger } from '../../base/log.ts'
import { PROGRAM_ENVIRONMENT } from './cluster.ts'
import { writable } from './folder.ts'
import type { Identity } from './identity.ts'

export interface ServerOptions {
  postgres: string
  cluster: string
  socketDir: string
  logFile: string
  identity: Identity
  log: Logger
}

const START_LIMIT_MS = 60_000
const STOP_LIMIT_MS = 30_000
/** For as long a start that ends at once is tried again: after a kill the old shared memory is held for a moment. */
const RETRY_LIMIT_MS = 10_000
const RESTART_PAUSES_MS = [100, 1_000, 5_000, 15_000]
const LOG_LIMIT_BYTES = 16 * 1_048_576
const SETPRIV = '/usr/bin/setpriv'

/** One PostgreSQL as our child: started, watched, started again when it ends by itself, stopped. */
export class Server {
  readonly #options: ServerOptions
  #child: ChildProcess | null = null
  #restart: Promise<void> = Promise.resolve()
  readonly #stopping = new AbortController()

  constructor(options: ServerOptions) {
    this.#options = options
  }

  get pid(): number {
    return this.#child?.pid ?? 0
  }

  url(database: string): string {
    return `postgres://erlmcp@localhost:5432/${database}?host=${encodeURIComponent(this.#options.socketDir)}`
  }

  /** @throws AppError `data_unwritable` for a full disk, else `database_missing` with the end of the server's log. */
  async start(): Promise<void> {
    const begun = performance.now()
    for (;;) {
      const how = await this.#tryStart(begun + START_LIMIT_MS)
      if (how === null) return
      const over = performance.now() - begun > RETRY_LIMIT_MS || this.#stopping.signal.aborted
      if (over || isFull(this.#lastLog())) throw this.#fault(how)
      await delay(200)
    }
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#restart
    const child = this.#child
    if (child === null || hasEnded(child)) return
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    for (const [signal, limitMs] of [
      ['SIGINT', STOP_LIMIT_MS],
      ['SIGQUIT', 10_000],
      ['SIGKILL', 5_000],
    ] as const) {
      child.kill(signal)
      const timer = new AbortController()
      const timely = await Promise.race([
        ended.then(() => true),
        delay(limitMs, timer.signal).then(
          () => false,
          () => false,
        ),
      ])
      timer.abort()
      if (timely) return
    }
  }

  /** `null` when it answers, else how it ended. */
  async #tryStart(limit: number): Promise<string | null> {
    const child = this.#spawn()
    const end: { how: string | null } = { how: null }
    child.once('exit', (code, signal) => (end.how ??= signal ?? `exit ${code}`))
    child.once('error', (error) => (end.how ??= error.message))
    while (end.how === null && !(await answers(this.url('postgres')))) {
      if (performance.now() > limit || this.#stopping.signal.aborted) {
        child.kill('SIGQUIT')
        return 'it does not answer'
      }
      await delay(20)
    }
    if (end.how !== null) return end.how
    this.#child = child
    child.once('exit', (code, signal) => this.#onExit(signal ?? `exit ${code}`))
    return null
  }

  #onExit(how: string): void {
    if (this.#stopping.signal.aborted) return
    this.#options.log.error({ how }, 'the embedded PostgreSQL ended unexpectedly; starting it again')
    this.#restart = this.#startAgain()
  }

  /** Until it runs or erlmcp stops: a full disk may be freed an hour from now. */
  async #startAgain(): Promise<void> {
    for (let attempt = 0; !this.#stopping.signal.aborted; attempt += 1) {
      const pauseMs = RESTART_PAUSES_MS[Math.min(attempt, RESTART_PAUSES_MS.length - 1)] ?? 0
      await delay(pauseMs, this.#stopping.signal).catch(() => undefined)
      if (this.#stopping.signal.aborted) return
      try {
        await this.start()
        this.#options.log.warn({ pid: this.pid }, 'the embedded PostgreSQL runs again')
        return
      } catch (error) {
        this.#options.log.error({ err: error }, 'the embedded PostgreSQL could not be started again')
      }
    }
  }

  #spawn(): ChildProcess {
    const { postgres, cluster, identity } = this.#options
    const { uid, gid } = identity
    const log = this.#openLog()
    const common = {
      stdio: ['ignore', log, log] as ['ignore', number, number],
      // its own group: Ctrl-C in a terminal is ours to handle, the database stops last
      detached: true,
      cwd: cluster,
      env: PROGRAM_ENVIRONMENT,
    }
    const drop = uid === undefined ? [] : [`--reuid=${uid}`, `--regid=${gid ?? uid}`, '--clear-groups']
    const child =
      process.platform === 'linux' && existsSync(SETPRIV)
        ? spawn(SETPRIV, [...drop, '--pdeathsig', 'INT', postgres, ...this.#arguments()], common)
        : spawn(postgres, this.#arguments(), {
            ...common,
            ...(uid === undefined || gid === undefined ? {} : { uid, gid }),
          })
    closeSync(log)
    child.unref()
    return child
  }

  #arguments(): string[] {
    const { cluster, socketDir } = this.#options
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
      // rows and statements hold what people typed; the log is for the server's own troubles
      'log_min_error_statement=panic',
      'log_error_verbosity=terse',
      'log_checkpoints=off',
    ]
    return ['-D', cluster, '-p', '5432', ...settings.flatMap((setting) => ['-c', setting])]
  }

  #openLog(): number {
    const { logFile, identity } = this.#options
    return writable(logFile, () => {
      if (existsSync(logFile) && statSync(logFile).size > LOG_LIMIT_BYTES) renameSync(logFile, `${logFile}.1`)
      const log = openSync(logFile, 'a', 0o600)
      if (identity.uid !== undefined) chownSync(logFile, identity.uid, identity.gid ?? identity.uid)
      return log
    })
  }

  #lastLog(): string {
    try {
      return readFileSync(this.#options.logFile, 'utf8').trim().split('\n').slice(-3).join(' | ')
    } catch {
      return ''
    }
  }

  #fault(how: string): AppError {
    const { logFile, cluster } = this.#options
    const last = this.#lastLog()
    const full = isFull(last)
    return new AppError(
      full ? 'data_unwritable' : 'database_missing',
      `PostgreSQL did not start (${how}): ${last}`,
      {
        action: full
          ? `Free space where ${cluster} lies.`
          : `Look into ${logFile}, mend what it names, and start again.`,
        data: { how },
      },
    )
  }
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null
const isFull = (text: string): boolean => /No space left on device|Disk quota exceeded/i.test(text)

async function answers(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 1_000 })
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
