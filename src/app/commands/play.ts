import path from 'node:path'
import { createInterface } from 'node:readline/promises'
import { createApp } from '../../app.ts'
import type { App } from '../../app.ts'
import { systemClock } from '../../base/clock.ts'
import { loadConfig } from '../../base/config.ts'
import type { Config } from '../../base/config.ts'
import { AppError } from '../../base/error.ts'
import { createLogger } from '../../base/log.ts'
import { prepareFirstIncident } from '../../rehearsal/index.ts'
import { exampleDirOf, stopSignal, stopWithin } from './context.ts'
import type { CommandContext } from './context.ts'

const DONE = 0
const FAILED = 1

/** Plays the first incident, on this machine. @returns the exit code. */
export async function play(
  context: CommandContext,
  options: { auto: boolean; keep: boolean },
): Promise<number> {
  const write = (text: string): void => void process.stdout.write(text)
  const { signal, arrived } = stopSignal(context)
  const folder = exampleDirOf(context)
  write(`erlmcp ${context.version}: the first incident, on this machine\n`)
  const incident = await prepareFirstIncident({
    shippedDir: path.join(context.root, 'runbooks', 'examples', 'orders'),
    dataDir: folder,
    clock: systemClock,
    auto: options.auto,
    write,
    ask: (question) => ask(question, signal),
    signal,
  })
  let app: App | null = null
  try {
    app = await startExample(context, folder, incident.orders)
    write(`  erlmcp listens on ${app.address()}, data in ${folder}\n`)
    const identity = options.auto
      ? ({ id: 'rehearsal:example', kind: 'rehearsal', role: 'lead' } as const)
      : ({ id: `person:${context.env['USER'] ?? 'you'}`, kind: 'person', role: 'lead' } as const)
    const review = await incident.run({
      address: app.address,
      webhookToken: app.webhookToken,
      measure: app.measure,
      answerToken: await app.issueToken(identity),
    })
    if (options.keep) {
      write(`  ${review}\n\n  everything goes on running; Ctrl-C ends it\n`)
      await arrived
    }
    await incident.stop()
    await stopWithin(context, app)
    write(`${review}\n`)
    return DONE
  } catch (error) {
    await incident.stop()
    if (app !== null) await stopWithin(context, app, 1_000)
    if (!signal.aborted) throw error
    write('\n  stopped; nothing is left running\n')
    return FAILED
  }
}

/** The example's configuration; another port where 8080 is taken. */
async function startExample(
  context: CommandContext,
  folder: string,
  orders: { home: string; url: string },
): Promise<App> {
  const base = loadConfig(
    { ...context.env, ERLMCP_RUNBOOKS: path.join(context.root, 'runbooks', 'examples') },
    folder,
  )
  const config: Config = {
    ...base,
    logLevel: context.env['ERLMCP_CONFIG'] === undefined ? 'error' : base.logLevel,
    services: {
      ...base.services,
      orders: {
        variables: { ORDERS_HOME: orders.home, ORDERS_URL: orders.url },
        environment: { all: {}, observer: {}, operator: {} },
        signals: { kind: 'scrape', url: `${orders.url}/metrics`, labels: {} },
      },
    },
    response: { ...base.response, sampleEverySeconds: 2, giveUpAfterSeconds: 90 },
  }
  const start = async (chosen: Config): Promise<App> => {
    const app = createApp({
      config: chosen,
      log: createLogger({ level: chosen.logLevel }),
      write: (text) => process.stdout.write(text),
    })
    await app.start()
    return app
  }
  try {
    return await start(config)
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'port_taken') throw error
    return start({ ...config, listen: { ...config.listen, port: 0 } })
  }
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
