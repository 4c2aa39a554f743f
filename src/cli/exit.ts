import { AppError, assertNever } from '../base/error.ts'
import type { ErrorCode } from '../base/error.ts'

/** 0 done, 1 failed, 2 usage, 3 refused, 4 waiting for a person. */
export const EXIT = { done: 0, failed: 1, usage: 2, refused: 3, waiting: 4 } as const

export function exitCodeOf(error: unknown): number {
  if (!(error instanceof AppError)) return EXIT.failed
  return exitForCode(error.code)
}

function exitForCode(code: ErrorCode): number {
  switch (code) {
    case 'usage':
    case 'input_invalid':
    case 'unsupported':
      return EXIT.usage
    case 'forbidden':
    case 'unauthenticated':
    case 'conflict':
    case 'version_mismatch':
    case 'approval_expired':
    case 'approval_mismatch':
    case 'approval_used':
      return EXIT.refused
    case 'not_found':
    case 'too_large':
    case 'throttled':
    case 'unavailable':
    case 'timeout':
    case 'data_locked':
    case 'data_newer':
    case 'data_unwritable':
    case 'database_missing':
    case 'port_taken':
    case 'backup_damaged':
    case 'backup_key':
    case 'backup_mismatch':
    case 'tools_missing':
    case 'database_in_use':
    case 'internal':
      return EXIT.failed
    default:
      return assertNever(code)
  }
}

/** One error for people: what happened, and what to do next. */
export function describeError(error: unknown): string {
  if (error instanceof AppError) return `erlmcp: ${error.message}\n  ${error.action} [${error.code}]`
  return `erlmcp: ${error instanceof Error ? error.message : String(error)}`
}
