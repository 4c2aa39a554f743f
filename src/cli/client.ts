import { readFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { AppError, ERROR_CODES, messageOf } from '../base/error.ts'
import type { ErrorCode } from '../base/error.ts'
import { asText } from '../base/text.ts'
import { OPERATIONS } from '../operations/index.ts'
import type { OperationName } from '../operations/index.ts'

/** How the terminal reaches erlmcp: a running server, or the local store. */
export interface Client {
  readonly where: string
  call(name: OperationName, input: Record<string, unknown>): Promise<unknown>
  close(): Promise<void>
}

const serverFile = z.object({ url: z.url(), pid: z.number().int() })
const CALL_TIMEOUT_MS = 30_000

/** The server that runs on this data folder, or `null`. */
export function findServer(dataDir: string): { url: string; token: string } | null {
  try {
    const found = serverFile.parse(JSON.parse(readFileSync(path.join(dataDir, 'server.json'), 'utf8')))
    process.kill(found.pid, 0)
    return { url: found.url, token: readFileSync(path.join(dataDir, 'local-token'), 'utf8').trim() }
  } catch {
    return null
  }
}

/** A client of a server's HTTP API. */
export function createRemoteClient(url: string, token: string): Client {
  return {
    where: url,
    async call(name, input) {
      const { method, path: template } = OPERATIONS[name].http
      const rest: Record<string, unknown> = { ...input }
      const filled = template.replaceAll(/:(\w+)/g, (_whole, key: string) => {
        const value = rest[key]
        delete rest[key]
        return encodeURIComponent(asText(value))
      })
      const target = new URL(`/api/v1${filled}`, url)
      if (method === 'GET') {
        for (const [key, value] of Object.entries(rest)) {
          if (value !== undefined) target.searchParams.set(key, asText(value))
        }
      }
      return send(target, method, method === 'POST' ? rest : null, token)
    },
    async close() {},
  }
}

async function send(
  target: URL,
  method: string,
  body: Record<string, unknown> | null,
  token: string,
): Promise<unknown> {
  let response: Response
  try {
    response = await fetch(target, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === null ? {} : { 'content-type': 'application/json' }),
      },
      body: body === null ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
    })
  } catch (error) {
    throw new AppError('unavailable', `${target.origin} does not answer: ${causeOf(error)}`, {
      action: 'Start it with `erlmcp serve`, or name another with --server.',
      retryable: true,
      cause: error,
    })
  }
  const text = await response.text()
  const value = parse(text)
  if (response.ok) return value
  const problem = (value ?? {}) as {
    code?: string
    detail?: string
    action?: string
    data?: Record<string, unknown>
  }
  const code = (
    problem.code !== undefined && problem.code in ERROR_CODES ? problem.code : 'internal'
  ) as ErrorCode
  throw new AppError(code, problem.detail ?? `${target.pathname} answered ${response.status}`, {
    action: problem.action ?? 'Look at the log of the server.',
    data: problem.data ?? {},
  })
}

const causeOf = (error: unknown): string => {
  const cause = error instanceof Error ? error.cause : undefined
  return messageOf(cause ?? error)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
