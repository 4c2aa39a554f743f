// The program of the image `erlmcp`: a process of its own, which is why it reads its environment itself.
import { env } from 'node:process'
import { createLog } from './log.ts'
import type { Log } from './log.ts'
import { startService } from './service.ts'
import { readSettings, StartError } from './settings.ts'

/** With a log that cannot be written the service holds on for a while, so that somebody can make room. */
const FULL_DISK_PATIENCE_MS = 8_000

try {
  const settings = readSettings(env)
  const log = createLog(settings.logDir, settings.logLevel)
  log.write('info', `erlmcp ${settings.version} is starting as ${settings.podName}`)
  await waitForDisk(log)
  const service = await startService(settings, log)
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      log.write('info', `${signal}: finishing open requests`)
      void service.stop().then(() => finish(0))
    })
  }
} catch (error) {
  const reason = error instanceof StartError ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)
  process.stderr.write(`${new Date().toISOString()} [critical] ${reason}\n`)
  process.exitCode = 1
} // prettier-ignore

async function waitForDisk(log: Log): Promise<void> {
  process.once('SIGTERM', () => finish(1))
  for (const end = Date.now() + FULL_DISK_PATIENCE_MS; log.problem() !== null;) {
    if (Date.now() > end)
      throw new StartError(`cannot write /var/log/erlmcp/erlmcp.log: ${log.problem() ?? ''}`)
    process.stderr.write(`${new Date().toISOString()} [error] cannot write the log: ${log.problem() ?? ''}\n`)
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    log.write('info', 'trying to write the log again')
  }
  process.removeAllListeners('SIGTERM')
}

/** What is still open must not keep a process that has been told to end. */
function finish(code: number): void {
  process.exitCode = code
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), 500).unref()
}
