import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { resolveTelemetry, telemetrySettings } from './config-telemetry.ts'
import { alerting, resolveAlerting } from './config-alerting.ts'
import { changes, guard, maintenance } from './config-duties.ts'
import { channels, oncall, resolveChannels } from './config-channels.ts'
import { access, http, resolveAccess } from './config-access.ts'
import { backup, resolveBackup } from './config-backup.ts'
import { statusPage } from './config-status.ts'
import { pageSources, resolveSource } from './config-sources.ts'
import { describeIssues } from './config-schema.ts'
import { AppError, messageOf } from './error.ts'

const variables = z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,99}$/), z.string().max(8_192))
const count = z.number().int().min(1).max(100_000)
const seconds = z.number().positive().max(86_400)

const signals = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('prometheus'),
    url: z.url(),
    /** PromQL by signal, each giving one number; `$window` becomes the window. */
    queries: z.record(z.string().max(100), z.string().max(8_192)).default({}),
  }),
  z.strictObject({
    kind: z.literal('scrape'),
    url: z.url(),
    labels: z.record(z.string().max(200), z.string().max(1_024)).default({}),
  }),
])

const target = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('host'), host: z.string().min(1).max(253) }),
  z.strictObject({
    kind: z.literal('kubernetes'),
    context: z.string().min(1).max(253),
    namespace: z.string().max(253).nullable().default(null),
  }),
])

const service = z.strictObject({
  target: target.optional(),
  /** The Deployment, where it is not named as the service. */
  workload: z
    .string()
    .regex(/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/)
    .optional(),
  variables: variables.default({}),
  environment: z
    .strictObject({
      all: variables.default({}),
      observer: variables.default({}),
      operator: variables.default({}),
    })
    .default({ all: {}, observer: {}, operator: {} }),
  signals: signals.nullable().default(null),
})

/** What the file may say. */
export const configSchema = z.strictObject({
  listen: z
    .strictObject({
      host: z.string().min(1).max(253).default('127.0.0.1'),
      port: z.number().int().min(0).max(65_535).default(8_080),
    })
    .default({ host: '127.0.0.1', port: 8_080 }),
  /** Folders with pages; relative ones are relative to the file. */
  runbooks: z.array(z.string().min(1).max(4_096)).max(100).default([]),
  /** Folders and git repositories with pages, by name. */
  sources: pageSources,
  /** Where alerts come from, and when they make an incident. */
  alerting,
  /** People and permissions, and the way in. */
  access,
  http,
  channels,
  /** What is backed up, where to, and how long it is kept. */
  backup,
  oncall,
  statusPage,
  telemetry: telemetrySettings,
  services: z.record(z.string().min(1).max(253), service).default({}),
  response: z
    .strictObject({
      approvalTtlSeconds: seconds.default(600),
      decisionTtlSeconds: seconds.default(1_800),
      sampleEverySeconds: seconds.default(5),
      giveUpAfterSeconds: seconds.default(600),
      parallelReads: z.number().int().min(1).max(64).default(6),
      commandTimeoutSeconds: seconds.default(300),
      endlessWindowSeconds: seconds.default(10),
    })
    .prefault({}),
  changes,
  guard,
  maintenance,
  limits: z
    .strictObject({
      /** Connections that may be open to the HTTP server; one more is answered 503. */
      maxConnections: count.default(1_000),
      /** Connections to PostgreSQL for requests and duties; the engine has its own few. */
      databasePoolSize: count.default(12),
    })
    .prefault({}),
  metrics: z
    .strictObject({
      /** `null`: /metrics is served on the port of everything else. */
      port: z.number().int().min(0).max(65_535).nullable().default(null),
    })
    .prefault({}),
  /** Agents over MCP. */
  mcp: z
    .strictObject({
      /** Whether agents have only tools that read. */
      readOnly: z.boolean().default(true),
      /** Whether a client that declares the Tasks extension gets a run as a task when it waits for its end. */
      tasks: z.boolean().default(false),
      /** Whether runbooks are also offered as skills. */
      skills: z.boolean().default(false),
      /** Origins of web pages that may speak MCP with this server, beside its own: `https://agent.example`. */
      origins: z.array(z.url()).max(50).default([]),
    })
    .prefault({}),
  logLevel: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  /** The log as a file: `/var/log/erlmcp/erlmcp.log`. Default: standard error. */
  logFile: z
    .strictObject({
      path: z.string().min(1).max(4_096),
      /** A file that has grown to this is put aside. */
      maxBytes: z.number().int().min(10_000).max(10_000_000_000).default(50_000_000),
      /** How many that were put aside are kept. */
      keep: z.number().int().min(0).max(100).default(5),
    })
    .nullable()
    .default(null),
})

export type Config = z.output<typeof configSchema> & {
  dataDir: string
  /** `null`: the embedded PostgreSQL. */
  databaseUrl: string | null
  /** `KUBECONFIG` of the process: for a look at a cluster before any service is configured. */
  kubeconfig: string | null
  configFile: string | null
}

/**
 * Configuration: the file (`ERLMCP_CONFIG`, YAML, optional), then the environment over it.
 * @throws AppError `input_invalid` naming the key, `not_found` for a file that is not there.
 */
export function loadConfig(env: Readonly<Record<string, string | undefined>>, dataDir: string): Config {
  const file = env['ERLMCP_CONFIG'] ?? null
  const raw: unknown = file === null ? {} : readConfigFile(file)
  const parsed = configSchema.safeParse(raw ?? {})
  if (!parsed.success) {
    const [first, ...more] = describeIssues(configSchema, parsed.error)
    throw new AppError(
      'input_invalid',
      `${file ?? 'configuration'}: ${first?.path ?? 'top level'}: ${first?.message ?? 'invalid'}${more.length === 0 ? '' : ` (and ${more.length} more)`}`,
      {
        action: '`erlmcp config check` lists every fault, `erlmcp config docs` every key.',
      },
    )
  }
  const base = file === null ? process.cwd() : path.dirname(path.resolve(file))
  const config = parsed.data
  return {
    ...config,
    limits: {
      maxConnections: countOf('ERLMCP_MAX_CONNECTIONS', env) ?? config.limits.maxConnections,
      databasePoolSize: countOf('ERLMCP_DB_POOL_SIZE', env) ?? config.limits.databasePoolSize,
    },
    listen: {
      host: env['ERLMCP_HOST'] ?? config.listen.host,
      port: portOf(env['ERLMCP_PORT']) ?? config.listen.port,
    },
    runbooks: (env['ERLMCP_RUNBOOKS']?.split(path.delimiter) ?? config.runbooks).map((folder) =>
      path.resolve(base, folder),
    ),
    alerting: resolveAlerting(base, config.alerting),
    ...resolveAccess(base, config),
    sources: config.sources.map((source) => resolveSource(base, source)),
    channels: resolveChannels(base, config.channels),
    backup: resolveBackup(base, config.backup),
    telemetry: resolveTelemetry(base, config.telemetry),
    logFile:
      config.logFile === null ? null : { ...config.logFile, path: path.resolve(base, config.logFile.path) },
    oncall: { file: path.resolve(base, config.oncall.file ?? 'erlmcp.oncall.yaml') },
    dataDir,
    databaseUrl: env['DATABASE_URL'] === undefined || env['DATABASE_URL'] === '' ? null : env['DATABASE_URL'],
    kubeconfig: env['KUBECONFIG'] === undefined || env['KUBECONFIG'] === '' ? null : env['KUBECONFIG'],
    configFile: file,
  }
}

/** As YAML has it, not yet judged. @throws AppError `not_found`, `input_invalid` */
export function readConfigFile(file: string): unknown {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new AppError('not_found', `the configuration file ${file} cannot be read: ${messageOf(error)}`, {
      action: 'Set ERLMCP_CONFIG to a file that exists, or unset it.',
      cause: error,
    })
  }
  try {
    return parse(text)
  } catch (error) {
    throw new AppError(
      'input_invalid',
      `${file} is not valid YAML: ${messageOf(error).split('\n', 1)[0] ?? ''}`,
      {
        action: 'Mend the file at the place named.',
        cause: error,
      },
    )
  }
}

function countOf(name: string, env: Readonly<Record<string, string | undefined>>): number | null {
  const text = env[name]
  if (text === undefined || text === '') return null
  const parsed = count.safeParse(Number(text))
  if (parsed.success) return parsed.data
  throw new AppError('input_invalid', `${name} is ${JSON.stringify(text)}, not a count`, {
    action: 'Give a whole number from 1 to 100000.',
  })
}

function portOf(text: string | undefined): number | null {
  if (text === undefined || text === '') return null
  const port = Number(text)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new AppError('input_invalid', `ERLMCP_PORT is ${JSON.stringify(text)}, not a port`, {
    action: 'Give a whole number from 0 (any free port) to 65535.',
  })
}
