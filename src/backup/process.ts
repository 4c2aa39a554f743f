import { execFile, spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { AppError } from '../base/error.ts'

export interface ProgramRun {
  file: string
  args: readonly string[]
  /** All of it: nothing is inherited. Secrets go here, never into `args`. */
  env: Readonly<Record<string, string>>
  signal: AbortSignal
}

export interface RunningProgram {
  stdin: Writable
  stdout: Readable
  /** @throws AppError `unavailable` with the end of what it said; the reason of the signal when that ended it. */
  ended: Promise<void>
}

const ERROR_LIMIT = 8_192
const KILL_AFTER_MS = 5_000

/** Starts a program with streams on both ends. No shell is between. */
export function startProgram({ file, args, env, signal }: ProgramRun): RunningProgram {
  const child = spawn(file, args, { env: { ...env }, stdio: ['pipe', 'pipe', 'pipe'] })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    said = `${said}${chunk.toString('utf8')}`.slice(-ERROR_LIMIT)
  })
  // one that ends early closes its input; its exit code says why
  child.stdin.on('error', () => undefined)
  const stop = (): void => {
    child.kill('SIGTERM')
    setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS).unref()
  }
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop, { once: true })
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', (error) => reject(fault(file, error.message)))
    child.once('close', (code, killed) => {
      signal.removeEventListener('abort', stop)
      if (code === 0) resolve()
      else if (signal.aborted) reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'))
      else reject(fault(file, said.trim() === '' ? (killed ?? `exit ${code}`) : said.trim()))
    })
  })
  // whoever waits for the streams first must not leave this one unheard
  ended.catch(() => undefined)
  return { stdin: child.stdin, stdout: child.stdout, ended }
}

/** Runs a short program and returns what it wrote. @throws AppError `unavailable` */
export function runProgram(run: ProgramRun, timeoutMs: number): Promise<string> {
  const { file, args, env, signal } = run
  return new Promise((resolve, reject) => {
    execFile(
      file,
      [...args],
      { env: { ...env }, signal, timeout: timeoutMs, maxBuffer: 8_388_608 },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout)
        else reject(fault(file, stderr.trim() === '' ? error.message : stderr.trim()))
      },
    )
  })
}

const fault = (file: string, said: string): AppError =>
  new AppError('unavailable', `${file.split('/').at(-1) ?? file} failed: ${said}`, {
    action: 'Mend what it says, and try again.',
  })
