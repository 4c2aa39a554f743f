import { readFileSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline/promises'
import { createApp, openLocalStore } from './app.ts'
import type { App } from './app.ts'
import { systemClock } from './base/clock.ts'
import { loadConfig } from './base/config.ts'
import type { Config } from './base/config.ts'
import { AppError, messageOf } from './base/error.ts'
import { createLogger } from './base/log.ts'
import { createRemoteClient, EXIT, findServer, runCli } from './cli/index.ts'
import type { CliDeps, Client } from './cli/index.ts'
import { defaultDataDir } from './db/index.ts'
import { invoke } from './operations/index.ts'
import { prepareFirstIncident } from './rehearsal/index.ts'

const ROOT = path.resolve(import.meta.dirname, '..')
const FORCE_AFTER_MS = 40_000
const env = process.env

const { version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { version: string }
const dataDir = (): string => defaultDataDir(env, process.getuid?.())
/** The played incident has a folder of its own: its rehearsal identity exists nowhere else. */
const exampleDir = (): string =>
  env['ERLMCP_DATA_DIR'] === undefined ? path.join(dataDir(), 'example') : dataDir()

/** Resolves at the first signal to stop; the second ends the process at once. */
function stopSignal(): { signal: AbortSignal; arrived: Promise<void> } {
  const controller = new AbortController()
  const arrived = new Promise<void>((resolve) => {
    let count = 0
    for (const name of ['SIGINT', 'SIGTERM'] as const) {
      process.on(name, () => {
        count += 1
        if (count > 1) process.exit(130)
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

async function stopWithin(app: App, drainMs?: number): Promise<void> {
  const force = setTimeout(() => process.exit(EXIT.failed), FORCE_AFTER_MS)
  await app.stop(drainMs)
  clearTimeout(force)
}

async function serve(): Promise<void> {
  const config = loadConfig(env, dataDir())
  const log = createLogger({ level: config.logLevel })
  const { arrived } = stopSignal()
  const app = createApp({ config, log, write: (text) => process.stdout.write(text) })
  await app.start()
  process.stdout.write(`erlmcp ${version} listens on ${app.address()}, data in ${config.dataDir}\n`)
  await arrived
  process.stdout.write('stopping: what runs is finished or handed over\n')
  await stopWithin(app)
}

async function play(options: { auto: boolean; keep: boolean }): Promise<number> {
  const write = (text: string): void => void process.stdout.write(text)
  const { signal, arrived } = stopSignal()
  const folder = exampleDir()
  write(`erlmcp ${version}: the first incident, on this machine\n`)
  const incident = await prepareFirstIncident({
    shippedDir: path.join(ROOT, 'runbooks', 'examples', 'orders'),
    dataDir: folder,
    clock: systemClock,
    auto: options.auto,
    write,
    ask: (question) => ask(question, signal),
    signal,
  })
  let app: App | null = null
  try {
    app = await startExample(folder, incident.orders)
    write(`  erlmcp listens on ${app.address()}, data in ${folder}\n`)
    const identity = options.auto
      ? ({ id: 'rehearsal:example', kind: 'rehearsal', role: 'lead' } as const)
      : ({ id: `person:${env['USER'] ?? 'you'}`, kind: 'person', role: 'lead' } as const)
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
    await stopWithin(app)
    write(`${review}\n`)
    return EXIT.done
  } catch (error) {
    await incident.stop()
    if (app !== null) await stopWithin(app, 1_000)
    if (!signal.aborted) throw error
    write('\n  stopped; nothing is left running\n')
    return EXIT.failed
  }
}

/** The example's configuration; another port where 8080 is taken. */
async function startExample(folder: string, orders: { home: string; url: string }): Promise<App> {
  const base = loadConfig({ ...env, ERLMCP_RUNBOOKS: path.join(ROOT, 'runbooks', 'examples') }, folder)
  const config: Config = {
    ...base,
    logLevel: env['ERLMCP_CONFIG'] === undefined ? 'error' : base.logLevel,
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

async function connect(server: string | undefined): Promise<Client> {
  const named = server ?? env['ERLMCP_URL']
  if (named !== undefined) {
    const token = env['ERLMCP_TOKEN']
    if (token === undefined) {
      throw new AppError('unauthenticated', `there is no token for ${named}`, { action: 'Set ERLMCP_TOKEN.' })
    }
    return createRemoteClient(named, token)
  }
  for (const folder of new Set([dataDir(), exampleDir()])) {
    const found = findServer(folder)
    if (found !== null) return createRemoteClient(found.url, found.token)
  }
  const config = loadConfig(env, dataDir())
  const store = await openLocalStore({ config, log: createLogger({ level: 'error' }) })
  const actor = { id: `person:${env['USER'] ?? 'local'}`, kind: 'person', role: 'lead' } as const
  return {
    where: config.dataDir,
    call: async (name, input) =>
      JSON.parse(JSON.stringify(await invoke(store.deps, actor, name, input))) as unknown,
    close: () => store.close(),
  }
}

async function readInput(): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of process.stdin) parts.push(Buffer.from(part as Uint8Array))
  return Buffer.concat(parts).toString('utf8')
}

const deps: CliDeps = {
  version,
  write: (text) => void process.stdout.write(text),
  writeError: (text) => void process.stderr.write(text),
  readInput,
  now: () => new Date(),
  connect,
  serve,
  play,
}

process.stdout.on('error', (error: NodeJS.ErrnoException) =>
  process.exit(error.code === 'EPIPE' ? EXIT.done : EXIT.failed),
)
try {
  process.exitCode = await runCli(deps, process.argv.slice(2))
} catch (error) {
  process.stderr.write(`erlmcp: ${messageOf(error)}\n`)
  process.exitCode = EXIT.failed
}
