import { spawn } from 'node:child_process'
import { mkdirSync, openSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { delay } from '../../base/clock.ts'
import { AppError } from '../../base/error.ts'
import { readRecord } from './record.ts'
import type { SandboxRecord } from './record.ts'

const READY_WITHIN_MS = 120_000

/**
 * Runs a command of this program that keeps a sandbox, in the background, and waits until that is ready.
 * @throws AppError `data_locked` when one runs in the folder already, `unavailable` with what the command said
 */
export async function detachSandbox(options: {
  dataDir: string
  /** The program's file and its arguments. */
  command: readonly string[]
  environment: Readonly<Record<string, string | undefined>>
}): Promise<SandboxRecord> {
  const found = await readRecord(options.dataDir)
  if (found !== null) {
    throw new AppError('data_locked', `a sandbox runs already (process ${found.pid})`, {
      action: 'Use that one, or end it with `erlmcp sandbox down`.',
    })
  }
  mkdirSync(options.dataDir, { recursive: true })
  const log = path.join(options.dataDir, 'sandbox.log')
  const output = openSync(log, 'w', 0o600)
  const child = spawn(process.execPath, options.command, {
    detached: true,
    stdio: ['ignore', output, output],
    env: options.environment,
  })
  let ended = false
  child.once('exit', () => (ended = true))
  for (const limit = performance.now() + READY_WITHIN_MS; performance.now() < limit; await delay(100)) {
    const record = await readRecord(options.dataDir)
    if (record !== null) {
      child.unref()
      return record
    }
    if (ended) break
  }
  child.kill('SIGKILL')
  throw new AppError('unavailable', `the sandbox did not start: ${readFileSync(log, 'utf8').trim()}`, {
    action: `Look into ${log}.`,
  })
}
