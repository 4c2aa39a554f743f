import { sql } from 'kysely'
import type { Actor } from '../access/index.ts'
import { appendAudit } from '../access/index.ts'
import { AppError } from '../base/error.ts'
import { newId } from '../base/id.ts'
import { createRedactor } from '../base/redact.ts'
import { withTransaction } from '../db/index.ts'
import type { Transaction } from '../db/index.ts'
import {
  announce,
  END_TOPIC,
  findWindow,
  lastSession,
  liveWindows,
  MAINTENANCE_WORKFLOW,
  missing,
  occurrencesBetween,
  overlapsOf,
  placesOf,
  subjectOf,
  windowName,
} from '../maintenance/index.ts'
import type { Occurrence, Session, WindowPlan, WindowRow } from '../maintenance/index.ts'
import { readMoment } from '../oncall/index.ts'
import { approveDuty } from '../rollout/index.ts'
import type { InputOf } from './catalogue.ts'
import type { HandlersOf, OperationDeps } from './deps.ts'
import {
  checklistAfter,
  checklistBefore,
  deployGate,
  line,
  listWindows,
  occurrenceOf,
  planNow,
  showCalendar,
  showWindow,
} from './maintenance-view.ts'

const redactor = createRedactor()

type MaintenanceVerb =
  | `maintenance.${'plan' | 'list' | 'show' | 'tick' | 'start' | 'end' | 'cancel' | 'calendar'}`
  | 'gate.deploy'

export const maintenanceHandlers: HandlersOf<MaintenanceVerb> = {
  'maintenance.plan': plan,
  'maintenance.list': (deps, _actor, input) => listWindows(deps, input.service ?? null),
  'maintenance.show': async (deps, _actor, input) =>
    showWindow(deps, await findWindow(deps.database.kysely, input.id)),
  'maintenance.tick': tick,
  'maintenance.start': start,
  'maintenance.end': end,
  'maintenance.cancel': cancel,
  'maintenance.calendar': (deps, _actor, input) => showCalendar(deps, input.service ?? null),
  'gate.deploy': (deps, _actor, input) => deployGate(deps, input.service),
}

/** A window may begin a little before its time: people are punctual in both directions. */
const EARLY_MS = 15 * 60_000
const OVERLAP_DAYS = 90

async function plan(deps: OperationDeps, actor: Actor, input: InputOf<'maintenance.plan'>): Promise<unknown> {
  const at = deps.clock.now()
  const { starts, minutes, zone, repeats, until, kind } = input
  const schedule = { starts, minutes, zone, repeats, until: until ?? null }
  if (readMoment(starts, zone) === null || occurrencesBetween(schedule, at, new Date(at.getTime() + 400 * 86_400_000)).length === 0) {
    throw new AppError('input_invalid', `${starts} in ${zone}${until === undefined ? '' : ` until ${until}`} is no time to come`, {
      action: 'Give a wall-clock time in the future and an IANA zone: --starts 2026-12-24T22:00 --zone Europe/Berlin.',
    })
  } // prettier-ignore
  const overlaps = overlapsOf(
    schedule,
    input.services,
    await liveWindows(deps.database.kysely),
    at,
    OVERLAP_DAYS,
  )
  const freeze = overlaps.find((each) => each.kind === 'freeze')
  if (kind === 'maintenance' && freeze !== undefined) {
    throw new AppError(
      'conflict',
      `it falls into the change freeze ${freeze.window} "${freeze.title}" (${freeze.from.toISOString()} to ${freeze.to.toISOString()})`,
      {
        action: 'Choose another time, or cancel the freeze.',
      },
    )
  }
  const unknown = input.components.find(
    (name) => deps.statusPage?.components.every((one) => one.name !== name) ?? true,
  )
  if (unknown !== undefined) {
    throw new AppError('input_invalid', `the status page has no component ${JSON.stringify(unknown)}`, {
      action: 'They stand in the configuration, under statusPage.components.',
    })
  }
  const windowId = newId('mwn')
  const window = await withTransaction(deps.database, async (trx) => {
    await trx
      .insertInto('maintenance_window')
      .values({
        id: windowId,
        kind,
        title: input.title,
        services: input.services,
        starts,
        minutes,
        zone,
        repeats,
        until: until ?? null,
        rollback_plan: input.rollbackPlan,
        drain: input.drain,
        keep_replicas: input.keepReplicas ?? null,
        announcement: input.announcement === undefined ? null : redactor.text(input.announcement),
        components: input.components,
        created_by: actor.id,
        created_at: at,
      })
      .execute()
    await appendAudit(trx, at, { actor, operation: 'maintenance.plan', subject: windowId, outcome: 'done', data: { ...input } }) // prettier-ignore
    const planned = await findWindow(trx, windowId)
    const occurrence = occurrencesBetween(schedule, at, new Date(at.getTime() + 400 * 86_400_000))[0] ?? null
    await announce(trx, at, planned, { state: 'scheduled', occurrence, by: actor.id, subject: windowId })
    return findWindow(trx, windowId)
  })
  return { ...line(window, at, null), overlaps }
}

async function tick(deps: OperationDeps, actor: Actor, input: InputOf<'maintenance.tick'>): Promise<unknown> {
  const database = deps.database.kysely
  const window = await findWindow(database, input.id)
  const session = await lastSession(database, window.id)
  const at = deps.clock.now()
  const next = occurrenceOf(window, at, session)
  const before = await checklistBefore(deps, window, next)
  const after = session === null ? [] : await checklistAfter(deps, window, session)
  const isBefore = before.some(({ id }) => id === input.item)
  const item = [...before, ...after].find(({ id }) => id === input.item)
  const from = isBefore ? next?.from : session?.from_at
  if (item === undefined || from === undefined) {
    throw new AppError('not_found', `its checklist has no item ${JSON.stringify(input.item)} now`, {
      action: `There are: ${[...before, ...after].map(({ id }) => id).join(', ') || 'none'}.`,
    })
  }
  if (item.checked !== null) {
    throw new AppError('conflict', `"${item.text}" is checked by erlmcp itself: ${item.checked.says}`, {
      action: 'Mend what it says; nobody ticks it.',
    })
  }
  await withTransaction(deps.database, async (trx) => {
    await trx
      .insertInto('maintenance_tick')
      .values({
        window_id: window.id,
        from_at: from,
        item: item.id,
        done: input.done,
        by: actor.id,
        at,
        note: input.note ?? null,
      }) // prettier-ignore
      .execute()
    await appendAudit(trx, at, { actor, operation: 'maintenance.tick', subject: window.id, outcome: 'done', data: { item: item.id, done: input.done, from } }) // prettier-ignore
  })
  return { window: windowName(window), item: item.id, done: input.done }
}

async function start(
  deps: OperationDeps,
  actor: Actor,
  input: InputOf<'maintenance.start'>,
): Promise<unknown> {
  const window = await findWindow(deps.database.kysely, input.id)
  const session = await lastSession(deps.database.kysely, window.id)
  const at = deps.clock.now()
  const occurrence = startable(window, session, at)
  const unmet = missing(await checklistBefore(deps, window, occurrence))
  if (unmet.length > 0) {
    throw new AppError('conflict', `${windowName(window)} cannot be started; not done: ${unmet.join('; ')}`, {
      action: `Tick what is done with \`erlmcp maintenance tick ${windowName(window)} ITEM\`.`,
      data: { missing: unmet },
    })
  }
  const plan = await planNow(deps, window)
  refuseProblems(plan, input.hash)
  return withTransaction(deps.database, async (trx) => {
    await refuseOverlap(trx, window)
    const sessionId = newId('mws')
    const what = {
      subject: subjectOf({ window_id: window.id, from_at: occurrence.from }),
      hash: plan.hash,
      risk: 'change' as const,
      requestedBy: window.created_by,
      title: window.title,
    }
    const expiresAt = new Date(at.getTime() + deps.approvalTtlMs)
    const by = { actor, reason: input.reason ?? null, breakGlass: false, expiresAt }
    const places = placesOf(deps.policy?.policy, window.services, plan.parts)
    const approved = await approveDuty(trx, at, what, by, places)
    const started = approved.given >= approved.needed
    if (started)
      await begin(deps, trx, { window, occurrence, plan, sessionId, hash: plan.hash, by: actor.id, at })
    await appendAudit(trx, at, {
      actor,
      operation: 'maintenance.start',
      subject: window.id,
      outcome: 'done',
      data: { hash: plan.hash, ...approved, from: occurrence.from },
    })
    return { window: windowName(window), session: started ? sessionId : null, started, ...approved }
  })
}

function startable(window: WindowRow, session: Session | null, at: Date): Occurrence {
  const refuse = (why: string, action: string): AppError =>
    new AppError('conflict', `${windowName(window)} cannot be started: ${why}`, { action })
  if (window.kind === 'freeze') throw refuse('it is a freeze', 'A freeze holds by itself.')
  if (window.cancelled_at !== null) throw refuse('it was cancelled', 'Plan another one.')
  if (session !== null && session.ended_at === null)
    throw refuse(`it is ${session.state}`, 'It is on already.')
  const next = occurrenceOf(window, at, session)
  if (next === null) throw refuse('its time has passed', 'Plan another one.')
  if (next.from.getTime() - at.getTime() > EARLY_MS)
    throw refuse(
      `it begins at ${next.from.toISOString()}`,
      'It can be started from 15 minutes before its time.',
    )
  return next
}

function refuseProblems(plan: WindowPlan, hash: string): void {
  if (plan.problems.length > 0)
    throw new AppError('conflict', plan.problems.join('; '), {
      action: 'Mend that, or plan the window with --drain none.',
    })
  if (hash !== plan.hash)
    throw new AppError('approval_mismatch', 'what it would do is not what was shown', {
      action: 'Look at it again with `erlmcp maintenance show`.',
    })
}

async function refuseOverlap(trx: Transaction, window: WindowRow): Promise<void> {
  const other = await trx
    .selectFrom('maintenance_session')
    .innerJoin('maintenance_window', 'maintenance_window.id', 'maintenance_session.window_id')
    .select(['maintenance_window.number', 'maintenance_window.title'])
    .where('maintenance_session.ended_at', 'is', null)
    .where(sql<boolean>`maintenance_window.services && ${window.services}::text[]`)
    .limit(1)
    .executeTakeFirst()
  if (other === undefined) return
  throw new AppError('conflict', `MW-${other.number} "${other.title}" of the same services is on`, {
    action: 'End that one first.',
  })
}

async function begin(
  deps: OperationDeps,
  trx: Transaction,
  it: { window: WindowRow; occurrence: Occurrence; plan: WindowPlan; sessionId: string; hash: string; by: string; at: Date }, // prettier-ignore
): Promise<void> {
  const row = await trx
    .insertInto('maintenance_session')
    .values({
      id: it.sessionId,
      window_id: it.window.id,
      from_at: it.occurrence.from,
      to_at: it.occurrence.to,
      state: 'starting',
      plan: JSON.stringify(it.plan),
      hash: it.hash,
      started_by: it.by,
      started_at: it.at,
      recorded: JSON.stringify(it.plan.parts),
    })
    .onConflict((conflict) => conflict.columns(['window_id', 'from_at']).doNothing())
    .returning('id')
    .executeTakeFirst()
  if (row === undefined)
    throw new AppError('conflict', 'it was started by somebody else at this moment', {
      action: 'Look at it with `erlmcp maintenance show`.',
    })
  await announce(trx, it.at, it.window, {
    state: 'in-progress',
    occurrence: it.occurrence,
    by: it.by,
    subject: it.sessionId,
  })
  await deps.engine.start(trx, MAINTENANCE_WORKFLOW, it.sessionId, { sessionId: it.sessionId })
}

async function end(deps: OperationDeps, actor: Actor, input: InputOf<'maintenance.end'>): Promise<unknown> {
  return withTransaction(deps.database, async (trx) => {
    const window = await findWindow(trx, input.id)
    const session = await lastSession(trx, window.id)
    if (session === null || session.ended_at !== null)
      throw new AppError('conflict', `${windowName(window)} is not on`, {
        action: '`erlmcp maintenance list` says what is.',
      })
    const at = deps.clock.now()
    await deps.engine.send(
      trx,
      session.id,
      END_TOPIC,
      { by: actor.id, reason: input.reason },
      `end:${session.id}`,
    )
    await appendAudit(trx, at, {
      actor,
      operation: 'maintenance.end',
      subject: window.id,
      outcome: 'done',
      data: { session: session.id, reason: input.reason },
    })
    return { window: windowName(window), session: session.id, ending: true }
  })
}

async function cancel(
  deps: OperationDeps,
  actor: Actor,
  input: InputOf<'maintenance.cancel'>,
): Promise<unknown> {
  return withTransaction(deps.database, async (trx) => {
    const at = deps.clock.now()
    const window = await findWindow(trx, input.id)
    const session = await lastSession(trx, window.id)
    if (session !== null && session.ended_at === null)
      throw new AppError('conflict', `${windowName(window)} is ${session.state}`, {
        action: 'End it first: `erlmcp maintenance end`.',
      })
    const row = await trx
      .updateTable('maintenance_window')
      .set({ cancelled_at: at, cancelled_by: actor.id, cancelled_reason: input.reason })
      .where('id', '=', window.id)
      .where('cancelled_at', 'is', null)
      .returning('id')
      .executeTakeFirst()
    if (row !== undefined) {
      await announce(trx, at, window, {
        state: 'cancelled',
        occurrence: null,
        by: actor.id,
        subject: window.id,
      })
      await appendAudit(trx, at, {
        actor,
        operation: 'maintenance.cancel',
        subject: window.id,
        outcome: 'done',
        data: { reason: input.reason },
      })
    }
    return { window: windowName(window), cancelled: row !== undefined }
  })
}
