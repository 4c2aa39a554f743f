import { execFileSync, spawn } from 'node:child_process'
import type { Identity, SandboxCluster } from '../../src/rehearsal/index.ts'

/** Whether the sandbox can be raised and talked to on this machine. */
export const hasKubectl = ((): boolean => {
  try {
    execFileSync('kubectl', ['version', '--client'], { stdio: 'ignore' })
    return process.platform === 'linux'
  } catch {
    return false
  }
})()

export interface Result {
  code: number
  out: string
  err: string
}

export interface RunOptions {
  as?: Identity
  input?: string
  env?: Record<string, string>
  home: string
  /** Ends an endless command with SIGINT after so long. */
  interruptAfterMs?: number
}

/** Runs a command line by bash, as a step of a run would, and waits for its end. */
export function runLine(cluster: SandboxCluster, line: string, options: RunOptions): Promise<Result> {
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: options.home,
    ...cluster.environment(options.as ?? 'admin'),
    ...options.env,
  }
  const child = spawn('bash', ['-c', line], { env, stdio: ['pipe', 'pipe', 'pipe'], detached: true })
  const result: Result = { code: -1, out: '', err: '' }
  child.stdout.on('data', (chunk: Buffer) => (result.out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (result.err += chunk.toString()))
  child.stdin.on('error', () => undefined)
  child.stdin.end(options.input ?? '')
  if (options.interruptAfterMs !== undefined) {
    setTimeout(() => {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGINT')
    }, options.interruptAfterMs)
  }
  return new Promise((resolve) => {
    child.on('close', (code) => resolve({ ...result, code: code ?? 130 }))
  })
}
