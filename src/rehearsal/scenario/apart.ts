import { spawn } from 'node:child_process'
import { z } from 'zod'
import { proofSchema } from '../proof/model.ts'
import type { Proof } from '../proof/model.ts'

/**
 * Runs a command of this program that prints one proof as JSON, in a process of its own: the engine of an erlmcp is one
 * to a process, so two scenarios side by side need two. `told` is what it said while it went on.
 * @throws Error with its last words when it ends without a proof; the signal ends it
 */
export async function rehearseApart(
  options: { command: readonly string[]; environment: Readonly<Record<string, string | undefined>> },
  signal: AbortSignal,
): Promise<{ proof: Proof; told: string }> {
  const child = spawn(process.execPath, options.command, {
    env: options.environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const end = (): void => void child.kill('SIGTERM')
  signal.addEventListener('abort', end, { once: true })
  if (signal.aborted) end()
  let out = ''
  let told = ''
  child.stdout.on('data', (part: Buffer) => (out += part.toString('utf8')))
  child.stderr.on('data', (part: Buffer) => (told += part.toString('utf8')))
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', () => resolve())
  })
  signal.removeEventListener('abort', end)
  const [proof] = proofsIn(out)
  if (proof !== undefined) return { proof, told }
  throw new Error(told.trim().slice(-LAST_WORDS) || 'it ended without a word')
}

const LAST_WORDS = 1_000

function proofsIn(text: string): Proof[] {
  try {
    return z.array(proofSchema).parse(JSON.parse(text))
  } catch {
    return []
  }
}
