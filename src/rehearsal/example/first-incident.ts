import path from 'node:path'
import type { Clock } from '../../base/clock.ts'
import type { Host, Responder } from '../story/index.ts'
import { startLoad } from './load.ts'
import type { OrdersService } from './orders.ts'
import { startOrders } from './orders.ts'
import { playIncident } from './play.ts'

export interface FirstIncident {
  orders: OrdersService
  run(host: Host): Promise<string>
  stop(): Promise<void>
}

const REQUESTS_PER_SECOND = 150

/** Installs and starts the example's service under load; `run` then plays its incident against a running erlmcp. */
export async function prepareFirstIncident(options: {
  shippedDir: string
  dataDir: string
  clock: Clock
  responder: Responder
  write(text: string): void
  signal: AbortSignal
}): Promise<FirstIncident> {
  const orders = await startOrders(options.shippedDir, path.join(options.dataDir, 'orders'))
  const load = startLoad(orders.url, REQUESTS_PER_SECOND)
  return {
    orders,
    run: (host) => playIncident({ ...options, host }, orders),
    async stop() {
      load.stop()
      await orders.stop()
    },
  }
}
