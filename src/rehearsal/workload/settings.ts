import { readFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { actualPort } from './port.ts'

export interface Settings {
  version: string
  podName: string
  host: string
  port: number
  maxConnections: number
  poolSize: number
  logLevel: string
  logDir: string
  memoryLimitBytes: number
  cpuLimitCores: number
  /** What the answers' cache may hold; 0 for none. */
  cacheMegabytes: number
  requestTimeoutMs: number
  database: { host: string; port: number; name: string; user: string; password: string }
}

/** Why the service cannot start; the text is the last line of its log. */
export class StartError extends Error {}

const file = z.strictObject({
  listen: z.strictObject({ port: z.number().int().min(1).max(65_535) }),
  database: z.strictObject({ host: z.string(), port: z.number().int(), name: z.string(), user: z.string() }),
  requestTimeoutMs: z.number().int().min(1).max(60_000),
})

const REQUIRED = ['ERLMCP_MAX_CONNECTIONS', 'ERLMCP_DB_POOL_SIZE', 'DB_PASSWORD', 'LOG_LEVEL'] as const

/** Reads the environment and the configuration file. @throws StartError saying what is missing or wrong */
export function readSettings(env: Record<string, string | undefined>): Settings {
  const missing = REQUIRED.find((name) => (env[name] ?? '') === '')
  if (missing !== undefined) throw new StartError(`missing environment variable ${missing}`)
  const root = env['ROOT_DIR'] ?? ''
  const config = readFile(path.join(root, env['ERLMCP_CONFIG'] ?? '/config/erlmcp.json'))
  return {
    version: env['ERLMCP_VERSION'] ?? '0.0.0',
    podName: env['POD_NAME'] ?? env['HOSTNAME'] ?? 'erlmcp',
    host: env['POD_IP'] ?? '127.0.0.1',
    port: actualPort(config.listen.port, env),
    maxConnections: whole('ERLMCP_MAX_CONNECTIONS', env),
    poolSize: whole('ERLMCP_DB_POOL_SIZE', env),
    logLevel: env['LOG_LEVEL'] ?? 'info',
    logDir: path.join(root, '/var/log/erlmcp'),
    memoryLimitBytes: Number(env['MEMORY_LIMIT'] ?? 0),
    cpuLimitCores: Number(env['CPU_LIMIT_MILLICORES'] ?? 0) / 1_000,
    cacheMegabytes: Number(env['ERLMCP_CACHE_MEGABYTES'] ?? 0),
    requestTimeoutMs: config.requestTimeoutMs,
    database: { ...config.database, port: actualPort(config.database.port, env), host: env['PGHOSTADDR'] ?? config.database.host, password: env['DB_PASSWORD'] ?? '' },
  }
} // prettier-ignore

function readFile(name: string): z.infer<typeof file> {
  try {
    return file.parse(JSON.parse(readFileSync(name, 'utf8')))
  } catch (error) {
    const issue = error instanceof z.ZodError ? error.issues[0] : undefined
    const why = issue === undefined ? (error instanceof Error ? error.message : String(error)) : `${issue.path.join('.')}: ${issue.message}`
    throw new StartError(`configuration error in ${name}: ${why}`)
  } // prettier-ignore
}

function whole(name: string, env: Record<string, string | undefined>): number {
  const value = Number(env[name])
  if (!Number.isInteger(value) || value < 1) throw new StartError(`${name} must be a whole number above 0, not "${env[name] ?? ''}"`)
  return value
} // prettier-ignore
