import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { createApp } from '../../app.ts'
import { loadConfig } from '../../base/config.ts'
import type { Config } from '../../base/config.ts'
import { openLogFile } from '../../base/log-file.ts'
import type { LogFile } from '../../base/log-file.ts'
import { createLogger } from '../../base/log.ts'
import type { RootLogger } from '../../base/log.ts'
import { createRedactor } from '../../base/redact.ts'
import { dataDirOf, stopSignal, stopWithin } from './context.ts'
import type { CommandContext } from './context.ts'

/** Runs the server until it is told to stop. SIGHUP reads the configuration again. */
export async function serve(context: CommandContext): Promise<void> {
  const config = loadConfig(context.env, dataDirOf(context))
  const file = config.logFile === null ? null : openLogFile({ ...config.logFile, file: config.logFile.path })
  const log = createLogger({ level: config.logLevel, ...(file === null ? {} : { destination: file }) })
  reportCrash(context, config, log)
  const { arrived } = stopSignal(context)
  const app = createApp({
    config,
    log,
    version: context.version,
    write: (text) => process.stdout.write(text),
  })
  await app.start()
  process.on('SIGHUP', () => void reload(context, app, log, file))
  process.stdout.write(`erlmcp ${context.version} listens on ${app.address()}, data in ${config.dataDir}\n`)
  await arrived
  process.stdout.write('stopping: what runs is finished or handed over\n')
  await stopWithin(context, app)
}

async function reload(
  context: CommandContext,
  app: ReturnType<typeof createApp>,
  log: RootLogger,
  file: LogFile | null,
): Promise<void> {
  try {
    file?.reopen()
    const config = loadConfig(context.env, dataDirOf(context))
    await app.reload(config)
    log.setLevel(config.logLevel)
    log.info({ logLevel: config.logLevel }, 'read again: the policy, the pages, the level of the log')
  } catch (error) {
    log.error({ err: error }, 'the configuration was not taken; what held before still holds')
  }
}

/** A fault that nothing caught ends the process; why, and in what state, stands in a file beside the data. */
function reportCrash(context: CommandContext, config: Config, log: RootLogger): void {
  const redactor = createRedactor()
  process.on('uncaughtException', (error) => {
    const at = new Date().toISOString()
    const file = path.join(config.dataDir, `crash-${at.replaceAll(/[:.]/g, '-')}.json`)
    const report = {
      at,
      version: context.version,
      node: process.version,
      uptimeSeconds: Math.round(process.uptime()),
      error: { name: error.name, message: error.message, stack: error.stack ?? null },
      memory: process.memoryUsage(),
      resources: process.getActiveResourcesInfo(),
    }
    try {
      writeFileSync(file, `${JSON.stringify(redactor.value(report), null, 2)}\n`, { mode: 0o600 })
      log.error({ err: error, file }, 'erlmcp ends by a fault; the report is in the file')
    } finally {
      context.exit(1)
    }
  })
}
