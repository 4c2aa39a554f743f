import { assertNever } from '../base/error.ts'
import type { AppError, ErrorCode } from '../base/error.ts'

/** Overload and a database that is away are 503, never 429: Alertmanager gives up for good on any 4xx. */
export function statusOf(code: ErrorCode): number {
  switch (code) {
    case 'usage':
    case 'input_invalid':
    case 'unsupported':
      return 400
    case 'unauthenticated':
      return 401
    case 'forbidden':
      return 403
    case 'not_found':
      return 404
    case 'conflict':
    case 'approval_expired':
    case 'approval_mismatch':
    case 'approval_used':
    case 'backup_damaged':
    case 'backup_key':
    case 'backup_mismatch':
    case 'database_in_use':
      return 409
    case 'version_mismatch':
      return 412
    case 'too_large':
      return 413
    case 'throttled':
      return 429
    case 'unavailable':
    case 'timeout':
    case 'data_locked':
    case 'data_newer':
    case 'data_unwritable':
    case 'database_missing':
    case 'port_taken':
    case 'tools_missing':
      return 503
    case 'internal':
      return 500
    default:
      return assertNever(code)
  }
}

export interface Problem {
  type: string
  title: string
  status: number
  code: ErrorCode
  detail: string
  action: string
  correlationId: string
  [key: string]: unknown
}

/** RFC 9457 problem details. An unknown error leaks only the correlation id. */
export function problemOf(error: AppError | null, correlationId: string): Problem {
  if (error === null) {
    return {
      type: 'about:blank',
      title: 'internal',
      status: 500,
      code: 'internal',
      detail: 'an unexpected fault',
      action: `Look for ${correlationId} in the log of erlmcp.`,
      correlationId,
    }
  }
  return {
    type: 'about:blank',
    title: error.code,
    status: statusOf(error.code),
    code: error.code,
    detail: error.message,
    action: error.action,
    correlationId,
    ...(Object.keys(error.data).length > 0 ? { data: error.data } : {}),
  }
}
