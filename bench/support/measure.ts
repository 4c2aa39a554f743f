import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** The value below which `share` of the values lie. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

export function temporaryFolder(name: string): { folder: string; remove(): void } {
  const folder = mkdtempSync(path.join(tmpdir(), `erlmcp-${name}-`))
  // as root PostgreSQL runs as another user, which has to get through
  chmodSync(folder, 0o711)
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

export interface ServerProcess {
  child: ChildProcess
  url: string
  token: string
  webhookToken: string
  /** From spawn to the line that says it listens. */
  readyMs: number
  stop(): Promise<void>
}

/** The real server as a child, on a data folder of its own and any free port. */
export async function startServer(dataDir: string, env: Record<string, string> = {}): Promise<ServerProcess> {
  const started = performance.now()
  const child = spawn(process.execPath, [path.resolve('src/main.ts'), 'serve'], {
    env: { ...process.env, ERLMCP_DATA_DIR: dataDir, ERLMCP_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const url = await new Promise<string>((resolve, reject) => {
    let text = ''
    child.stdout?.on('data', (part: Buffer) => {
      text += part.toString('utf8')
      const found = /listens on (\S+),/.exec(text)?.[1]
      if (found !== undefined) resolve(found)
    })
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}: ${text}`)))
  })
  const readyMs = performance.now() - started
  const secret = (name: string): string => readFileSync(path.join(dataDir, name), 'utf8').trim()
  return {
    child,
    url,
    token: secret('local-token'),
    webhookToken: secret('webhook-token'),
    readyMs,
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve())
        child.kill('SIGTERM')
      }),
  }
}

/** Resident memory of a process, in MiB. */
export function residentMiB(pid: number): number {
  const kib = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kib) / 1_024
}

export const round = (value: number, digits = 1): number => Number(value.toFixed(digits))
