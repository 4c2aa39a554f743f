import { AppError, messageOf } from '../../base/error.ts'
import { asText } from '../../base/text.ts'

export type Row = Record<string, unknown>

/** A running erlmcp as a story needs it: the same API as everybody's, over HTTP. */
export interface Host {
  /** Calls the API with the identity of the one who answers. */
  api(method: 'GET' | 'POST', path: string, body?: Row): Promise<Row>
  /** Posts to the Alertmanager webhook with its token. */
  webhook(body: Row): Promise<Row>
  /** The signal of a service as the verification measures it; `null` where it cannot be. */
  measure(service: string, signal: string): Promise<number | null>
}

const CALL_TIMEOUT_MS = 60_000

/** @throws AppError `conflict` with the API's own words, `unavailable` when nothing answers. */
export function createHost(options: {
  address(): string
  webhookToken(): string
  answerToken: string
  measure: Host['measure']
}): Host {
  return {
    api(method, at, body) {
      const send = (): Promise<Row> =>
        call(`${options.address()}/api/v1${at}`, method, options.answerToken, body)
      // an answer that was given is not given again
      return method === 'GET' ? patiently(send) : send()
    },
    // as Alertmanager does; what arrives twice is stored once
    webhook: (body) =>
      patiently(() =>
        call(`${options.address()}/webhooks/alertmanager`, 'POST', options.webhookToken(), body),
      ),
    measure: options.measure,
  }
}

const TRIES = 4

/** On a machine that is busy with other work an answer may take longer than a call waits. */
async function patiently<T>(send: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await send()
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'unavailable' || tries === TRIES) throw error
    }
  }
}

async function call(url: string, method: 'GET' | 'POST', token: string, body?: Row): Promise<Row> {
  const response = await fetch(url, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
  }).catch((error: unknown) => {
    throw new AppError('unavailable', `${url} does not answer: ${messageOf(error)}`, {
      action: 'Start again.',
      cause: error,
    })
  })
  const value = (await response.json()) as Row
  if (response.ok) return value
  throw new AppError('conflict', asText(value['detail']) || `${url} answered ${response.status}`, {
    action: asText(value['action']) || 'Look at the log.',
    data: { status: response.status },
  })
}

export const rows = (value: unknown): Row[] => (Array.isArray(value) ? (value as Row[]) : [])
