import { createApp } from '../../app.ts'
import { loadConfig } from '../../base/config.ts'
import { createLogger } from '../../base/log.ts'
import { dataDirOf, stopSignal, stopWithin } from './context.ts'
import type { CommandContext } from './context.ts'

/** Runs the server until it is told to stop. */
export async function serve(context: CommandContext): Promise<void> {
  const config = loadConfig(context.env, dataDirOf(context))
  const log = createLogger({ level: config.logLevel })
  const { arrived } = stopSignal(context)
  const app = createApp({
    config,
    log,
    version: context.version,
    write: (text) => process.stdout.write(text),
  })
  await app.start()
  process.stdout.write(`erlmcp ${context.version} listens on ${app.address()}, data in ${config.dataDir}\n`)
  await arrived
  process.stdout.write('stopping: what runs is finished or handed over\n')
  await stopWithin(context, app)
}
