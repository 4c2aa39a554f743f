import { existsSync, readFileSync } from 'node:fs'
import { appendFile, mkdir } from 'node:fs/promises'
import path from 'node:path'
import { createInterface } from 'node:readline/promises'
import { createApp, openLocalStore } from './app.ts'
import type { App } from './app.ts'
import { systemClock } from './base/clock.ts'
import { loadConfig } from './base/config.ts'
import type { Config } from './base/config.ts'
import { AppError, messageOf } from './base/error.ts'
import { createLogger } from './base/log.ts'
import { asText } from './base/text.ts'
import { loadCommandGrammars } from './command/index.ts'
import { createRemoteClient, EXIT, findServer, runCli } from './cli/index.ts'
import type { CliDeps, Client } from './cli/index.ts'
import { defaultDataDir } from './db/index.ts'
import { invoke } from './operations/index.ts'
import { loadScenarios, prepareFirstIncident, rehearse, startCluster } from './rehearsal/index.ts'
import type { Proof, SandboxCluster, Scenario } from './rehearsal/index.ts'
import { loadPages, SIGNAL_TABLE } from './runbook/index.ts'
import type { LoadedPage } from './runbook/index.ts'
import { sha256 } from './base/id.ts'

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

const rehearsalDir = (): string => path.join(dataDir(), 'rehearsal')
const sandboxDir = (): string => path.join(rehearsalDir(), 'sandbox')
const SANDBOX_SERVICE = 'erlmcp-tcps'

async function sandbox(options: { speed: number }): Promise<void> {
  const { arrived } = stopSignal()
  const log = (message: string): void => void process.stderr.write(`${message}\n`)
  const cluster = await startCluster({ dataDir: sandboxDir(), speed: options.speed, log })
  process.stdout.write(
    `the sandbox runs; in another terminal:\n  export KUBECONFIG=${cluster.kubeconfigPath}\n  kubectl get pods -n ${cluster.namespace}\nCtrl-C ends it\n`,
  )
  await arrived
  await cluster.stop()
}

function sandboxKubeconfig(): string | null {
  const file = path.join(sandboxDir(), 'kubeconfig', 'admin')
  return existsSync(file) ? file : null
}

async function rehearseAll(
  names: readonly string[],
  options: { all: boolean; speed: number; json: boolean },
): Promise<number> {
  const scenarios = await loadScenarios(path.join(ROOT, 'runbooks', 'scenarios'))
  if (names.length === 0 && !options.all) {
    for (const { name, title, page } of scenarios)
      process.stdout.write(`${name.padEnd(20)} ${title} (${page})\n`)
    return EXIT.done
  }
  const unknown = names.find((name) => !scenarios.some((scenario) => scenario.name === name))
  if (unknown !== undefined) {
    throw new AppError('not_found', `there is no scenario ${JSON.stringify(unknown)}`, {
      action: `Choose from: ${scenarios.map((scenario) => scenario.name).join(', ')}.`,
    })
  }
  const { signal } = stopSignal()
  await loadCommandGrammars()
  const { pages } = await loadPages(path.join(ROOT, 'runbooks'))
  const proofs: Proof[] = []
  for (const scenario of scenarios.filter((candidate) => options.all || names.includes(candidate.name))) {
    if (signal.aborted) break
    const write = (text: string): void => void (options.json ? process.stderr : process.stdout).write(text)
    write(`\n${scenario.name}: ${scenario.title}\n`)
    const proof = await rehearseOne(scenario, pages, options.speed, write, signal)
    proofs.push(proof)
    write(`${proof.passed ? 'PROVED' : 'NOT PROVED'} ${scenario.name}: ${proof.reason}\n`)
  }
  await mkdir(rehearsalDir(), { recursive: true })
  await appendFile(
    path.join(rehearsalDir(), 'proofs.jsonl'),
    proofs.map((proof) => `${JSON.stringify(proof)}\n`).join(''),
  )
  if (options.json) process.stdout.write(`${JSON.stringify(proofs, null, 2)}\n`)
  return proofs.length > 0 && proofs.every((proof) => proof.passed) ? EXIT.done : EXIT.failed
}

async function rehearseOne(
  scenario: Scenario,
  pages: readonly LoadedPage[],
  speed: number,
  write: (text: string) => void,
  signal: AbortSignal,
): Promise<Proof> {
  const page = pages.find((candidate) => candidate.path === scenario.page)
  const procedure = page?.runbook.procedures.find((candidate) => candidate.id === scenario.procedure)
  if (page === undefined || procedure?.trigger == null) {
    throw new AppError(
      'not_found',
      `${scenario.name}: ${scenario.page}#${scenario.procedure} has no trigger or does not exist`,
      {
        action: 'Name a page below runbooks/ and a procedure with a trigger.',
      },
    )
  }
  const cluster = await startCluster({ dataDir: sandboxDir(), speed })
  let app: App | null = null
  try {
    app = await startRehearsed(cluster, speed)
    const token = await app.issueToken({ id: 'rehearsal:second-person', kind: 'rehearsal', role: 'lead' })
    return await rehearse(
      {
        host: {
          api: (method, at, body) => callApi(`${app?.address() ?? ''}/api/v1${at}`, method, token, body),
          webhook: async (body) =>
            void (await callApi(
              `${app?.address() ?? ''}/webhooks/alertmanager`,
              'POST',
              app?.webhookToken() ?? '',
              body,
            )),
          measure: app.measure,
        },
        cluster,
        trigger: procedure.trigger,
        contentHash: sha256(page.source),
        service: SANDBOX_SERVICE,
        speed,
        now: () => new Date(),
        write,
        signal,
      },
      scenario,
    )
  } finally {
    if (app !== null) await stopWithin(app, 1_000)
    await cluster.stop()
  }
}

/** erlmcp on the sandbox: the observer's and the operator's identities are the cluster's own. */
async function startRehearsed(cluster: SandboxCluster, speed: number): Promise<App> {
  const base = loadConfig(
    { ...env, ERLMCP_RUNBOOKS: path.join(ROOT, 'runbooks') },
    path.join(rehearsalDir(), 'erlmcp'),
  )
  const queries = Object.fromEntries(
    Object.entries(SIGNAL_TABLE).map(([name, entry]) => [name, `max(${entry.value('', '$window')})`]),
  )
  const config: Config = {
    ...base,
    databaseUrl: null,
    listen: { host: '127.0.0.1', port: 0 },
    logLevel: 'error',
    services: {
      [SANDBOX_SERVICE]: {
        target: { kind: 'kubernetes', context: 'sandbox', namespace: cluster.namespace },
        variables: { NAMESPACE: cluster.namespace, DEPLOYMENT: SANDBOX_SERVICE },
        environment: {
          all: {},
          observer: cluster.environment('observer'),
          operator: cluster.environment('operator'),
        },
        signals: { kind: 'prometheus', url: cluster.serviceUrl('prometheus'), queries },
      },
    },
    response: { ...base.response, sampleEverySeconds: 3, giveUpAfterSeconds: 120 },
  }
  const app = createApp({ config, speed, log: createLogger({ level: 'error' }), write: () => undefined })
  await app.start()
  return app
}

async function callApi(
  url: string,
  method: 'GET' | 'POST',
  token: string,
  body?: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  const response = await fetch(url, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(30_000),
  })
  const value = (await response.json()) as Record<string, unknown>
  if (response.ok) return value
  throw new AppError('conflict', asText(value['detail']) || `${url} answered ${response.status}`, {
    action: asText(value['action']) || 'Look at the log.',
  })
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
  rehearse: rehearseAll,
  sandbox,
  sandboxKubeconfig,
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
