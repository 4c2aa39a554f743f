import { addTimeline, countFiring } from '../incident/index.ts'
import type { WorkflowContext } from '../workflow/index.ts'
import type { ResponseDeps } from './deps.ts'
import { EVENT_TOPIC } from './events.ts'
import type { ResponseEvent } from './events.ts'

/**
 * The next event from outside, or `null` when the time has passed. That all alerts are resolved is passed on only when
 * it is still so: one that flaps has fired again before it is heard, and then nothing is over.
 */
export async function hear(
  deps: ResponseDeps,
  context: WorkflowContext,
  incidentId: string,
  timeoutMs: number,
): Promise<ResponseEvent | null> {
  for (;;) {
    const event = await context.receive<ResponseEvent>(EVENT_TOPIC, timeoutMs)
    if (event?.kind !== 'alerts-resolved') return event
    const gone = await context.transaction('are the alerts gone', async (trx) => {
      const firing = await countFiring(trx, incidentId)
      if (firing === 0) return true
      await addTimeline(trx, deps.clock.now(), {
        incidentId,
        kind: 'alert.fired-again',
        actor: 'system:erlmcp',
        message: `Not over: ${firing} ${firing === 1 ? 'alert fires' : 'alerts fire'} again`,
      })
      return false
    })
    if (gone) return event
  }
}
