import { delay } from '../base/clock.ts'
import type { Clock } from '../base/clock.ts'
import { createConsoleChannel, deliverMessages } from '../communication/index.ts'
import type { Database } from '../db/index.ts'
import type { AppOptions, Duty } from './options.ts'

/** Sends what waits in the outbox, several times a second. */
export function deliveryDuty(options: AppOptions, clock: Clock, database: Database): Duty {
  const stopping = new AbortController()
  const channels = [createConsoleChannel(options.write)]
  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        await deliverMessages({ database, channels, now: () => clock.now() })
      } catch (error) {
        options.log.warn({ err: error }, 'messages could not be sent; they are kept')
      }
      await delay(250, stopping.signal).catch(() => undefined)
    }
  }
  let done = Promise.resolve()
  return {
    name: 'deliveries',
    start() {
      done = loop()
    },
    async stop() {
      stopping.abort()
      await done
    },
  }
}
