import type { Clock } from '../base/clock.ts'
import type { Config } from '../base/config.ts'
import { completeAcknowledgements } from '../communication/index.ts'
import type { MessageKind, MessageRoutes } from '../communication/index.ts'
import type { Database } from '../db/index.ts'
import { loopDuty } from './loop.ts'
import type { AppOptions, Duty } from './options.ts'

const LOOK_EVERY_MS = 2_000

/** Where the messages of pages go, and which of them a person reads first. */
export function messageSettings({ channels }: Config): {
  routes: MessageRoutes
  hold: readonly MessageKind[]
} {
  const { email, webhooks, slack, messages } = channels
  const reserves = [
    ...(email?.to == null ? [] : [{ channel: 'email', target: null }]),
    ...(webhooks['default'] === undefined ? [] : [{ channel: 'webhook', target: null }]),
  ]
  return {
    routes: {
      channels: [
        'console',
        ...(email === null ? [] : ['email']),
        ...(Object.keys(webhooks).length === 0 ? [] : ['webhook']),
        ...(slack === null ? [] : ['slack']),
      ],
      places: messages.places,
      standard: messages.standard,
      reserves,
    },
    hold: messages.hold,
  }
}

/** Completes what erlmcp learns by itself after a message went out. */
export const messageDuty = (options: AppOptions, clock: Clock, database: Database): Duty =>
  loopDuty({
    name: 'messages',
    everyMs: LOOK_EVERY_MS,
    log: options.log,
    look: async () => (await completeAcknowledgements({ database, now: () => clock.now() })) > 0,
  })
