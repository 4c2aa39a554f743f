import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

const folders: string[] = []

export function removePlayFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
}

export interface Play {
  child: ChildProcess
  dataDir: string
  output(): string
  ended: Promise<number | null>
}

/** `erlmcp` with arguments, as a process of its own on a data folder of its own. */
export function runErlmcp(
  args: string[],
  options: { dataDir?: string; env?: Record<string, string> } = {},
): Play {
  const folder = options.dataDir ?? mkdtempSync(path.join(tmpdir(), 'erlmcp-play-'))
  if (options.dataDir === undefined) folders.push(folder)
  const child = spawn(process.execPath, ['src/main.ts', ...args], {
    env: { ...process.env, ERLMCP_DATA_DIR: folder, ERLMCP_PORT: '0', ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (part: Buffer) => (text += part.toString('utf8')))
  return {
    child,
    dataDir: folder,
    output: () => text,
    ended: new Promise((resolve) => child.once('exit', (code) => resolve(code))),
  }
}

/** Every process whose command line names the folder. */
export function processesOf(folder: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
        return command.includes(folder) ? [command] : []
      } catch {
        return []
      }
    })
}

export async function until(condition: () => boolean, what: () => string, ms = 150_000): Promise<void> {
  const limit = Date.now() + ms
  while (!condition()) {
    if (Date.now() > limit) throw new Error(`did not happen: ${what()}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

export const nothingLeftOf = (folder: string): Promise<void> =>
  until(
    () => processesOf(folder).length === 0,
    () => processesOf(folder).join('\n'),
  )
