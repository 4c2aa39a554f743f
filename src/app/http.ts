import { authenticate } from '../access/index.ts'
import type { Clock } from '../base/clock.ts'
import type { Config } from '../base/config.ts'
import { AppError } from '../base/error.ts'
import type { ChangeFeed } from '../db/index.ts'
import { createMetrics, createServer } from '../http/index.ts'
import type { AlertIntake, Metrics } from '../http/index.ts'
import { changesSeenBy, invoke, invokeOnce } from '../operations/index.ts'
import type { ReplicaDesk } from '../operations/index.ts'
import type { ResponseDeps } from '../response/index.ts'
import type { WorkflowEngine } from '../workflow/index.ts'
import type { Chat } from './chat.ts'
import { WEB_FOLDER } from './live.ts'
import { agentDesk, buildMcp } from './mcp.ts'
import { storeReadings } from './metrics.ts'
import { readPreview } from './preview.ts'
import type { AppOptions } from './options.ts'
import { operationDeps } from './store.ts'
import type { Store } from './store.ts'

export function buildServer(
  options: AppOptions,
  clock: Clock,
  store: Store,
  engine: WorkflowEngine,
  alerts: AlertIntake,
  changes: ChangeFeed,
  responseDeps: ResponseDeps,
  chat: Chat,
  replica: ReplicaDesk,
): { server: ReturnType<typeof createServer>; metrics: Metrics } {
  const { database } = store
  const operations = {
    ...operationDeps(options.config, clock, store, engine),
    agents: agentDesk(engine, responseDeps),
    replica,
  }
  const version = options.version ?? '0.0.0'
  const metrics = createMetrics({
    version,
    maxConnections: options.config.limits.maxConnections,
    read: [storeReadings(operations)],
  })
  const server: ReturnType<typeof createServer> = createServer({
    agents: buildMcp(options, clock, operations, () => server.listeningOrigin),
    log: options.log,
    version,
    metrics: { source: metrics, apart: metricsAddress(options.config) },
    authenticate: (token) => authenticate(database, clock.now(), token),
    access: { signIn: store.permissions.signIn, edge: options.config.http },
    invoke: (actor, name, input, key) =>
      key === undefined
        ? invoke(operations, actor, name, input)
        : invokeOnce(operations, actor, name, input, key),
    alerts,
    chat: chat.intake,
    status: chat.status,
    preview: readPreview(database, clock),
    receivePush: (source, headers, body) => store.pages.receivePush(source, headers, body),
    page: {
      folder: WEB_FOLDER,
      changes,
      seen: (actor, found) => changesSeenBy(database, actor, found),
    },
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
  return { server, metrics }
}

const metricsAddress = ({
  listen: { host },
  metrics: { port },
}: Config): { host: string; port: number } | null => (port === null ? null : { host, port })

export async function listen(server: ReturnType<typeof createServer>, config: Config): Promise<string> {
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
