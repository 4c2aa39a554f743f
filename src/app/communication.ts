import type { Clock } from '../base/clock.ts'
import { createDeliverer } from '../communication/index.ts'
import type { Channel } from '../communication/index.ts'
import type { ChangeFeed, Database } from '../db/index.ts'
import { loopDuty } from './loop.ts'
import type { AppOptions, Duty } from './options.ts'

const LOOK_EVERY_MS = 250

/** Sends what waits in the outbox. */
export function deliveryDuty(
  options: AppOptions,
  clock: Clock,
  database: Database,
  channels: readonly Channel[],
  changes: ChangeFeed,
): Duty {
  const deliverer = createDeliverer({
    database,
    channels,
    now: () => clock.now(),
    onFault: (error) =>
      options.log.warn({ err: error }, 'the outcome of a message could not be written; it is sent again'),
  })
  return loopDuty({
    name: 'deliveries',
    everyMs: LOOK_EVERY_MS,
    log: options.log,
    changes,
    look: async () => (await deliverer.look()) > 0,
    stop: () => deliverer.stop(),
  })
}
