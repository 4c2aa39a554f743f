import type { Transaction as KyselyTransaction } from 'kysely'
import { delay } from '../base/clock.ts'
import type { Database } from './pool.ts'
import type { Schema } from './schema.ts'

export type Transaction = KyselyTransaction<Schema>

const MAX_TRIES = 8

/**
 * Runs `body` in one transaction; again from its start after a deadlock or a serialization failure, at most 8 times.
 * `body` therefore does nothing but SQL.
 */
export async function withTransaction<T>(
  database: Database,
  body: (trx: Transaction) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await database.kysely.transaction().execute(async (trx) => {
        await database.begin?.(trx)
        return body(trx)
      })
    } catch (error) {
      if (attempt >= MAX_TRIES || !isConflict(error)) throw error
      await delay(5 * 2 ** attempt)
    }
  }
}

const sqlState = (error: unknown): string => {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : ''
}

const isConflict = (error: unknown): boolean => sqlState(error) === '40001' || sqlState(error) === '40P01'

export const isUniqueViolation = (error: unknown): boolean => sqlState(error) === '23505'

/** Whether the database is away or going away, so that the same call can succeed later. */
export function isConnectionError(error: unknown): boolean {
  const code = sqlState(error)
  if (/^(08|57P0|53300|ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)/.test(code))
    return true
  const message = error instanceof Error ? error.message : ''
  return /timeout exceeded when trying to connect|Connection terminated|Connection ended|Client has encountered a connection error/i.test(
    message,
  )
}

/** Retries `body` for as long as the database is away, with pauses from 100 ms to 5 s. */
export async function whenDatabaseIsBack<T>(body: () => Promise<T>): Promise<T> {
  for (let pauseMs = 100; ; pauseMs = Math.min(pauseMs * 2, 5_000)) {
    try {
      return await body()
    } catch (error) {
      if (!isConnectionError(error)) throw error
      await delay(pauseMs)
    }
  }
}
