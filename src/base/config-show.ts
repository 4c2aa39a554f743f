import { loadConfig, readConfigFile } from './config.ts'
import { createRedactor } from './redact.ts'

/** Variables of the environment and the keys that they win over; `null`: there is no key. */
export const ENVIRONMENT = [
  { name: 'ERLMCP_CONFIG', path: 'configFile', what: 'the file with the keys below' },
  { name: 'ERLMCP_DATA_DIR', path: 'dataDir', what: 'database, tokens, reviews, working folders of runs' },
  { name: 'DATABASE_URL', path: 'databaseUrl', what: 'a PostgreSQL 15 or newer; unset: the embedded one' },
  { name: 'ERLMCP_HOST', path: 'listen.host', what: 'where to listen' },
  { name: 'ERLMCP_PORT', path: 'listen.port', what: 'where to listen; 0 takes any free port' },
  { name: 'ERLMCP_RUNBOOKS', path: 'runbooks', what: 'folders with pages, separated by `:`' },
  {
    name: 'ERLMCP_MAX_CONNECTIONS',
    path: 'limits.maxConnections',
    what: 'connections to the HTTP server; one more is answered 503',
  },
  { name: 'ERLMCP_DB_POOL_SIZE', path: 'limits.databasePoolSize', what: 'connections to PostgreSQL' },
] as const

export interface ConfigValue {
  path: string
  value: unknown
  source: 'default' | 'file' | 'environment'
  /** The variable, where that is the source. */
  variable: string | null
}

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Every value in force and where it comes from, secrets blanked. Paths in files are shown as they are used: absolute.
 * @throws AppError as loadConfig does, for a configuration that is not valid.
 */
export function showConfig(env: Environment, dataDir: string): ConfigValue[] {
  const config = loadConfig(env, dataDir)
  const file = config.configFile === null ? {} : readConfigFile(config.configFile)
  const redactor = createRedactor().knowing(
    Object.fromEntries(Object.entries(env).filter((each): each is [string, string] => each[1] !== undefined)),
  )
  const blanked = redactor.value(config) as Record<string, unknown>
  return leaves(blanked, []).map(({ path, value }) => {
    const name = path.join('.')
    const variable = ENVIRONMENT.find((each) => each.path === name && (env[each.name] ?? '') !== '')?.name
    const source = variable !== undefined ? 'environment' : isGiven(file, path) ? 'file' : 'default'
    return { path: name, value, source, variable: variable ?? null }
  })
}

/** Whether the file says something at this path. */
function isGiven(file: unknown, path: readonly string[]): boolean {
  let at: unknown = file
  for (const segment of path) {
    if (typeof at !== 'object' || at === null || !(segment in at)) return false
    at = (at as Record<string, unknown>)[segment]
  }
  return true
}

/** Lists are one value: where a file gives one it gives all of it. */
function leaves(value: unknown, path: readonly string[]): { path: readonly string[]; value: unknown }[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [{ path, value }]
  const entries = Object.entries(value)
  return entries.length === 0
    ? [{ path, value }]
    : entries.flatMap(([key, each]) => leaves(each, [...path, key]))
}

/** As a person reads it. */
export const renderConfig = (values: readonly ConfigValue[]): string =>
  values
    .map(
      ({ path, value, source, variable }) =>
        `${path} = ${JSON.stringify(value) ?? 'unset'}  (${variable ?? source})`,
    )
    .join('\n')
