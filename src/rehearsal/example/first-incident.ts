import path from 'node:path'
import { messageOf } from '../../base/error.ts'
import type { Clock } from '../../base/clock.ts'
import { AppError } from '../../base/error.ts'
import { asText } from '../../base/text.ts'
import { startLoad } from './load.ts'
import type { OrdersService } from './orders.ts'
import { startOrders } from './orders.ts'
import { playIncident } from './play.ts'

/** The part of the running erlmcp that the play needs; the same API as everybody's, over HTTP. */
export interface PlayHost {
  address(): string
  webhookToken(): string
  /** Token of the one who answers: the person at the terminal, or with `--auto` the rehearsal's own identity. */
  answerToken: string
  measure(service: string, signal: string): Promise<number | null>
}

export interface FirstIncident {
  orders: OrdersService
  run(host: PlayHost): Promise<string>
  stop(): Promise<void>
}

const REQUESTS_PER_SECOND = 150

/** Installs and starts the example's service under load; `run` then plays its incident against a running erlmcp. */
export async function prepareFirstIncident(options: {
  shippedDir: string
  dataDir: string
  clock: Clock
  auto: boolean
  write(text: string): void
  ask(question: string): Promise<string | null>
  signal: AbortSignal
}): Promise<FirstIncident> {
  const orders = await startOrders(options.shippedDir, path.join(options.dataDir, 'orders'))
  const load = startLoad(orders.url, REQUESTS_PER_SECOND)
  return {
    orders,
    run: (host) =>
      playIncident(
        {
          clock: options.clock,
          write: options.write,
          ask: options.ask,
          auto: options.auto,
          signal: options.signal,
          errorRate: () => host.measure('orders', 'error_rate'),
          api: (method, at, body) => call(`${host.address()}/api/v1${at}`, method, host.answerToken, body),
          async webhook(body) {
            await call(`${host.address()}/webhooks/alertmanager`, 'POST', host.webhookToken(), body)
          },
        },
        orders,
      ),
    async stop() {
      load.stop()
      await orders.stop()
    },
  }
}

async function call(
  url: string,
  method: 'GET' | 'POST',
  token: string,
  body?: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  const response = await fetch(url, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(30_000),
  }).catch((error: unknown) => {
    throw new AppError('unavailable', `${url} does not answer: ${messageOf(error)}`, {
      action: 'Start again.',
      cause: error,
    })
  })
  const value = (await response.json()) as Record<string, unknown>
  if (response.ok) return value
  throw new AppError('conflict', asText(value['detail']) || `${url} answered ${response.status}`, {
    action: asText(value['action']) || 'Look at the log.',
    data: { status: response.status },
  })
}
