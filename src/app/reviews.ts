import type { Clock } from '../base/clock.ts'
import type { Config } from '../base/config.ts'
import type { Database } from '../db/index.ts'
import { remindOfOwedReviews } from '../review/index.ts'
import { loopDuty } from './loop.ts'
import type { AppOptions, Duty } from './options.ts'

const LOOK_EVERY_MS = 10 * 60_000

/** Where all leads are told at once. */
export const leadChannels = (config: Config): readonly { channel: string; target: string | null }[] =>
  config.access.tellLeads.length === 0 ? [{ channel: 'console', target: null }] : config.access.tellLeads

/** Says again what is owed after a break-glass. */
export function owedReviewsDuty(options: AppOptions, clock: Clock, database: Database): Duty {
  return loopDuty({
    name: 'owed reviews',
    everyMs: LOOK_EVERY_MS,
    log: options.log,
    look: async () => (await remindOfOwedReviews(database, clock.now(), leadChannels(options.config))) > 0,
  })
}
