import { execFile } from 'node:child_process'

const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin'
const TIMEOUT_MS = 60_000
const MAX_OUTPUT_BYTES = 16_777_216

export interface KubectlResult {
  code: number
  out: string
  err: string
}

/** Runs kubectl without a shell. Rejects only when it cannot be started. */
export function kubectl(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<KubectlResult> {
  return new Promise((resolve, reject) => {
    const env = { PATH: DEFAULT_PATH, ...environment }
    const options = { env, timeout: TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES }
    execFile('kubectl', [...args], options, (error, stdout, stderr) => {
      if (error === null) resolve({ code: 0, out: stdout, err: stderr })
      else if (typeof error.code === 'number') resolve({ code: error.code, out: stdout, err: stderr })
      else if (error.killed === true)
        resolve({ code: 124, out: stdout, err: `stopped after ${TIMEOUT_MS / 1_000} s` })
      else reject(error)
    })
  })
}

/** The same, for commands that have to succeed. @returns standard output, trimmed. */
export async function kubectlOutput(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<string> {
  const { code, out, err } = await kubectl(args, environment)
  if (code === 0) return out.trim()
  throw new Error(`\`kubectl ${args.join(' ')}\`: ${err.trim() || `exit ${code}`}`)
}
