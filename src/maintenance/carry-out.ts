import { appendAudit, SYSTEM_ACTOR } from '../access/index.ts'
import { messageOf } from '../base/error.ts'
import { queueMessage } from '../communication/index.ts'
import type { Transaction } from '../db/index.ts'
import { addTimeline, declareIncident } from '../incident/index.ts'
import { RESPONSE_WORKFLOW } from '../response/index.ts'
import { addDutyEvent, consumeDutyApproval } from '../rollout/index.ts'
import type { WorkflowContext } from '../workflow/index.ts'
import { announce } from './announce.ts'
import { runOnce } from './command.ts'
import type { Carrying, MaintenanceDeps } from './command.ts'
import { drainCommand, scaleCommand } from './plan.ts'
import { placesOf } from './places.ts'
import { restorePart } from './restore.ts'
import { findSession, findWindow, moveSession, windowName } from './store.ts'
import type { Session, SessionState, WindowRow } from './store.ts'

export const MAINTENANCE_WORKFLOW = 'maintenance-session'
export const END_TOPIC = 'maintenance.end'

/**
 * Carries a window out: drain, scale down, hand over, wait for its end, and back. Whatever goes wrong, and whoever never
 * comes back, traffic is restored; where that cannot be done, people are paged. All of it survives a crash.
 */
export async function carryOutWindow(
  deps: MaintenanceDeps,
  context: WorkflowContext,
  sessionId: string,
): Promise<void> {
  const session = await context.step('read session', () => findSession(deps.database.kysely, sessionId))
  const window = await context.step('read window', () => findWindow(deps.database.kysely, session.window_id))
  const carrying = { deps, context, window, session }
  const refused = await begin(carrying)
  if (refused !== null) return end(carrying, 'failed', `it was not started: ${refused}`)
  const failed = await takeDown(carrying)
  const why = failed === null ? await handOver(carrying) : `it could not be started: ${failed}`
  await bringBack(carrying, why, failed !== null)
}

/** Uses the approval up. @returns why it may not begin, or `null`. */
async function begin({ deps, context, window, session }: Carrying): Promise<string | null> {
  return context.transaction('begin', async (trx) => {
    const about = placesOf(deps.policy, window.services, session.plan.parts)
    const what = {
      subject: subjectOf(session),
      hash: session.hash,
      risk: 'change' as const,
      title: window.title,
    }
    try {
      await consumeDutyApproval(trx, deps.clock.now(), what, about)
    } catch (error) {
      return messageOf(error)
    }
    await say(deps, trx, window, session, 'maintenance.started', `has begun (${session.started_by})`)
    return null
  })
}

/** What approvals of one occurrence are about. */
export const subjectOf = ({ window_id, from_at }: Pick<Session, 'window_id' | 'from_at'>): string =>
  `${window_id}@${from_at.toISOString()}`

/** Drains and scales down. @returns why not, or `null`. */
async function takeDown(carrying: Carrying): Promise<string | null> {
  for (const part of carrying.session.plan.parts) {
    for (const front of part.fronts) {
      const failed = await runOnce(
        carrying,
        `drain ${part.service} ${front.name}`,
        part,
        drainCommand(part, front),
      )
      if (failed !== null) return `service ${front.name} was not drained: ${failed}`
    }
    if (part.keep !== null && part.keep < part.replicas) {
      const command = scaleCommand(part, part.workload, part.replicas, part.keep)
      const failed = await runOnce(carrying, `scale down ${part.service}`, part, command)
      if (failed !== null) return `${part.workload} was not scaled down: ${failed}`
    }
  }
  return null
}

/** The work is done by people now. @returns why it is over. */
async function handOver({ deps, context, window, session }: Carrying): Promise<string> {
  const leftMs = await context.transaction('hand over', async (trx) => {
    await moveSession(trx, session.id, ['starting'], { state: 'open' })
    await say(deps, trx, window, session, 'maintenance.open', `is handed over to ${session.started_by}; it ends at ${session.to_at.toISOString()}`) // prettier-ignore
    return Math.max(0, session.to_at.getTime() - deps.clock.now().getTime())
  })
  const message = await context.receive<{ by: string; reason: string }>(END_TOPIC, leftMs)
  if (message !== null) return `ended by ${message.by}: ${message.reason}`
  await context.transaction('overrun', (trx) =>
    page(deps, trx, window, session, 'has overrun; traffic is restored by itself now', 'overrun'),
  )
  return 'it has overrun'
}

async function bringBack(carrying: Carrying, why: string, neverOpened: boolean): Promise<void> {
  const { deps, context, window, session } = carrying
  await context.transaction('restore', async (trx) => {
    await moveSession(trx, session.id, ['starting', 'open'], { state: 'restoring' })
    await say(deps, trx, window, session, 'maintenance.restoring', `is being ended: ${why}`)
  })
  const problems: string[] = []
  for (const part of session.plan.parts) problems.push(...(await restorePart(carrying, part)))
  if (problems.length > 0) {
    const text = `could not be ended cleanly: ${problems.join('; ')}`
    await context.transaction('page', (trx) => page(deps, trx, window, session, text, 'restore'))
  }
  const outcome = [why, ...problems].join('; ')
  await end(carrying, neverOpened || problems.length > 0 ? 'failed' : 'ended', outcome)
}

async function end(
  { deps, context, window, session }: Carrying,
  state: SessionState,
  outcome: string,
): Promise<void> {
  await context.transaction('end', async (trx) => {
    const at = deps.clock.now()
    await moveSession(trx, session.id, ['starting', 'open', 'restoring'], { state, endedAt: at, outcome })
    await appendAudit(trx, at, {
      actor: SYSTEM_ACTOR,
      operation: 'maintenance.finish',
      subject: session.id,
      outcome: state === 'ended' ? 'done' : 'failed',
      data: { window: window.id, outcome },
    })
    await announce(trx, at, window, {
      state: 'completed',
      occurrence: null,
      by: SYSTEM_ACTOR.id,
      subject: session.id,
    })
    await say(deps, trx, window, session, 'maintenance.ended', `${state === 'ended' ? 'is over' : 'has FAILED'}: ${outcome}`) // prettier-ignore
  })
}

/** An event, and the same words for people. */
export async function say(
  deps: Pick<MaintenanceDeps, 'clock' | 'tell'>,
  trx: Transaction,
  window: WindowRow,
  session: Session,
  kind: string,
  text: string,
): Promise<void> {
  const at = deps.clock.now()
  const message = `${windowName(window)} "${window.title}" (${window.services.join(', ')}) ${text}`
  await addDutyEvent(trx, at, {
    subject: session.id,
    kind,
    actor: SYSTEM_ACTOR.id,
    message,
    dedupKey: kind,
  })
  for (const place of deps.tell) {
    await queueMessage(trx, at, {
      ...place,
      incidentId: null,
      kind: 'maintenance',
      subject: message.slice(0, 200),
      body: message,
      dedupKey: `${session.id}:${kind}:${place.channel}:${place.target ?? ''}`,
    })
  }
}

/** Something that people have to see to: an incident of the window, which pages as every other does. */
async function page(
  deps: MaintenanceDeps,
  trx: Transaction,
  window: WindowRow,
  session: Session,
  text: string,
  what: string,
): Promise<void> {
  const at = deps.clock.now()
  const { incidentId, declared } = await declareIncident(trx, at, {
    source: 'maintenance',
    groupKey: `${session.id}:${what}`,
    title: `Maintenance ${windowName(window)} "${window.title}" ${text}`.slice(0, 300),
    severity: deps.settings.severity,
    service: window.services[0] ?? null,
    alertName: 'MaintenanceOverrun',
    labels: { service: window.services[0] ?? '', window: windowName(window) },
    annotations: {},
  })
  await addTimeline(trx, at, {
    incidentId,
    kind: 'maintenance.failed',
    actor: SYSTEM_ACTOR.id,
    message: `${windowName(window)} ${text}. Way back: ${window.rollback_plan}`,
  })
  await say(deps, trx, window, session, `maintenance.${what}`, text)
  if (declared) await deps.engine.start(trx, RESPONSE_WORKFLOW, incidentId, { incidentId })
}
