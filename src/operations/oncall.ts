import type { Actor } from '../access/index.ts'
import { appendAudit } from '../access/index.ts'
import { AppError } from '../base/error.ts'
import { newId } from '../base/id.ts'
import { withTransaction } from '../db/index.ts'
import {
  checkOncall,
  onCallAt,
  readMoment,
  readOverrides,
  rotationCalendar,
  shiftsBetween,
  whoIs,
} from '../oncall/index.ts'
import type { Roster } from '../oncall/index.ts'
import type { InputOf } from './catalogue.ts'
import type { HandlersOf, OperationDeps } from './deps.ts'
import { listIntegrations, tryIntegration } from './integrations.ts'
import { oncallOf } from './oncall-service.ts'
import { confirmSeverity, listSeverities, setSeverity } from './severities.ts'

type OncallVerb =
  | `oncall.${'who' | 'shifts' | 'calendar' | 'check' | 'override' | 'restore'}`
  | 'severity.list'
  | 'severity.confirm'
  | 'incident.severity'
  | 'integration.list'
  | 'integration.test'

export const oncallHandlers: HandlersOf<OncallVerb> = {
  'oncall.who': (deps, _actor, input) => who(deps, input),
  'oncall.shifts': (deps, _actor, input) => shifts(deps, input),
  'oncall.calendar': (deps, _actor, input) => calendar(deps, input),
  'oncall.check': (deps, _actor, input) => check(deps, input),
  'oncall.override': override,
  'oncall.restore': restore,
  'severity.list': (deps) => listSeverities(deps),
  'severity.confirm': confirmSeverity,
  'incident.severity': setSeverity,
  'integration.list': (deps) => listIntegrations(deps),
  'integration.test': tryIntegration,
}

const A_DAY_MS = 86_400_000
const CALENDAR_DAYS = { back: 30, ahead: 180 }

function momentOf(text: string, roster: Roster, what: string): Date {
  const at = readMoment(text, roster.zone)
  if (at !== null) return at
  throw new AppError('input_invalid', `${what} is ${JSON.stringify(text)}, which is no time`, {
    action: 'Write 2026-12-24T12:00 (in the zone of the file) or 2026-12-24T12:00:00Z.',
  })
}

function known(names: Record<string, unknown>, name: string, what: string): void {
  if (Object.hasOwn(names, name)) return
  throw new AppError('not_found', `there is no ${what} ${name} in the on-call file`, {
    action: `There are: ${Object.keys(names).join(', ') || 'none'}.`,
  })
}

async function who(deps: OperationDeps, input: InputOf<'oncall.who'>): Promise<unknown> {
  const oncall = oncallOf(deps)
  const { roster, file, found, problem } = await oncall.state()
  const { matrix } = await oncall.policy()
  const at = input.at === undefined ? deps.clock.now() : momentOf(input.at, roster, 'at')
  const overrides = await readOverrides(deps.database.kysely, at)
  const about = { at, service: input.service ?? null, overrides }
  return {
    at,
    file,
    found,
    problem,
    rotations: Object.keys(roster.rotations).map((rotation) => {
      const { person, by } = onCallAt(roster, rotation, at, overrides)
      const week = { from: at, to: new Date(at.getTime() + 100 * A_DAY_MS) }
      const until = shiftsBetween(roster, rotation, week, overrides)[0]?.to ?? null
      const name = person === null ? null : (roster.people[person]?.name ?? person)
      return { rotation, person, name, by, until }
    }),
    severities: Object.values(matrix).map((rule) => ({
      severity: rule.severity,
      links: rule.escalation.map((link) => ({
        link,
        people: whoIs(roster, link, about).map((one) => one.name),
      })),
    })),
    overrides,
  }
}

async function shifts(deps: OperationDeps, input: InputOf<'oncall.shifts'>): Promise<unknown> {
  const { roster } = await oncallOf(deps).state()
  known(roster.rotations, input.rotation, 'rotation')
  const from = input.from === undefined ? deps.clock.now() : momentOf(input.from, roster, 'from')
  const overrides = await readOverrides(deps.database.kysely, from)
  const to = new Date(from.getTime() + input.days * A_DAY_MS)
  return { rotation: input.rotation, shifts: shiftsBetween(roster, input.rotation, { from, to }, overrides) }
}

async function calendar(deps: OperationDeps, input: InputOf<'oncall.calendar'>): Promise<unknown> {
  const { roster } = await oncallOf(deps).state()
  known(roster.rotations, input.rotation, 'rotation')
  const now = deps.clock.now()
  const from = new Date(now.getTime() - CALENDAR_DAYS.back * A_DAY_MS)
  const to = new Date(now.getTime() + CALENDAR_DAYS.ahead * A_DAY_MS)
  const overrides = await readOverrides(deps.database.kysely, from)
  const request = {
    from,
    to,
    now,
    overrides,
    ...(input.person === undefined ? {} : { person: input.person }),
  }
  return { rotation: input.rotation, calendar: rotationCalendar(roster, input.rotation, request) }
}

async function check(deps: OperationDeps, input: InputOf<'oncall.check'>): Promise<unknown> {
  const oncall = oncallOf(deps)
  const state = await oncall.state()
  const { matrix } = await oncall.policy()
  const from = deps.clock.now()
  const to = new Date(from.getTime() + input.days * A_DAY_MS)
  const findings = checkOncall(state, matrix, {
    from,
    to,
    channels: (deps.channels ?? []).map((channel) => channel.name),
    overrides: await readOverrides(deps.database.kysely, from),
  })
  const errors = findings.filter((finding) => finding.level === 'error').length
  return { file: state.file, from, to, good: errors === 0, errors, findings }
}

async function override(
  deps: OperationDeps,
  actor: Actor,
  input: InputOf<'oncall.override'>,
): Promise<unknown> {
  const { roster } = await oncallOf(deps).state()
  known(roster.rotations, input.rotation, 'rotation')
  known(roster.people, input.person, 'person')
  const from = momentOf(input.from, roster, 'from')
  const to = momentOf(input.to, roster, 'to')
  const at = deps.clock.now()
  if (from >= to || to <= at) {
    throw new AppError(
      'input_invalid',
      `from ${from.toISOString()} to ${to.toISOString()} is no time to come`,
      {
        action: 'Give an end that is after the beginning and after now.',
      },
    )
  }
  const overrideId = newId('ovr')
  await withTransaction(deps.database, async (trx) => {
    await trx
      .insertInto('oncall_override')
      .values({
        id: overrideId,
        rotation: input.rotation,
        person: input.person,
        from_at: from,
        to_at: to,
        reason: input.reason,
        created_by: actor.id,
        created_at: at,
        cancelled_at: null,
        cancelled_by: null,
      })
      .execute()
    await appendAudit(trx, at, {
      actor,
      operation: 'oncall.override',
      subject: input.rotation,
      outcome: 'done',
      data: { id: overrideId, person: input.person, from, to, reason: input.reason },
    })
  })
  return { id: overrideId, rotation: input.rotation, person: input.person, from, to }
}

async function restore(
  deps: OperationDeps,
  actor: Actor,
  input: InputOf<'oncall.restore'>,
): Promise<unknown> {
  const restored = await withTransaction(deps.database, async (trx) => {
    const at = deps.clock.now()
    const row = await trx
      .updateTable('oncall_override')
      .set({ cancelled_at: at, cancelled_by: actor.id })
      .where('id', '=', input.id)
      .where('cancelled_at', 'is', null)
      .returning('rotation')
      .executeTakeFirst()
    if (row === undefined) return false
    await appendAudit(trx, at, {
      actor,
      operation: 'oncall.restore',
      subject: input.id,
      outcome: 'done',
      data: { rotation: row.rotation, reason: input.reason },
    })
    return true
  })
  if (!restored) {
    const row = await deps.database.kysely
      .selectFrom('oncall_override')
      .select('cancelled_by')
      .where('id', '=', input.id)
      .executeTakeFirst()
    if (row === undefined) {
      throw new AppError('not_found', `there is no override ${input.id}`, {
        action: '`erlmcp oncall who` lists them.',
      })
    }
  }
  return { id: input.id, restored }
}
