import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

export interface Address {
  url: string
  token: string
  webhookToken: string
}

const MAIN = path.resolve(import.meta.dirname, '..', '..', 'src', 'main.ts')
const START_LIMIT_MS = 90_000

/** Starts the real server again and again on one data folder. */
export class Keeper {
  readonly #dataDir: string
  readonly #configFile: string
  readonly #logFile: string
  #child: ChildProcess | null = null
  #address: Address | null = null
  readonly startMs: number[] = []
  readonly failedStarts: string[] = []

  constructor(folder: string, configFile: string) {
    this.#dataDir = path.join(folder, 'data')
    this.#configFile = configFile
    this.#logFile = path.join(folder, 'server.log')
  }

  /** Where the server answers; `null` while it does not run or is starting. */
  get address(): Address | null {
    return this.#address
  }

  get log(): string {
    return readFileSync(this.#logFile, 'utf8')
  }

  /** Spawns; `ready` says whether it came so far that it listens (`false`: it was killed before). */
  start(): { ready: Promise<boolean> } {
    const log = openSync(this.#logFile, 'a')
    const child = spawn(process.execPath, [MAIN, 'serve'], {
      env: {
        PATH: process.env['PATH'] ?? '',
        ERLMCP_DATA_DIR: this.#dataDir,
        ERLMCP_CONFIG: this.#configFile,
      },
      stdio: ['ignore', 'pipe', log],
    })
    closeSync(log)
    this.#child = child
    return { ready: this.#ready(child) }
  }

  async #ready(child: ChildProcess): Promise<boolean> {
    const began = performance.now()
    let text = ''
    const listens = new Promise<string>((resolve) => {
      child.stdout?.on('data', (part: Buffer) => {
        text = (text + part.toString('utf8')).slice(-4_096)
        const url = /listens on (\S+),/.exec(text)?.[1]
        if (url !== undefined) resolve(url)
      })
    })
    const late = new AbortController()
    const first = await Promise.race([
      listens,
      ended(child).then(({ code, signal }) => ({ how: signal ?? `exit ${code}` })),
      delay(START_LIMIT_MS, { how: 'it did not listen in time' }, { signal: late.signal, ref: false }),
    ])
    late.abort()
    if (typeof first !== 'string') {
      if (first.how !== 'SIGKILL') this.failedStarts.push(`${first.how}: ${this.log.slice(-500)}`)
      return false
    }
    this.startMs.push(Math.round(performance.now() - began))
    const secret = (name: string): string => readFileSync(path.join(this.#dataDir, name), 'utf8').trim()
    this.#address = { url: first, token: secret('local-token'), webhookToken: secret('webhook-token') }
    return true
  }

  async kill(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    const child = this.#child
    this.#address = null
    this.#child = null
    if (child === null) return
    const gone = ended(child)
    child.kill(signal)
    await gone
  }
}

function ended(child: ChildProcess): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  if (child.exitCode !== null || child.signalCode !== null) {
    return Promise.resolve({ code: child.exitCode, signal: child.signalCode })
  }
  return new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })))
}
