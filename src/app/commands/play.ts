import { createInterface } from 'node:readline/promises'
import { atTerminal, missingForSandbox, obliging } from '../../rehearsal/index.ts'
import type { Responder } from '../../rehearsal/index.ts'
import { stopSignal, watchParent } from './context.ts'
import type { CommandContext } from './context.ts'
import { playOnHost } from './play-host.ts'
import { playInSandbox } from './play-sandbox.ts'

export interface PlayOptions {
  auto: boolean
  keep: boolean
  /** Default: the sandbox where it can run, else the host. */
  example?: 'sandbox' | 'host'
  scenario: string
  speed: number
}

/** What both plays get. */
export interface Stage {
  context: CommandContext
  options: PlayOptions
  /** `null`: the scenario or the play answers by itself. */
  person: Responder | null
  write(text: string): void
  signal: AbortSignal
  /** Resolves when everything is to end. */
  arrived: Promise<void>
}

/** Plays an incident on this machine, from its alert to its review. @returns the exit code. */
export async function play(context: CommandContext, options: PlayOptions): Promise<number> {
  const write = (text: string): void => void process.stdout.write(text)
  const { signal, arrived } = stopSignal(context)
  watchParent(signal)
  const person = options.auto ? null : atTerminal((question) => ask(question, signal))
  const stage: Stage = { context, options, person, write, signal, arrived }
  if (options.example === 'host') return playOnHost(stage, person ?? obliging)
  const missing = await missingForSandbox(process.platform, context.env['PATH'] ?? '')
  if (missing === null) return playInSandbox(stage)
  write(
    `the sandbox cluster cannot be played in: ${missing.what}\n  ${missing.remedy}\n  Without it: an incident of a service on a host, no Kubernetes in it. \`npm start\` plays in the cluster once it is there.\n\n`,
  )
  return playOnHost(stage, person ?? obliging)
}

async function ask(question: string, signal: AbortSignal): Promise<string | null> {
  if (!process.stdin.isTTY && process.stdin.readableEnded) return null
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  const closed = new Promise<null>((resolve) => terminal.once('close', () => resolve(null)))
  terminal.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
  try {
    return await Promise.race([terminal.question(question, { signal }), closed])
  } finally {
    terminal.close()
  }
}
