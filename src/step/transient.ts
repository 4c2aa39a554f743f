import { isConnectionError } from '../db/index.ts'

/** Resources (also a full disk), operator intervention, system errors; a standby that is being promoted; conflicts. */
const PASSING = /^(?:53|57|58|25006|40001|40P01)/

/** Whether the same statement can succeed later without a change: the database is away, full or busy. */
export function isTransient(error: unknown): boolean {
  if (isConnectionError(error)) return true
  return (
    error instanceof Error && 'code' in error && typeof error.code === 'string' && PASSING.test(error.code)
  )
}
