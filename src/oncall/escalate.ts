import { sql } from 'kysely'
import type { Database, IncidentRow, Transaction } from '../db/index.ts'
import { withTransaction } from '../db/index.ts'
import { addTimeline } from '../incident/index.ts'
import { SEVERITY_LEVELS } from '../incident/index.ts'
import type { SeverityLevel } from '../incident/index.ts'
import { readOverrides } from './overrides.ts'
import { pageLink } from './page.ts'
import { answerDue } from './policy.ts'
import type { EscalationDeps, OncallPolicy } from './policy.ts'
import { personByUser, whoIs } from './reach.ts'
import type { Reachable } from './reach.ts'
import { change, CLOCK_TOLERANCE_MS, settleEscalations } from './settle.ts'
import type { EscalationRow } from './settle.ts'

export interface EscalateDeps extends EscalationDeps {
  database: Database
  now: () => Date
}

/**
 * Looks for incidents whose escalations do not fit them or are due, and acts: one transaction for each incident, whose row
 * it locks. Any number of processes may do it at the same time, and any of them may die at any moment: what was decided
 * and what is sent are one commit.
 * @returns how many incidents it acted on.
 */
export async function escalate(deps: EscalateDeps, limit = 100): Promise<number> {
  const policy = await deps.policy()
  const incidents = await findWork(deps, policy, limit)
  let acted = 0
  for (const incidentId of incidents) {
    if (await escalateOne(deps, policy, incidentId)) acted += 1
  }
  return acted
}

async function findWork(deps: EscalateDeps, policy: OncallPolicy, limit: number): Promise<string[]> {
  const at = deps.now()
  const ahead = new Date(at.getTime() + CLOCK_TOLERANCE_MS)
  const updated = SEVERITY_LEVELS.filter((level) => policy.matrix[level].updateMinutes !== null)
  const { rows } = await sql<{ id: string }>`
    select e.incident_id as id from escalation e join incident i on i.id = e.incident_id
      where e.state = 'waiting' and (
        e.due_at <= ${at} or e.set_at > ${ahead} or e.severity <> i.severity or i.state in ('resolved','closed')
        or (e.reason = 'unacknowledged' and i.acknowledged_at is not null))
    union
    select i.id from incident i
      where i.state not in ('resolved','closed') and i.acknowledged_at is null
        and not exists (select 1 from escalation e
          where e.incident_id = i.id and e.reason = 'unacknowledged' and e.state = 'waiting')
        and not exists (select 1 from incident l
          where l.id = i.page_leader_id and l.state not in ('resolved','closed'))
    union
    select i.id from incident i
      where i.state not in ('resolved','closed') and i.acknowledged_at is not null and i.severity = any(${updated})
        and not exists (select 1 from escalation e
          where e.incident_id = i.id and e.reason = 'silent' and e.state = 'waiting')
    union
    select r.incident_id from decision d join run r on r.id = d.run_id join incident i on i.id = r.incident_id
      where d.state = 'pending' and r.ended_at is null and i.acknowledged_at is not null
        and i.state not in ('resolved','closed')
        and not exists (select 1 from escalation e where e.incident_id = i.id and e.subject = d.id)
    limit ${limit}`.execute(deps.database.kysely)
  return rows.map((row) => row.id)
}

async function escalateOne(deps: EscalateDeps, policy: OncallPolicy, incidentId: string): Promise<boolean> {
  return withTransaction(deps.database, async (trx) => {
    const incident = await trx
      .selectFrom('incident')
      .selectAll()
      .where('id', '=', incidentId)
      .forUpdate()
      .skipLocked()
      .executeTakeFirst()
    // whoever holds it changes it or escalates it; the next look sees what is left
    if (incident === undefined) return false
    const at = deps.now()
    const waiting = await settleEscalations(trx, at, deps, policy, incident)
    for (const row of waiting) if (row.due_at <= at) await askNext(trx, at, deps, policy, incident, row)
    return true
  })
}

/** Asks the link that is due; a link that has nobody is passed by, visibly, and the next one is asked. */
async function askNext(
  trx: Transaction,
  at: Date,
  deps: EscalateDeps,
  policy: OncallPolicy,
  incident: IncidentRow,
  due: EscalationRow,
): Promise<void> {
  const severity = incident.severity as SeverityLevel
  const chain = policy.matrix[severity].escalation
  const overrides = await readOverrides(trx, at)
  let row = due
  for (let tried = 0; tried < chain.length; tried += 1) {
    const link = chain[row.level] ?? chain[0] ?? 'On-call'
    const found = whoIs(policy.roster, link, { at, service: incident.service, overrides })
    const people = row.reason === 'silent' && row.level === 0 ? holderOf(policy, incident, found) : found
    if (people.length > 0) {
      await pageLink(trx, at, deps, { incident, row, link, links: chain.length, people })
      row = await advance(trx, at, row, chain.length, answerDue(policy, severity, at))
      return
    }
    await addTimeline(trx, at, {
      incidentId: incident.id,
      kind: 'escalation.gap',
      actor: 'system:erlmcp',
      message: `Nobody is ${link} now; the next link is asked`,
      data: { link, round: row.round, level: row.level + 1 },
      dedupKey: `gap:${row.id}:${row.round}:${row.level}`,
    })
    row = await advance(trx, at, row, chain.length, at)
  }
  await sayNobody(trx, at, incident, row)
  await change(trx, at, row, { due_at: answerDue(policy, severity, at) })
}

/** A reminder goes to whoever has taken the incident, where erlmcp knows them. */
function holderOf(policy: OncallPolicy, incident: IncidentRow, found: Reachable[]): Reachable[] {
  const holder =
    incident.acknowledged_by === null ? null : personByUser(policy.roster, incident.acknowledged_by)
  return holder === null ? found : [holder]
}

/** To the next link; after the last one to the first, in the next round. */
const advance = (
  trx: Transaction,
  at: Date,
  row: EscalationRow,
  links: number,
  dueAt: Date,
): Promise<EscalationRow> =>
  row.level + 1 < links
    ? change(trx, at, row, { level: row.level + 1, due_at: dueAt })
    : change(trx, at, row, { level: 0, round: row.round + 1, due_at: dueAt })

async function sayNobody(
  trx: Transaction,
  at: Date,
  incident: IncidentRow,
  row: EscalationRow,
): Promise<void> {
  await addTimeline(trx, at, {
    incidentId: incident.id,
    kind: 'escalation.nobody',
    actor: 'system:erlmcp',
    message: 'NOBODY of the whole chain can be reached; see `erlmcp oncall check`',
    dedupKey: `nobody:${row.id}:${row.round}`,
  })
}
