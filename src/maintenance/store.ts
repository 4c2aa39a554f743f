import type { Selectable } from 'kysely'
import { sql } from 'kysely'
import { AppError } from '../base/error.ts'
import type { Database, MaintenanceSessionTable, MaintenanceWindowTable, Transaction } from '../db/index.ts'
import { occurrenceAt, occurrencesBetween, overlaps } from './occurrence.ts'
import type { Occurrence, Repeats, Schedule } from './occurrence.ts'
import type { WindowPlan } from './plan.ts'

export type WindowRow = Selectable<MaintenanceWindowTable>
export const SESSION_STATES = ['starting', 'open', 'restoring', 'ended', 'failed'] as const
export type SessionState = (typeof SESSION_STATES)[number]

export type Session = Omit<Selectable<MaintenanceSessionTable>, 'plan' | 'state'> & {
  plan: WindowPlan
  state: SessionState
}

type Reader = Pick<Database['kysely'], 'selectFrom'>

export const windowName = ({ number }: Pick<WindowRow, 'number'>): string => `MW-${number}`
export const scheduleOf = (row: WindowRow): Schedule => ({
  starts: row.starts,
  minutes: row.minutes,
  zone: row.zone,
  // written by this code
  repeats: row.repeats as Repeats,
  until: row.until,
})

/** By its id, `MW-3` or `3`. @throws AppError `not_found` */
export async function findWindow(database: Reader, id: string): Promise<WindowRow> {
  const number = /^(?:MW-)?(\d{1,15})$/i.exec(id)?.[1]
  const row = await database
    .selectFrom('maintenance_window')
    .selectAll()
    .where((or) => (number === undefined ? or('id', '=', id) : or('number', '=', number)))
    .executeTakeFirst()
  if (row !== undefined) return row
  throw new AppError('not_found', `there is no maintenance window ${id}`, {
    action: '`erlmcp maintenance list` has them.',
  })
}

export const liveWindows = (database: Reader): Promise<WindowRow[]> =>
  database
    .selectFrom('maintenance_window')
    .selectAll()
    .where('cancelled_at', 'is', null)
    .orderBy('number')
    .limit(2_000)
    .execute()

const asSession = (row: Selectable<MaintenanceSessionTable>): Session => ({
  ...row,
  // written by this code, whole
  plan: row.plan as WindowPlan,
  state: row.state as SessionState,
})

export async function findSession(database: Reader, id: string): Promise<Session> {
  const row = await database
    .selectFrom('maintenance_session')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  return asSession(row)
}

/** The newest time that a window was carried out; `null`: it never was. */
export async function lastSession(database: Reader, windowId: string): Promise<Session | null> {
  const row = await database
    .selectFrom('maintenance_session')
    .selectAll()
    .where('window_id', '=', windowId)
    .orderBy('from_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row === undefined ? null : asSession(row)
}

/** Moves a session on, if it is in one of these states. @returns whether this call did it. */
export async function moveSession(
  trx: Transaction,
  id: string,
  from: readonly SessionState[],
  to: { state: SessionState; endedAt?: Date; outcome?: string },
): Promise<boolean> {
  const row = await trx
    .updateTable('maintenance_session')
    .set({
      state: to.state,
      ...(to.endedAt === undefined ? {} : { ended_at: to.endedAt }),
      ...(to.outcome === undefined ? {} : { outcome: to.outcome }),
    })
    .where('id', '=', id)
    .where('state', 'in', [...from])
    .returning('id')
    .executeTakeFirst()
  return row !== undefined
}

/** The maintenance that a service is in now, in words; its alerts are held back then, and recorded. */
export async function maintenanceOf(database: Database, service: string | null): Promise<string | null> {
  if (service === null) return null
  const row = await database.kysely
    .selectFrom('maintenance_session')
    .innerJoin('maintenance_window', 'maintenance_window.id', 'maintenance_session.window_id')
    .select(['maintenance_window.number', 'maintenance_window.title'])
    .where('maintenance_session.ended_at', 'is', null)
    .where(sql<boolean>`${service} = any(maintenance_window.services)`)
    .limit(1)
    .executeTakeFirst()
  return row === undefined ? null : `MW-${row.number} "${row.title}"`
}

export interface Overlap {
  window: string
  kind: string
  title: string
  from: Date
  to: Date
}

/** Windows and freezes of the same services that a schedule meets within `days`. */
export function overlapsOf(
  schedule: Schedule,
  services: readonly string[],
  others: readonly WindowRow[],
  at: Date,
  days: number,
): Overlap[] {
  const end = new Date(at.getTime() + days * 86_400_000)
  const own = occurrencesBetween(schedule, at, end)
  return others
    .filter((other) => other.services.some((service) => services.includes(service)))
    .flatMap((other) => {
      const theirs = occurrencesBetween(scheduleOf(other), at, end)
      const met = theirs.find((one) => own.some((mine) => overlaps(mine, one)))
      return met === undefined ? [] : [{ window: windowName(other), kind: other.kind, title: other.title, from: met.from, to: met.to }] // prettier-ignore
    })
}

/** The freezes of a service that are on at a moment. */
export function freezesOf(
  windows: readonly WindowRow[],
  service: string,
  at: Date,
): { name: string; title: string; occurrence: Occurrence }[] {
  return windows
    .filter((window) => window.kind === 'freeze' && window.services.includes(service))
    .flatMap((window) => {
      const occurrence = occurrenceAt(scheduleOf(window), at)
      const on = occurrence !== null && occurrence.from <= at
      return on ? [{ name: windowName(window), title: window.title, occurrence }] : []
    })
}
