import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { hostname, userInfo } from 'node:os'
import path from 'node:path'
import { authenticate, issueToken } from './access/index.ts'
import type { ActorKind, Role } from './access/index.ts'
import { readAlertmanagerWebhook } from './alert/index.ts'
import { delay, systemClock } from './base/clock.ts'
import type { Clock } from './base/clock.ts'
import type { Config } from './base/config.ts'
import { AppError } from './base/error.ts'
import { newUuid, sha256 } from './base/id.ts'
import type { Logger } from './base/log.ts'
import { createRedactor } from './base/redact.ts'
import { loadCommandGrammars } from './command/index.ts'
import { createConsoleChannel, deliverMessages } from './communication/index.ts'
import { createDatabase, startEmbedded } from './db/index.ts'
import type { Database, EmbeddedPostgres } from './db/index.ts'
import { createServer } from './http/index.ts'
import { invoke } from './operations/index.ts'
import type { OperationDeps } from './operations/index.ts'
import { receiveAlerts, respondToTheEnd, RESPONSE_WORKFLOW } from './response/index.ts'
import type { ResponseDeps, Service } from './response/index.ts'
import { createPageService, folderSources } from './runbook/sources/index.ts'
import type { PageService } from './runbook/sources/index.ts'
import { createGuard, createOutputStore, executeBash, killLeftover } from './step/index.ts'
import type { Guard } from './step/index.ts'
import { createMeter, measureSignal, verify } from './verification/index.ts'
import { createEngine, migrateAll } from './workflow/index.ts'
import type { CrashPoint, WorkflowEngine } from './workflow/index.ts'

export interface AppOptions {
  config: Config
  log: Logger
  clock?: Clock
  /** The times that pages state (hold times) are divided by this; for rehearsals. Default 1. */
  speed?: number
  /** Where messages of the console channel and the address are written. */
  write(text: string): void
  /** Called at each commit point; tests stop the process there. */
  reach?(point: CrashPoint): Promise<void>
}

export interface App {
  start(): Promise<void>
  /** Drains for at most `drainMs`, then stops what runs, and the database last. */
  stop(drainMs?: number): Promise<void>
  /** `http://127.0.0.1:8080`, once started. */
  address(): string
  database(): Database
  /** Issues a token for an identity; only its hash is stored. */
  issueToken(identity: { id: string; kind: ActorKind; role: Role }): Promise<string>
  /** The signal of a service, as the verification measures it. */
  measure(service: string, signal: string): Promise<number | null>
  webhookToken(): string
}

/** Everything that runs, once it does. */
interface Running {
  embedded: EmbeddedPostgres | null
  database: Database
  pages: PageService
  engine: WorkflowEngine
  server: ReturnType<typeof createServer>
  address: string
  webhookToken: string
  deliveries: { stop(): Promise<void> }
  responseDeps: ResponseDeps
  /** Ends what commands left behind when this process is killed. */
  guard: Guard
}

const DEFAULT_DRAIN_MS = 20_000
const KILL_GRACE_MS = 5_000

/** erlmcp, wired. All of it is created here and nowhere else. */
export function createApp(options: AppOptions): App {
  const clock = options.clock ?? systemClock
  let running: Running | null = null
  const live = (): Running => {
    if (running === null)
      throw new AppError('unavailable', 'erlmcp has not been started', { action: 'Start it first.' })
    return running
  }
  return {
    async start() {
      running = await startAll(options, clock)
      options.log.info({ address: running.address }, 'erlmcp is ready')
    },
    async stop(drainMs = DEFAULT_DRAIN_MS) {
      const current = running
      running = null
      if (current !== null) await stopAll(options, current, drainMs)
    },
    address: () => live().address,
    database: () => live().database,
    issueToken: (identity) => issueToken(live().database, clock.now(), identity),
    async measure(service, signal) {
      const { responseDeps } = live()
      const source = responseDeps.service(service).signals
      return source === null ? null : (await responseDeps.measure(source, signal)).value
    },
    webhookToken: () => live().webhookToken,
  }
}

/** An operation on the local store, where no server runs: same catalogue, same gate, same audit. */
export async function openLocalStore(options: Pick<AppOptions, 'config' | 'log'>): Promise<{
  deps: OperationDeps
  close(): Promise<void>
}> {
  await loadCommandGrammars()
  const store = await openStore(options.config, options.log, systemClock)
  const engine = engineFor(options, store)
  return {
    deps: operationDeps(options.config, systemClock, store, engine),
    async close() {
      await store.pages.stop()
      await store.database.close()
      await store.embedded?.stop()
    },
  }
}

interface Store {
  embedded: EmbeddedPostgres | null
  url: string
  database: Database
  pages: PageService
}

async function openStore(config: Config, log: Logger, clock: Clock): Promise<Store> {
  const embedded = config.databaseUrl === null ? await startEmbedded({ dataDir: config.dataDir, log }) : null
  const url = embedded?.url ?? config.databaseUrl ?? ''
  try {
    await mkdir(config.dataDir, { recursive: true })
    await migrateAll(url)
    const database = createDatabase({ url, name: 'app', poolSize: 12 })
    return { embedded, url, database, pages: pagesOf(config, log, clock, database) }
  } catch (error) {
    await embedded?.stop()
    throw error
  }
}

const pagesOf = (config: Config, log: Logger, clock: Clock, database: Database): PageService => {
  const names = config.sources.map((source) => source.name)
  const sources = [...folderSources(config.runbooks, names), ...config.sources]
  return createPageService({ database, clock, log, sources, dataDir: config.dataDir })
}

const engineFor = (options: Pick<AppOptions, 'log' | 'reach'>, store: Store): WorkflowEngine =>
  createEngine({
    url: store.url,
    database: store.database,
    executorId: store.embedded?.executorId ?? newUuid(),
    host: hostname(),
    log: options.log,
    ...(options.reach === undefined ? {} : { reach: options.reach }),
  })

const operationDeps = (
  config: Config,
  clock: Clock,
  { database, pages }: Store,
  engine: Pick<WorkflowEngine, 'send'>,
): OperationDeps => ({
  database,
  engine,
  clock,
  approvalTtlMs: config.response.approvalTtlSeconds * 1_000,
  pages,
})

async function startAll(options: AppOptions, clock: Clock): Promise<Running> {
  const { config, log } = options
  await loadCommandGrammars()
  const store = await openStore(config, log, clock)
  const engine = engineFor(options, store)
  const guard = createGuard()
  const responseDeps = buildResponse(options, clock, store, guard)
  engine.define<{ incidentId: string }>(RESPONSE_WORKFLOW, (context, input) =>
    respondToTheEnd(responseDeps, context, input),
  )
  try {
    await engine.launch()
    const webhookToken = await secretFile(config.dataDir, 'webhook-token')
    const server = buildServer(options, clock, store, engine, responseDeps, webhookToken)
    const address = await listen(server, config)
    await writeLocalAccess(config, store.database, clock, address)
    const deliveries = startDeliveries(options, clock, store.database)
    store.pages.start()
    return { ...store, engine, server, address, webhookToken, deliveries, responseDeps, guard }
  } catch (error) {
    await engine.stop({ drainMs: 0 }).catch(() => undefined)
    guard.stop()
    await store.database.close()
    await store.embedded?.stop()
    throw error
  }
}

async function stopAll(options: AppOptions, running: Running, drainMs: number): Promise<void> {
  await rm(path.join(options.config.dataDir, 'server.json'), { force: true })
  await running.server.close()
  await running.engine.stop({ drainMs })
  running.guard.stop()
  await running.deliveries.stop()
  await running.pages.stop()
  await running.database.close()
  await running.embedded?.stop()
}

function buildServer(
  options: AppOptions,
  clock: Clock,
  store: Store,
  engine: WorkflowEngine,
  responseDeps: ResponseDeps,
  webhookToken: string,
): ReturnType<typeof createServer> {
  const { database } = store
  const operations = operationDeps(options.config, clock, store, engine)
  return createServer({
    log: options.log,
    authenticate: (token) => authenticate(database, clock.now(), token),
    invoke: (actor, name, input) => invoke(operations, actor, name, input),
    receiveAlertmanager: (body) =>
      receiveAlerts(
        { database, engine, clock, pages: () => responseDeps.pages() },
        'alertmanager',
        readAlertmanagerWebhook(body),
        body,
      ),
    receivePush: (source, headers, body) => store.pages.receivePush(source, headers, body),
    webhookTokenHash: sha256(webhookToken),
    async notReady() {
      const reasons = engine.unwell()
      try {
        await database.kysely.selectFrom('executor').select('id').limit(1).execute()
      } catch {
        reasons.push('the database does not answer')
      }
      return reasons
    },
  })
}

function buildResponse(
  options: AppOptions,
  clock: Clock,
  { database, pages }: Store,
  guard: Guard,
): ResponseDeps {
  const { config, log } = options
  const redactor = createRedactor()
  const output = createOutputStore(database)
  const measureDeps = { fetch: globalThis.fetch, now: () => clock.now(), delay }
  const sampleEveryMs = config.response.sampleEverySeconds * 1_000
  const windowMs = sampleEveryMs * 4
  return {
    database,
    clock,
    log,
    host: hostname(),
    channel: 'console',
    settings: {
      approvalTtlMs: config.response.approvalTtlSeconds * 1_000,
      decisionTtlMs: config.response.decisionTtlSeconds * 1_000,
      sampleEveryMs,
      giveUpAfterMs: config.response.giveUpAfterSeconds * 1_000,
      parallelReads: config.response.parallelReads,
    },
    pages: () => pages.pages(),
    service: (name) => serviceOf(config, name),
    execute: (request, signal) =>
      executeBash(
        {
          now: () => clock.now(),
          output,
          // values of variables that carry secrets are blanked wherever they turn up
          redactor: redactor.knowing(request.environment),
          scratchDir: scratchDir(config, request.runId),
          guard,
        },
        {
          executionId: request.executionId,
          script: request.command.script,
          inputs: Object.fromEntries(
            request.command.inputs.flatMap((input) =>
              input.value === null ? [] : [[input.variable, input.value]],
            ),
          ),
          environment: request.environment,
          shellState: request.shellState,
          limits: { timeoutMs: config.response.commandTimeoutSeconds * 1_000, graceMs: KILL_GRACE_MS },
          ...(request.command.mode === 'window'
            ? { windowMs: config.response.endlessWindowSeconds * 1_000 }
            : {}),
          async onStart(started) {
            await database.kysely
              .updateTable('execution')
              .set({ process_id: started.pid, process_started: started.startedAt })
              .where('id', '=', request.executionId)
              .execute()
          },
        },
        signal,
      ),
    async killLeftover(execution) {
      const report = await killLeftover(execution)
      return report.message
    },
    verify: (request, signal) =>
      verify(
        measureDeps,
        {
          ...request,
          condition: {
            ...request.condition,
            forSeconds: request.condition.forSeconds / (options.speed ?? 1),
          },
          sampleEveryMs,
          giveUpAfterMs: config.response.giveUpAfterSeconds * 1_000,
        },
        signal,
      ),
    measure: (source, signal) =>
      // a scraped rate waits for its window, a query does not
      measureSignal(measureDeps, source, {
        signal,
        windowMs: source.kind === 'scrape' ? Math.min(windowMs, 2_000) : windowMs,
      }),
    forgetRun: (runId) => rm(scratchDir(config, runId), { recursive: true, force: true }),
    async countFailures(source) {
      const meter = createMeter(measureDeps, source, { signal: 'error_rate', windowMs })
      return (await meter.measure()).failedRequests
    },
    async writeReviewFile(name, markdown) {
      const folder = path.join(config.dataDir, 'reviews')
      await mkdir(folder, { recursive: true })
      const file = path.join(folder, `${name}.md`)
      // written whole or not at all
      await writeFile(`${file}.new`, markdown)
      await rename(`${file}.new`, file)
      return file
    },
  }
}

/** Home and first working folder of a run's commands, removed when it ends. */
const scratchDir = (config: Config, runId: string): string => path.join(config.dataDir, 'runs', runId)

function serviceOf(config: Config, name: string | null): Service {
  const known = name === null ? undefined : config.services[name]
  return {
    name: name ?? 'unknown',
    target: known?.target ?? { kind: 'host', host: hostname() },
    variables: known?.variables ?? {},
    environment: known?.environment ?? { all: {}, observer: {}, operator: {} },
    signals: known?.signals ?? null,
  }
}

async function listen(server: ReturnType<typeof createServer>, config: Config): Promise<string> {
  const { host, port } = config.listen
  try {
    return await server.listen({ host, port })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    throw new AppError('port_taken', `${host}:${port} is in use by another process`, {
      action: 'Stop that process, or set ERLMCP_PORT (0 takes any free port).',
      cause: error,
    })
  }
}

/** The address and a token for the local user, readable by them alone: what the terminal needs. */
async function writeLocalAccess(
  config: Config,
  database: Database,
  clock: Clock,
  address: string,
): Promise<void> {
  const file = path.join(config.dataDir, 'local-token')
  const identity = { id: `person:${userInfo().username}`, kind: 'person', role: 'lead' } as const
  const known = await readFile(file, 'utf8').catch(() => null)
  const valid = known === null ? null : await authenticate(database, clock.now(), known.trim())
  if (valid === null) await privateFile(file, `${await issueToken(database, clock.now(), identity)}\n`)
  await privateFile(
    path.join(config.dataDir, 'server.json'),
    `${JSON.stringify({ url: address, pid: process.pid })}\n`,
  )
}

async function secretFile(dataDir: string, name: string): Promise<string> {
  const file = path.join(dataDir, name)
  const known = await readFile(file, 'utf8').catch(() => null)
  if (known !== null && known.trim() !== '') return known.trim()
  const secret = sha256(`${newUuid()}${newUuid()}`)
  await privateFile(file, `${secret}\n`)
  return secret
}

async function privateFile(file: string, text: string): Promise<void> {
  await writeFile(file, text, { mode: 0o600 })
  await chmod(file, 0o600)
}

/** Sends what waits in the outbox, several times a second, until it is stopped. */
function startDeliveries(options: AppOptions, clock: Clock, database: Database): { stop(): Promise<void> } {
  const stopping = new AbortController()
  const channels = [createConsoleChannel(options.write)]
  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        await deliverMessages({ database, channels, now: () => clock.now() })
      } catch (error) {
        options.log.warn({ err: error }, 'messages could not be sent; they are kept')
      }
      await delay(250, stopping.signal).catch(() => undefined)
    }
  }
  const done = loop()
  return {
    async stop() {
      stopping.abort()
      await done
    },
  }
}
