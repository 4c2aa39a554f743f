import path from 'node:path'
import type { App } from '../../app.ts'
import { AppError } from '../../base/error.ts'
import { defaultDataDir } from '../../db/index.ts'

/** What a command of the terminal gets from its process. */
export interface CommandContext {
  env: Readonly<Record<string, string | undefined>>
  /** The folder of the installation. */
  root: string
  /** The program itself, for a process that is to go on without this one. */
  main: string
  version: string
  exit(code: number): never
}

const FORCE_AFTER_MS = 40_000
const EXIT_FAILED = 1
const EXIT_INTERRUPTED = 130

export const dataDirOf = ({ env }: CommandContext): string => defaultDataDir(env, process.getuid?.())

/** The played incident has a folder of its own: its rehearsal identity exists nowhere else. */
export const exampleDirOf = (context: CommandContext): string =>
  context.env['ERLMCP_DATA_DIR'] === undefined ? path.join(dataDirOf(context), 'example') : dataDirOf(context)

export const rehearsalDirOf = (context: CommandContext): string => path.join(dataDirOf(context), 'rehearsal')
export const sandboxDirOf = (context: CommandContext): string => path.join(rehearsalDirOf(context), 'sandbox')

/** Resolves at the first signal to stop; the second ends the process at once. */
export function stopSignal(context: CommandContext): { signal: AbortSignal; arrived: Promise<void> } {
  const controller = new AbortController()
  const arrived = new Promise<void>((resolve) => {
    let count = 0
    for (const name of ['SIGINT', 'SIGTERM'] as const) {
      process.on(name, () => {
        count += 1
        if (count > 1) context.exit(EXIT_INTERRUPTED)
        controller.abort(
          new AppError('unavailable', 'stopped by a signal', {
            action: 'Start again; it goes on where it was.',
          }),
        )
        resolve()
      })
    }
  })
  return { signal: controller.signal, arrived }
}

const LOOK_FOR_PARENT_EVERY_MS = 1_000

/** Stops this process when the one that started it is killed: a play outlives no terminal. */
export function watchParent(signal: AbortSignal): void {
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent || signal.aborted) return
    clearInterval(timer)
    process.kill(process.pid, 'SIGTERM')
  }, LOOK_FOR_PARENT_EVERY_MS)
  timer.unref()
}

export async function stopWithin(context: CommandContext, app: App, drainMs?: number): Promise<void> {
  const force = setTimeout(() => context.exit(EXIT_FAILED), FORCE_AFTER_MS)
  await app.stop(drainMs)
  clearTimeout(force)
}
