import { createApp } from '../../app.ts'
import type { App } from '../../app.ts'
import { loadConfig } from '../../base/config.ts'
import type { Config } from '../../base/config.ts'
import { AppError } from '../../base/error.ts'
import { createLogger } from '../../base/log.ts'
import type { SandboxCluster } from '../../rehearsal/index.ts'
import { SIGNAL_TABLE } from '../../runbook/index.ts'
import type { CommandContext } from './context.ts'

/** The service that the shipped pages and the sandbox are about. */
export const SANDBOX_SERVICE = 'erlmcp-tcps'

/** The cluster that commands of a rehearsed erlmcp act on. */
export interface RehearsedCluster {
  context: string
  namespace: string
  observer: Record<string, string>
  operator: Record<string, string>
  prometheusUrl: string
  /** Values for placeholders of the pages, beside NAMESPACE and DEPLOYMENT. */
  variables: Record<string, string>
}

export const clusterOfSandbox = (cluster: SandboxCluster): RehearsedCluster => ({
  context: 'sandbox',
  namespace: cluster.namespace,
  observer: cluster.environment('observer'),
  operator: cluster.environment('operator'),
  prometheusUrl: cluster.serviceUrl('prometheus'),
  variables: { MANIFESTS: cluster.manifestsDir },
})

/** What the pages call a long query: a time that they state, so it passes faster too. */
const LONG_QUERY_SECONDS = 60
/** A request of the workload gives up after this; what runs longer is none. */
const SHORTEST_LONG_QUERY_SECONDS = 2

const longQuerySeconds = (speed: number): string =>
  String(Math.max(SHORTEST_LONG_QUERY_SECONDS, Math.round(LONG_QUERY_SECONDS / speed)))

export interface RehearsedOptions {
  dataDir: string
  runbooks: string
  service: string
  speed: number
  sampleEverySeconds: number
  giveUpAfterSeconds: number
  /** Anything else than the configuration's own. */
  config?: Partial<Config>
}

/** erlmcp on a cluster: what commands may do is decided by the cluster's own identities. */
export function startRehearsed(
  context: CommandContext,
  cluster: RehearsedCluster,
  options: RehearsedOptions,
): Promise<App> {
  const base = loadConfig({ ...context.env, ERLMCP_RUNBOOKS: options.runbooks }, options.dataDir)
  const queries = Object.fromEntries(
    Object.entries(SIGNAL_TABLE).map(([name, entry]) => [
      name,
      `max(${entry.value(`namespace="${cluster.namespace}"`, '$window')})`,
    ]),
  )
  const { sampleEverySeconds, giveUpAfterSeconds } = options
  const config: Config = {
    ...base,
    logLevel: context.env['ERLMCP_CONFIG'] === undefined ? 'error' : base.logLevel,
    services: {
      ...base.services,
      [options.service]: {
        target: { kind: 'kubernetes', context: cluster.context, namespace: cluster.namespace },
        variables: {
          NAMESPACE: cluster.namespace,
          DEPLOYMENT: options.service,
          LONG_QUERY_SECONDS: longQuerySeconds(options.speed),
          ...cluster.variables,
        },
        environment: {
          all: { PATH: context.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin' },
          observer: cluster.observer,
          operator: cluster.operator,
        },
        signals: { kind: 'prometheus', url: cluster.prometheusUrl, queries },
      },
    },
    response: { ...base.response, sampleEverySeconds, giveUpAfterSeconds },
    ...options.config,
  }
  return startOnFreePort(config, options.speed)
}

/** Another port where the configured one is taken. */
export async function startOnFreePort(
  config: Config,
  speed: number,
  write: (text: string) => void = () => undefined,
): Promise<App> {
  const start = async (chosen: Config): Promise<App> => {
    const app = createApp({ config: chosen, speed, log: createLogger({ level: chosen.logLevel }), write })
    await app.start()
    return app
  }
  try {
    return await start(config)
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'port_taken') throw error
    const app = await start({ ...config, listen: { ...config.listen, port: 0 } })
    process.stdout.write(`  port ${config.listen.port} is taken; ${app.address()} is used instead\n`)
    return app
  }
}
