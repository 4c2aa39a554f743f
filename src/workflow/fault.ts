import { DBOSError } from '@dbos-inc/dbos-sdk/datasource'
import { AppError, ERROR_CODES, messageOf } from '../base/error.ts'
import type { ErrorCode } from '../base/error.ts'

/** An error as it is recorded with a step. */
interface Fault {
  name: string
  message: string
  code: string | null
  app: { action: string; retryable: boolean; data: Record<string, unknown> } | null
}

export type Captured<T> = { value: T } | { fault: Fault }

/**
 * What a step comes to, as a value: the engine's own record of an error loses its class. The engine's signals (the
 * workflow is cancelled, or another's now) are no outcome of the step and go through.
 */
export async function capture<T>(body: () => Promise<T>): Promise<Captured<T>> {
  try {
    return { value: await body() }
  } catch (error) {
    if (error instanceof DBOSError) throw error
    return { fault: faultOf(error) }
  }
}

/** The value, or the error: the same at the first run and at every replay. */
export function release<T>(captured: Captured<T>): T {
  if ('fault' in captured) throw errorOf(captured.fault)
  return captured.value
}

function faultOf(error: unknown): Fault {
  const { name, code } =
    error instanceof Error ? (error as Error & { code?: unknown }) : { name: 'Error', code: null }
  return {
    name,
    message: messageOf(error),
    code: typeof code === 'string' ? code : null,
    app:
      error instanceof AppError
        ? { action: error.action, retryable: error.retryable, data: plain(error.data) }
        : null,
  }
}

const plain = (data: Record<string, unknown>): Record<string, unknown> =>
  JSON.parse(JSON.stringify(data)) as Record<string, unknown>

function errorOf(fault: Fault): Error {
  if (fault.app !== null && fault.code !== null && fault.code in ERROR_CODES) {
    return new AppError(fault.code as ErrorCode, fault.message, fault.app)
  }
  const error = new Error(fault.message)
  error.name = fault.name
  return fault.code === null ? error : Object.assign(error, { code: fault.code })
}
