import { messageOf } from '../base/error.ts'
import {
  checklist,
  freezesOf,
  judgeGate,
  lastSession,
  liveWindows,
  maintenanceCalendar,
  occurrenceAt,
  planWindow,
  scheduleOf,
  windowName,
} from '../maintenance/index.ts'
import type { Item, Occurrence, Session, WindowPlan, WindowRow } from '../maintenance/index.ts'
import type { OperationDeps } from './deps.ts'
import { factsBefore, itemsAfter } from './maintenance-facts.ts'

export function line(window: WindowRow, at: Date, session: Session | null): Record<string, unknown> & { next: Occurrence | null } {
  const next = occurrenceOf(window, at, session)
  return {
    id: window.id,
    window: windowName(window),
    kind: window.kind,
    title: window.title,
    services: window.services,
    state: stateOf(window, at, session),
    schedule: `${window.starts} ${window.zone}, ${window.minutes} min${window.repeats === 'never' ? '' : `, ${window.repeats}`}`,
    createdBy: window.created_by,
    rollbackPlan: window.rollback_plan,
    drain: window.drain,
    keepReplicas: window.keep_replicas,
    next,
  }
} // prettier-ignore

function stateOf(window: WindowRow, at: Date, session: Session | null): string {
  if (window.cancelled_at !== null) return 'cancelled'
  if (session !== null && session.ended_at === null) return session.state
  const next = occurrenceOf(window, at, session)
  if (next === null) return 'over'
  return window.kind === 'freeze' && next.from <= at ? 'frozen' : 'planned'
}

/** The occurrence that is on or comes next; one that was carried out is not offered again. */
export function occurrenceOf(window: WindowRow, at: Date, session: Session | null): Occurrence | null {
  if (session !== null && session.ended_at === null) return { from: session.from_at, to: session.to_at }
  const next = occurrenceAt(scheduleOf(window), at)
  const isDone = next !== null && session?.from_at.getTime() === next.from.getTime()
  return isDone ? occurrenceAt(scheduleOf(window), next.to) : next
}

export async function listWindows(deps: OperationDeps, service: string | null): Promise<unknown> {
  const at = deps.clock.now()
  const rows = await liveWindows(deps.database.kysely)
  const wanted = rows.filter((row) => service === null || row.services.includes(service))
  const windows = await Promise.all(
    wanted.map(async (row) => line(row, at, await lastSession(deps.database.kysely, row.id))),
  )
  return { windows }
}

const SOON_MS = 86_400_000
const ENDED = new Set(['cancelled', 'over'])

/** Windows and freezes that are on, or begin within a day, the soonest first: what whoever is woken has to know. */
export async function windowsNow(deps: OperationDeps): Promise<unknown[]> {
  const at = deps.clock.now()
  const database = deps.database.kysely
  const found = await Promise.all(
    (await liveWindows(database)).map(async (window) => {
      const session = await lastSession(database, window.id)
      const next = occurrenceOf(window, at, session)
      const state = stateOf(window, at, session)
      const { kind, title, services } = window
      return next === null || ENDED.has(state) || next.from.getTime() - at.getTime() > SOON_MS
        ? []
        : [{ window: windowName(window), kind, title, services, state, from: next.from, to: next.to }]
    }),
  )
  return found.flat().toSorted((a, b) => a.from.getTime() - b.from.getTime())
}

export async function showWindow(deps: OperationDeps, window: WindowRow): Promise<unknown> {
  const database = deps.database.kysely
  const session = await lastSession(database, window.id)
  const shown = line(window, deps.clock.now(), session)
  const open = session !== null && session.ended_at === null
  const [before, after, planned, events] = await Promise.all([
    window.kind === 'freeze' ? [] : checklistBefore(deps, window, shown.next),
    session === null || window.kind === 'freeze' ? [] : checklistAfter(deps, window, session),
    open || window.kind === 'freeze' ? null : planOrProblem(deps, window),
    session === null
      ? []
      : database.selectFrom('duty_event').select(['at', 'kind', 'actor', 'message']).where('subject', '=', session.id).orderBy('id').limit(200).execute(),
  ]) // prettier-ignore
  return {
    ...shown,
    before,
    after,
    commands: open ? session.plan.commands : (planned?.plan?.commands ?? []),
    hash: open ? session.hash : (planned?.plan?.hash ?? null),
    problems: open ? [] : (planned?.problems ?? []),
    session:
      session === null
        ? null
        : {
            id: session.id,
            state: session.state,
            from: session.from_at,
            to: session.to_at,
            startedBy: session.started_by,
            startedAt: session.started_at,
            endedAt: session.ended_at,
            outcome: session.outcome,
          },
    events,
  }
}

/** What it would do now, or why that cannot be said. */
async function planOrProblem(
  deps: OperationDeps,
  window: WindowRow,
): Promise<{ plan: WindowPlan | null; problems: string[] }> {
  try {
    const plan = await planNow(deps, window)
    return { plan, problems: plan.problems }
  } catch (error) {
    return { plan: null, problems: [messageOf(error)] }
  }
}

/** Services that run elsewhere have nothing to drain; their pages are held back all the same. */
export async function planNow(deps: OperationDeps, window: WindowRow): Promise<WindowPlan> {
  const { clusters } = deps
  const known = clusters?.names() ?? []
  const opened = window.services
    .filter((service) => known.includes(service))
    .flatMap((service) => (clusters === undefined ? [] : [{ ...clusters.open({ service }), service }]))
  const drain = window.drain === 'none' ? ('none' as const) : ('selector' as const)
  return planWindow(opened, { drain, keepReplicas: window.keep_replicas })
}

export async function checklistBefore(
  deps: OperationDeps,
  window: WindowRow,
  next: Occurrence | null,
): Promise<Item[]> {
  if (next === null) return []
  return checklist(await factsBefore(deps, window), await ticksOf(deps, window.id, next.from))
}

export const checklistAfter = async (
  deps: OperationDeps,
  window: WindowRow,
  session: Session,
): Promise<Item[]> => checklist(itemsAfter(deps), await ticksOf(deps, window.id, session.from_at))

const ticksOf = (deps: OperationDeps, windowId: string, from: Date) =>
  deps.database.kysely
    .selectFrom('maintenance_tick')
    .select(['item', 'done', 'by', 'at', 'note'])
    .where('window_id', '=', windowId)
    .where('from_at', '=', from)
    .orderBy('id')
    .execute()

export async function showCalendar(deps: OperationDeps, service: string | null): Promise<unknown> {
  const rows = await liveWindows(deps.database.kysely)
  const windows = rows
    .filter((row) => service === null || row.services.includes(service))
    .map((row) => ({
      ...scheduleOf(row),
      id: row.id,
      number: row.number,
      title: row.title,
      kind: row.kind,
      services: row.services,
      rollbackPlan: row.rollback_plan,
      createdAt: row.created_at,
    }))
  return { calendar: maintenanceCalendar(windows) }
}

export async function deployGate(deps: OperationDeps, service: string): Promise<unknown> {
  const at = deps.clock.now()
  const database = deps.database.kysely
  const windows = await liveWindows(database)
  const [incidents, sessions] = await Promise.all([
    database
      .selectFrom('incident')
      .select(['number', 'severity', 'state', 'title'])
      .where('service', '=', service)
      .where('state', 'not in', ['resolved', 'closed'])
      .orderBy('severity')
      .limit(50)
      .execute(),
    database
      .selectFrom('maintenance_session')
      .select(['window_id', 'state'])
      .where('ended_at', 'is', null)
      .execute(),
  ])
  const on = sessions.flatMap(({ window_id, state }) => {
    const window = windows.find(({ id, services }) => id === window_id && services.includes(service))
    return window === undefined ? [] : [{ name: windowName(window), title: window.title, state }]
  })
  const verdict = judgeGate({
    service,
    at,
    freezes: freezesOf(windows, service, at),
    windows: on,
    incidents: incidents.map(({ number, ...each }) => ({ name: `INC-${number}`, ...each })),
  })
  return { service, at, ...verdict }
}
