import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs'
import path from 'node:path'

export interface Log {
  write(level: 'debug' | 'info' | 'warning' | 'error', message: string): void
  /** Why the log file cannot be written; `null` while it can. */
  problem(): string | null
}

const ROTATE_BYTES = 2 * 1024 * 1024
const LEVELS = ['debug', 'info', 'warning', 'error']

/** A log on standard output and in a file, with one earlier file kept. */
export function createLog(dir: string, level: string): Log {
  const file = path.join(dir, 'erlmcp.log')
  const lowest = Math.max(0, LEVELS.indexOf(level))
  let problem: string | null = null
  const keep = (line: string): void => {
    try {
      mkdirSync(dir, { recursive: true })
      appendFileSync(file, line)
      problem = null
      if (statSync(file).size > ROTATE_BYTES) renameSync(file, `${file}.1`)
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error)
    }
  }
  return {
    write(level, message) {
      if (LEVELS.indexOf(level) < lowest) return
      const line = `${new Date().toISOString()} [${level}] ${message}\n`
      process.stdout.write(line)
      keep(line)
    },
    problem: () => problem,
  }
}
