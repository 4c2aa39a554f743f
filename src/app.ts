import { rm } from 'node:fs/promises'
import path from 'node:path'
import { appendAudit, issueToken, loadPolicy, SYSTEM_ACTOR } from './access/index.ts'
import type { ActorKind, Role } from './access/index.ts'
import { checkpointDuty, welcomeOwner } from './app/access.ts'
import { backupDuty, defineBackups } from './app/backup.ts'
import { buildAlerts } from './app/alerts.ts'
import { buildChat } from './app/chat.ts'
import { deliveryDuty } from './app/communication.ts'
import { defineDuties, guardDuties } from './app/duties.ts'
import { buildServer, listen } from './app/http.ts'
import { changeFeed, liveDuties } from './app/live.ts'
import { escalationDuty } from './app/oncall.ts'
import { secretFile, writeLocalAccess } from './app/local-access.ts'
import { messageDuty } from './app/messages.ts'
import type { AppOptions, Duty } from './app/options.ts'
import { buildResponse } from './app/respond.ts'
import { owedReviewsDuty } from './app/reviews.ts'
import { engineFor, openStore, operationDeps } from './app/store.ts'
import type { Store } from './app/store.ts'
import { telemetryDuties } from './app/telemetry.ts'
import { watchReplica } from './app/vitals.ts'
import { systemClock } from './base/clock.ts'
import type { Clock } from './base/clock.ts'
import type { Config } from './base/config.ts'
import { AppError } from './base/error.ts'
import { loadCommandGrammars } from './command/index.ts'
import { withTransaction } from './db/index.ts'
import type { ChangeFeed, Database } from './db/index.ts'
import type { createServer } from './http/index.ts'
import type { OperationDeps } from './operations/index.ts'
import { respondUntilQuiet, RESPONSE_WORKFLOW } from './response/index.ts'
import type { ResponseDeps } from './response/index.ts'
import { createGuard } from './step/index.ts'
import type { Guard } from './step/index.ts'
import type { WorkflowEngine } from './workflow/index.ts'

export type { AppOptions } from './app/options.ts'

export interface App {
  start(): Promise<void>
  /** Takes over what may change while it runs: the policy, the log's level. What cannot be read leaves all as it was. */
  reload(config: Config): Promise<void>
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
interface Running extends Store {
  engine: WorkflowEngine
  server: ReturnType<typeof createServer>
  address: string
  webhookToken: string
  duties: readonly Duty[]
  responseDeps: ResponseDeps
  /** Ends what commands left behind when this process is killed. */
  guard: Guard
}

const DEFAULT_DRAIN_MS = 20_000

/** erlmcp, wired. All of it is created here and in app/, and nowhere else. */
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
    reload: (config) => reloadAll(live(), clock, config),
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

async function startAll(options: AppOptions, clock: Clock): Promise<Running> {
  const { config, log } = options
  await loadCommandGrammars()
  const store = await openStore(config, log, clock, options.write)
  const engine = engineFor(options, store)
  const guard = createGuard()
  const responseDeps = buildResponse(options, clock, store, guard)
  engine.define<{ incidentId: string }>(RESPONSE_WORKFLOW, (context, input) =>
    respondUntilQuiet(responseDeps, context, input),
  )
  try {
    defineBackups(engine, store.backups)
    defineDuties(options, clock, store, engine)
    await engine.launch()
    const webhookToken = await secretFile(config.dataDir, 'webhook-token')
    const changes = changeFeed(options, store)
    const alerts = buildAlerts(options, clock, store, engine, responseDeps, webhookToken)
    const chat = await buildChat(options, clock, store, engine, changes, responseDeps)
    const watch = watchReplica(options, clock, store.database, store.executorId)
    const { server, metrics } = buildServer(
      options,
      clock,
      store,
      engine,
      alerts.intake,
      changes,
      responseDeps,
      chat,
      watch.desk,
    )
    const address = await listen(server, config)
    await writeLocalAccess(config, store.database, clock, address)
    store.permissions.address = config.http.publicUrl ?? address
    await welcomeOwner(options, store.database, clock, store.permissions)
    const duties = [
      alerts.duty,
      ...guardDuties(options, clock, store, engine, changes),
      ...dutiesOf(options, clock, store, changes),
      ...chat.duties,
      backupDuty(store.backups, engine, log),
      watch.duty,
      ...telemetryDuties(options, clock, store, metrics),
    ]
    for (const duty of duties) await duty.start()
    return { ...store, engine, server, address, webhookToken, duties, responseDeps, guard }
  } catch (error) {
    await engine.stop({ drainMs: 0 }).catch(() => undefined)
    guard.stop()
    await store.database.close()
    await store.embedded?.stop()
    throw error
  }
}

async function reloadAll(
  { permissions, database, pages }: Running,
  clock: Clock,
  config: Config,
): Promise<void> {
  const loaded = loadPolicy(config.access.policy)
  const before = permissions.policy.hash
  // everybody holds this one object
  Object.assign(permissions.policy, loaded)
  if (loaded.hash !== before)
    await withTransaction(database, (trx) =>
      appendAudit(trx, clock.now(), {
        actor: SYSTEM_ACTOR,
        operation: 'policy.reload',
        subject: loaded.source ?? 'defaults',
        outcome: 'done',
        data: { before, after: loaded.hash },
      }),
    )
  for (const { name } of await pages.statuses()) await pages.refresh(name)
}

/** What goes on as long as the process lives, in the order in which it starts. */
function dutiesOf(options: AppOptions, clock: Clock, store: Store, changes: ChangeFeed): Duty[] {
  const { pages, database } = store
  return [
    { name: 'pages', start: () => pages.start(), stop: () => pages.stop() },
    checkpointDuty(options, clock, database, store.permissions),
    deliveryDuty(options, clock, database, store.channels, changes),
    messageDuty(options, clock, database),
    owedReviewsDuty(options, clock, database),
    escalationDuty(options, clock, database, store.oncall, changes),
    ...liveDuties(options, clock, store, changes),
  ]
}

async function stopAll(options: AppOptions, running: Running, drainMs: number): Promise<void> {
  await rm(path.join(options.config.dataDir, 'server.json'), { force: true })
  await running.server.close()
  await running.engine.stop({ drainMs })
  running.guard.stop()
  for (const duty of running.duties.toReversed()) await duty.stop()
  await running.database.close()
  await running.embedded?.stop()
}
