/** Permanent error codes. A code is never renamed or reused; `docs/reference/errors.md` is generated from this table. */
export const ERROR_CODES = {
  usage: 'The request or the command line is not of the expected form.',
  input_invalid: 'A value from outside does not fit its schema.',
  not_found: 'The thing asked for does not exist, or this identity may not see it.',
  forbidden: 'This identity may not do this.',
  unauthenticated: 'No valid credentials were given.',
  conflict: 'The thing has changed since, or is in a state that does not allow this.',
  version_mismatch: 'Somebody else has changed the thing since it was read.',
  too_large: 'The body, page or file is larger than the limit.',
  unsupported: 'This form, version or platform is not supported.',
  throttled: 'Too many attempts or requests; it can be tried again later.',
  unavailable: 'A service that is needed does not answer; nothing was lost.',
  timeout: 'The time limit has passed.',
  approval_expired: 'The approval was not used in time and is void.',
  approval_mismatch: 'The approval is for another command, identity or target.',
  approval_used: 'The approval has been used once already.',
  data_locked: 'Another erlmcp already uses this data folder.',
  data_newer: 'The data was written by a newer erlmcp.',
  data_unwritable: 'The data folder cannot be written.',
  database_missing: 'No PostgreSQL could be found or started.',
  port_taken: 'The address is in use by another process.',
  backup_damaged: 'A backup was truncated or changed, or is not in a form that can be read.',
  backup_key: 'No key at hand opens the backup.',
  backup_mismatch: 'What was restored is not what was backed up.',
  tools_missing: 'No pg_dump or pg_restore of a fitting version was found.',
  database_in_use: 'Sessions are still connected to the database; nothing was changed.',
  internal: 'An unexpected fault; the correlation id finds it in the log.',
} as const

export type ErrorCode = keyof typeof ERROR_CODES

export interface AppErrorDetails {
  /** What the operator does next, as one sentence. */
  action: string
  /** Whether the same request can succeed later without a change. Default false. */
  retryable?: boolean
  /** Values that help; never secrets. */
  data?: Record<string, unknown>
  cause?: unknown
}

/**
 * The one class for refusals and faults.
 * `message` says what happened, to what, why, with the value received; `action` says what to do next.
 */
export class AppError extends Error {
  readonly code: ErrorCode
  readonly action: string
  readonly retryable: boolean
  readonly data: Record<string, unknown>

  constructor(code: ErrorCode, message: string, details: AppErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'AppError'
    this.code = code
    this.action = details.action
    this.retryable = details.retryable ?? false
    this.data = details.data ?? {}
  }
}

/** For the default branch of a switch over a closed set. */
export function assertNever(value: never): never {
  throw new Error(`unexpected value ${JSON.stringify(value)}`)
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
