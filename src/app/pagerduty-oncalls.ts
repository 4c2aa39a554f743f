import type { Clock } from '../base/clock.ts'
import { messageOf } from '../base/error.ts'
import { readPagerDutyOncalls } from '../communication/index.ts'
import type { Database } from '../db/index.ts'
import { keepSchedules, keptSchedules, schedulesOf } from '../oncall/index.ts'
import type { ScheduledShift } from '../oncall/index.ts'
import type { OncallService } from '../operations/index.ts'
import { secretOf } from './channels.ts'
import { loopDuty } from './loop.ts'
import type { AppOptions, Duty } from './options.ts'

const READ_EVERY_MS = 60_000
const LOOK_EVERY_MS = 5_000
const FRESH_MS = 2_000
/** PagerDuty tells at most 90 days at once. */
const AHEAD_MS = 62 * 86_400_000
const BACK_MS = 86_400_000

/** What was read last, at most two seconds old. */
export function scheduleReader(database: Database): () => Promise<ScheduledShift[]> {
  let last: ScheduledShift[] = []
  let readAt = Number.NEGATIVE_INFINITY
  return async () => {
    if (performance.now() - readAt < FRESH_MS) return last
    last = await keptSchedules(database)
    readAt = performance.now()
    return last
  }
}

/** Reads every minute who is on call by the schedules that the on-call file names. */
export function pagerDutyOncallDuty(
  options: AppOptions,
  clock: Clock,
  database: Database,
  oncall: OncallService,
): Duty[] {
  const { pagerduty } = options.config.channels
  const tokenFile = pagerduty?.apiTokenFile ?? null
  if (pagerduty === null || tokenFile === null) return []
  let readAt = Number.NEGATIVE_INFINITY
  const look = async (): Promise<boolean> => {
    const { roster } = await oncall.state()
    const schedules = schedulesOf(roster)
    if (schedules.length === 0 || performance.now() - readAt < READ_EVERY_MS) return false
    readAt = performance.now()
    try {
      const token = await secretOf(tokenFile, 'channels.pagerduty.apiTokenFile', 1)
      const at = clock.now()
      const range = { from: new Date(at.getTime() - BACK_MS), to: new Date(at.getTime() + AHEAD_MS) }
      const rest = { token, apiUrl: pagerduty.apiUrl, fetch: globalThis.fetch }
      await keepSchedules(database, at, schedules, await readPagerDutyOncalls(rest, schedules, range))
    } catch (error) {
      options.log.warn({ reason: messageOf(error) }, 'PagerDuty was not read; what it said last holds')
    }
    return false
  }
  return [loopDuty({ name: 'on call in PagerDuty', everyMs: LOOK_EVERY_MS, log: options.log, look })]
}
