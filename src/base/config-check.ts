import { accessSync, constants } from 'node:fs'
import { configSchema, loadConfig, readConfigFile } from './config.ts'
import { describeIssues } from './config-schema.ts'
import { AppError } from './error.ts'

export interface ConfigFinding {
  /** The key, or the variable. */
  path: string
  message: string
}

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Everything that would keep `erlmcp serve` from reading its configuration: unknown keys, wrong values, and files that
 * it names and that cannot be read. Empty: it is valid. Says nothing of whether other services answer.
 */
export function checkConfig(env: Environment, dataDir: string): ConfigFinding[] {
  const file = env['ERLMCP_CONFIG'] ?? null
  try {
    const parsed = configSchema.safeParse(file === null ? {} : (readConfigFile(file) ?? {}))
    if (!parsed.success) return describeIssues(configSchema, parsed.error)
    return missingFiles(loadConfig(env, dataDir), '')
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return [{ path: file ?? 'environment', message: `${error.message}. ${error.action}` }]
  }
}

/** Keys that name a file which has to be there: `tokenFile`, `passwordFile`, `certFile` and their kind, and pages. */
function missingFiles(value: unknown, path: string): ConfigFinding[] {
  if (Array.isArray(value))
    return value.flatMap((each: unknown, index) =>
      path === 'runbooks' ? unreadable(each, path) : missingFiles(each, `${path}[${index}]`),
    )
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, each]: [string, unknown]) => {
    const place = path === '' ? key : `${path}.${key}`
    return key.endsWith('File') || place === 'access.policy'
      ? unreadable(each, place)
      : missingFiles(each, place)
  })
}

function unreadable(file: unknown, path: string): ConfigFinding[] {
  if (typeof file !== 'string') return []
  try {
    accessSync(file, constants.R_OK)
    return []
  } catch {
    return [{ path, message: `${file} cannot be read` }]
  }
}
