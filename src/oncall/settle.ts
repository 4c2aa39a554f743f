import { newId } from '../base/id.ts'
import type { IncidentRow, Transaction } from '../db/index.ts'
import { isOver } from '../incident/index.ts'
import type { IncidentState, SeverityLevel } from '../incident/index.ts'
import { isMoreUrgent } from './matrix.ts'
import { answerDue, firstPageDue, updateDue } from './policy.ts'
import type { EscalationDeps, OncallPolicy } from './policy.ts'
import { standDown } from './stand-down.ts'

export const REASONS = ['unacknowledged', 'silent', 'undecided'] as const
export type EscalationReason = (typeof REASONS)[number]

export interface EscalationRow {
  id: string
  incident_id: string
  reason: string
  subject: string
  state: string
  severity: string
  round: number
  level: number
  due_at: Date
  set_at: Date
}

interface Wanted {
  reason: EscalationReason
  subject: string
  dueAt: Date
}

/**
 * Makes an incident's escalations fit what the incident is now: starts what has to be waited for, ends what has not, plans
 * anew after a change of severity. The caller has locked the incident's row; whatever changes it and calls this in the same
 * transaction leaves no page that is due for a reason that is gone. Doing it twice changes nothing.
 * @returns the rows that wait.
 */
export async function settleEscalations(
  trx: Transaction,
  at: Date,
  deps: Pick<EscalationDeps, 'queuePage'>,
  policy: OncallPolicy,
  incident: IncidentRow,
): Promise<EscalationRow[]> {
  const rows = await trx
    .selectFrom('escalation')
    .selectAll()
    .where('incident_id', '=', incident.id)
    .forUpdate()
    .execute()
  const wanted = await wantedOf(trx, at, policy, incident)
  const waiting: EscalationRow[] = []
  for (const want of wanted) {
    const row = rows.find((one) => one.reason === want.reason && one.subject === want.subject)
    waiting.push(await waitFor(trx, at, policy, incident, want, row))
  }
  const ended = rows.filter(
    (row) =>
      row.state === 'waiting' &&
      !wanted.some((want) => want.reason === row.reason && want.subject === row.subject),
  )
  for (const row of ended) await end(trx, at, row, becauseOf(incident, row))
  const isOverNow = isOver(incident.state as IncidentState)
  if (ended.some((row) => isOverNow || row.reason === 'unacknowledged')) {
    await standDown(trx, at, deps, incident, isOverNow ? 'resolve' : 'acknowledge')
  }
  return waiting
}

/** The same for a caller who has just changed an incident and holds no row of it. */
export async function settleIncident(
  trx: Transaction,
  at: Date,
  deps: EscalationDeps,
  incidentId: string,
): Promise<void> {
  const policy = await deps.policy()
  const incident = await trx
    .selectFrom('incident')
    .selectAll()
    .where('id', '=', incidentId)
    .forUpdate()
    .executeTakeFirst()
  if (incident !== undefined) await settleEscalations(trx, at, deps, policy, incident)
}

async function wantedOf(
  trx: Transaction,
  at: Date,
  policy: OncallPolicy,
  incident: IncidentRow,
): Promise<Wanted[]> {
  if (isOver(incident.state as IncidentState)) return []
  const severity = incident.severity as SeverityLevel
  if (incident.acknowledged_at === null) {
    if (await isPagedByAnother(trx, incident)) return []
    return [{ reason: 'unacknowledged', subject: '', dueAt: firstPageDue(policy, severity, at) }]
  }
  const heardAt = await lastHeard(trx, incident)
  const due = updateDue(policy, severity, heardAt)
  const acknowledgedAt = incident.acknowledged_at
  const decisions = await trx
    .selectFrom('decision')
    .innerJoin('run', 'run.id', 'decision.run_id')
    .select(['decision.id', 'decision.asked_at'])
    .where('run.incident_id', '=', incident.id)
    .where('decision.state', '=', 'pending')
    .where('run.ended_at', 'is', null)
    .execute()
  return [
    ...(due === null ? [] : [{ reason: 'silent', subject: '', dueAt: due } as const]),
    ...decisions.map(({ id, asked_at: askedAt }) => ({
      reason: 'undecided' as const,
      subject: id,
      dueAt: answerDue(policy, severity, askedAt > acknowledgedAt ? askedAt : acknowledgedAt),
    })),
  ]
}

/** In a storm one incident's page stands for others of its service and severity. */
async function isPagedByAnother(trx: Transaction, incident: IncidentRow): Promise<boolean> {
  if (incident.page_leader_id === null) return false
  const leader = await trx
    .selectFrom('incident')
    .select('state')
    .where('id', '=', incident.page_leader_id)
    .executeTakeFirst()
  return leader !== undefined && !isOver(leader.state as IncidentState)
}

/** When people last heard of an incident, or a responder last did something. */
export async function lastHeard(trx: Transaction, incident: IncidentRow): Promise<Date> {
  const heard = await trx
    .selectFrom('timeline_entry')
    .select('at')
    .where('incident_id', '=', incident.id)
    .where((expression) =>
      expression.or([
        expression('actor', 'like', 'person:%'),
        expression('actor', 'like', 'rehearsal:%'),
        expression('kind', '=', 'incident.updated'),
        expression.and([
          expression('kind', '=', 'message.queued'),
          expression('message', 'like', 'status-update %'),
        ]),
      ]),
    )
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst()
  const acknowledgedAt = incident.acknowledged_at ?? incident.opened_at
  return heard !== undefined && heard.at > acknowledgedAt ? heard.at : acknowledgedAt
}

async function waitFor(
  trx: Transaction,
  at: Date,
  policy: OncallPolicy,
  incident: IncidentRow,
  want: Wanted,
  row: EscalationRow | undefined,
): Promise<EscalationRow> {
  const severity = incident.severity as SeverityLevel
  if (row === undefined) return start(trx, at, incident, want)
  if (row.state === 'over') {
    // it waits again: the incident was opened again. The next round, because pages of this one have been sent
    return change(trx, at, row, {
      state: 'waiting',
      ended_at: null,
      ended_because: null,
      severity,
      round: row.round + 1,
      level: 0,
      due_at: want.dueAt,
    })
  }
  if (row.severity !== severity) return replan(trx, at, policy, row, severity, want)
  if (row.reason === 'silent' && want.dueAt > at && (row.level > 0 || +want.dueAt !== +row.due_at)) {
    // somebody has said something since
    const begun = row.level > 0
    return change(trx, at, row, {
      due_at: want.dueAt,
      ...(begun ? { round: row.round + 1, level: 0 } : {}),
    })
  }
  if (row.set_at.getTime() > at.getTime() + CLOCK_TOLERANCE_MS) {
    // the clock was put back: what was left of the wait is waited from now
    const left = Math.max(0, row.due_at.getTime() - row.set_at.getTime())
    return change(trx, at, row, { due_at: new Date(at.getTime() + left) })
  }
  return row
}

/** Clocks of replicas may differ by this much without anything being planned anew. */
export const CLOCK_TOLERANCE_MS = 5_000

/** More urgent: from the first link, now. Less urgent: where it is, with the longer time. */
function replan(
  trx: Transaction,
  at: Date,
  policy: OncallPolicy,
  row: EscalationRow,
  severity: SeverityLevel,
  want: Wanted,
): Promise<EscalationRow> {
  if (row.reason !== 'unacknowledged') return change(trx, at, row, { severity, due_at: want.dueAt })
  if (isMoreUrgent(severity, row.severity as SeverityLevel)) {
    const begun = row.level > 0
    return change(trx, at, row, {
      severity,
      due_at: at,
      level: 0,
      ...(begun ? { round: row.round + 1 } : {}),
    })
  }
  const level = Math.min(row.level, policy.matrix[severity].escalation.length)
  const due = level === 0 ? firstPageDue(policy, severity, at) : answerDue(policy, severity, row.set_at)
  return change(trx, at, row, { severity, level, due_at: due > at ? due : at })
}

async function start(
  trx: Transaction,
  at: Date,
  incident: IncidentRow,
  want: Wanted,
): Promise<EscalationRow> {
  const row = {
    id: newId('esc'),
    incident_id: incident.id,
    reason: want.reason,
    subject: want.subject,
    state: 'waiting',
    severity: incident.severity,
    round: 1,
    level: 0,
    due_at: want.dueAt,
    set_at: at,
  }
  await trx
    .insertInto('escalation')
    .values({ ...row, started_at: at, ended_at: null, ended_because: null })
    .execute()
  return row
}

interface Change {
  state?: string
  severity?: string
  round?: number
  level?: number
  due_at: Date
  ended_at?: Date | null
  ended_because?: string | null
}

export async function change(
  trx: Transaction,
  at: Date,
  row: EscalationRow,
  set: Change,
): Promise<EscalationRow> {
  return trx
    .updateTable('escalation')
    .set({ ...set, set_at: at })
    .where('id', '=', row.id)
    .returningAll()
    .executeTakeFirstOrThrow()
}

function becauseOf(incident: IncidentRow, row: EscalationRow): string {
  if (isOver(incident.state as IncidentState)) return `the incident is ${incident.state}`
  if (row.reason === 'unacknowledged' && incident.acknowledged_by !== null)
    return `acknowledged by ${incident.acknowledged_by}`
  return row.reason === 'undecided' ? 'the question is answered' : 'there is nothing to wait for'
}

async function end(trx: Transaction, at: Date, row: EscalationRow, because: string): Promise<void> {
  await trx
    .updateTable('escalation')
    .set({ state: 'over', ended_at: at, ended_because: because })
    .where('id', '=', row.id)
    .where('state', '=', 'waiting')
    .execute()
  await trx
    .updateTable('escalation_page')
    .set({ withdrawn_at: at })
    .where('incident_id', '=', row.incident_id)
    .where('reason', '=', row.reason)
    .where('subject', '=', row.subject)
    .where('withdrawn_at', 'is', null)
    .execute()
}
