import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Database } from '../../src/db/index.ts'
import type { ChildOptions } from './engine-child.ts'

export interface Replica {
  process: ChildProcess
  /** Resolves when it takes work; rejects when it ended before. */
  ready: Promise<void>
  ended: Promise<string>
  kill(signal: NodeJS.Signals): Promise<string>
}

/** A replica of the engine in a process of its own. */
export function startReplica(
  options: Omit<ChildOptions, 'beatMs' | 'leaseMs'> & Partial<ChildOptions>,
): Replica {
  const program = fileURLToPath(new URL('engine-child.ts', import.meta.url))
  const input: ChildOptions = { beatMs: 200, leaseMs: 1_500, ...options }
  const child = spawn(process.execPath, [program, JSON.stringify(input)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? `exit ${code}`))
  })
  const ready = new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve())
    void ended.then((how) => reject(new Error(`the replica ended: ${how}`)))
  })
  // a test that kills it does not wait for it to be ready
  ready.catch(() => undefined)
  return {
    process: child,
    ready,
    ended,
    kill(signal) {
      child.kill(signal)
      return ended
    },
  }
}

export const notesIn = (file: string): string[] =>
  existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
    : []

/** Names of the rows that workflows of `engine-child.ts` have committed. */
export async function rowsOf(database: Database, workflowId: string): Promise<string[]> {
  const rows = await database.kysely
    .selectFrom('api_token')
    .select('name')
    .where('name', 'like', `${workflowId} %`)
    .orderBy('name')
    .execute()
  return rows.map((row) => row.name.slice(workflowId.length + 1))
}
