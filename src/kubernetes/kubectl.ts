import { execFile } from 'node:child_process'
import { tmpdir } from 'node:os'
import { AppError } from '../base/error.ts'

/** The cluster, namespace and ways in of one service. */
export interface ClusterAccess {
  /** `null`: the current context of the kubeconfig. */
  context: string | null
  namespace: string
  /** Environment for what only reads, and for what changes; KUBECONFIG among it. */
  environment: { observer: Record<string, string>; operator: Record<string, string> }
}

export interface KubectlResult {
  code: number
  out: string
  err: string
}

/** Runs kubectl by argument list; no shell sees any of it. */
export interface Kubectl {
  /** As the observer. Rejects only when kubectl cannot be started or `signal` aborts. */
  read(args: readonly string[], options?: KubectlOptions): Promise<KubectlResult>
  /** As the operator, for what went through the gate. The same rules. */
  change(args: readonly string[], options?: KubectlOptions): Promise<KubectlResult>
}

export interface KubectlOptions {
  signal?: AbortSignal
  /** Default 10,000 ms. */
  timeoutMs?: number
}

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const DEFAULT_TIMEOUT_MS = 10_000
const MAX_OUTPUT_BYTES = 64 * 1_048_576
/** As a shell says it of what was stopped at its time limit. */
const TIMED_OUT = 124

export function createKubectl(access: ClusterAccess): Kubectl {
  const flags = [
    ...(access.context === null ? [] : ['--context', access.context]),
    ...(access.namespace === '' ? [] : ['--namespace', access.namespace]),
  ]
  const { observer, operator } = access.environment
  return {
    read: (args, options) => run([...flags, ...args], observer, options ?? {}),
    change: (args, options) => run([...flags, ...args], operator, options ?? {}),
  }
}

function run(
  args: readonly string[],
  environment: Record<string, string>,
  { signal, timeoutMs = DEFAULT_TIMEOUT_MS }: KubectlOptions,
): Promise<KubectlResult> {
  const env = { PATH: DEFAULT_PATH, HOME: tmpdir(), ...environment }
  const options = {
    env,
    timeout: timeoutMs,
    maxBuffer: MAX_OUTPUT_BYTES,
    ...(signal === undefined ? {} : { signal }),
  }
  return new Promise((resolve, reject) => {
    const child = execFile('kubectl', [...args], options, (error, out, err) => {
      if (error === null) resolve({ code: 0, out, err })
      else if (signal?.aborted === true) reject(error)
      else if (typeof error.code === 'number') resolve({ code: error.code, out, err })
      else if (error.killed === true)
        resolve({ code: TIMED_OUT, out, err: `no answer within ${timeoutMs / 1_000} s` })
      else if (error.code === 'ENOENT') reject(notInstalled(error))
      else reject(error)
    })
    child.stdin?.end()
  })
}

const notInstalled = (cause: unknown): AppError =>
  new AppError('unavailable', 'kubectl is not installed on this machine, or not on its PATH', {
    action: 'Install kubectl where erlmcp runs; the image has it.',
    cause,
  })

/** Why a call did not succeed, in one line. */
export function failureOf({ code, err }: KubectlResult): string {
  const line = err
    .trim()
    .split('\n')
    .findLast((text) => text.trim() !== '')
  return (line ?? `exit ${code}`).replace(/^Error from server \((\w+)\): /, '$1: ').slice(0, 500)
}
