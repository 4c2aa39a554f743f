import { sql } from 'kysely'
import { canonicalJson, sha256 } from '../base/id.ts'
import { LANES, queueMessage } from '../communication/index.ts'
import type { SlackCard } from '../communication/index.ts'
import type { Database, IncidentRow, Transaction } from '../db/index.ts'
import { withTransaction } from '../db/index.ts'
import { duration } from '../review/index.ts'
import type { Question } from '../run/index.ts'

/** The time that a card shows is at most so old. */
const ELAPSED_STEP_MS = 5 * 60_000
const MAX_LINES = 15
const MAX_LINE = 300

/**
 * Keeps the one card of each incident true: whenever what it shows has changed, a newer version is queued, and what has
 * happened since is told in its thread. Cards of incidents that are over are drawn once more, then left alone.
 * @returns how many incidents had something new.
 */
export async function drawCards(deps: {
  database: Database
  now(): Date
  /** Where people reach erlmcp; `null`: no link is shown. */
  address(): string | null
}): Promise<number> {
  const { rows } = await sql<{ id: string }>`
    select i.id from incident i left join incident_card c on c.incident_id = i.id
    where i.state not in ('resolved','closed') or (c.incident_id is not null and not c.final)
    order by i.severity, i.number limit 500`.execute(deps.database.kysely)
  let drawn = 0
  for (const { id } of rows) {
    const changed = await withTransaction(deps.database, (trx) => drawCard(trx, deps, id))
    if (changed) drawn += 1
  }
  return drawn
}

async function drawCard(
  trx: Transaction,
  deps: { now(): Date; address(): string | null },
  incidentId: string,
): Promise<boolean> {
  const at = deps.now()
  // the card's row is locked: of two replicas one draws
  await trx
    .insertInto('incident_card')
    .values({ incident_id: incidentId, version: 0, digest: '' })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  const before = await trx
    .selectFrom('incident_card')
    .selectAll()
    .where('incident_id', '=', incidentId)
    .forUpdate()
    .executeTakeFirstOrThrow()
  const incident = await trx
    .selectFrom('incident')
    .selectAll()
    .where('id', '=', incidentId)
    .executeTakeFirstOrThrow()
  const card = await cardOf(trx, at, incident, deps.address())
  const digest = sha256(canonicalJson(card))
  const final = incident.state === 'resolved' || incident.state === 'closed'
  const version = digest === before.digest ? before.version : before.version + 1
  const lane = incident.severity === 'P1' ? LANES.first : LANES.normal
  if (version !== before.version) {
    const line = `[${card.severity}] ${card.title} (${card.incident}): ${card.state}`
    await queueMessage(trx, at, {
      incidentId,
      kind: 'card',
      channel: 'slack',
      target: null,
      subject: line.slice(0, 400),
      body: line,
      data: card,
      lane,
      dedupKey: `card:${incidentId}:${version}`,
      updateKey: `card:${incidentId}`,
      quiet: true,
    })
  }
  const toldTo = await tellThread(trx, at, incident, before.told_to)
  const same = version === before.version && toldTo === before.told_to && final === before.final
  if (same) return false
  await trx
    .updateTable('incident_card')
    .set({ version, digest, told_to: toldTo, final })
    .where('incident_id', '=', incidentId)
    .execute()
  return true
}

/** What the card of an incident shows now. */
export async function cardOf(
  trx: Transaction,
  at: Date,
  incident: IncidentRow,
  address: string | null,
): Promise<SlackCard> {
  const end = incident.resolved_at
  const step = end === null ? Math.floor(at.getTime() / ELAPSED_STEP_MS) * ELAPSED_STEP_MS : end.getTime()
  const elapsedMs = Math.max(0, step - incident.opened_at.getTime())
  const asked = await trx
    .selectFrom('decision')
    .innerJoin('run', 'run.id', 'decision.run_id')
    .select(['run.id as runId', 'decision.question', 'decision.kind'])
    .where('run.incident_id', '=', incident.id)
    .where('run.ended_at', 'is', null)
    .where('decision.state', '=', 'pending')
    .where('decision.expires_at', '>', at)
    .orderBy('decision.asked_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  const question = asked === undefined ? null : (asked.question as Question)
  const open = incident.acknowledged_at === null && end === null
  return {
    incident: `INC-${incident.number}`,
    incidentId: incident.id,
    title: incident.title,
    severity: incident.severity,
    state: incident.state,
    service: incident.service,
    elapsed: elapsedMs < 60_000 ? 'less than 5 min' : duration(Math.round(elapsedMs / 1_000)),
    since: `${incident.opened_at.toISOString().slice(0, 16).replace('T', ' ')} UTC`,
    who: incident.acknowledged_by,
    runbook: incident.procedure_path,
    next: end === null ? (question?.text ?? (open ? 'somebody takes it' : null)) : incident.closing_reason,
    url: address === null ? null : `${address}/incidents/INC-${incident.number}`,
    acknowledge: open,
    question:
      question === null || asked === undefined || asked.kind !== 'choose'
        ? null
        : {
            runId: asked.runId,
            options: question.options.map(({ id, label, risk }) => ({ id, label, risk })),
          },
  }
}

/** What the timeline has that the thread has not, in one message. @returns how far it is told now. */
async function tellThread(
  trx: Transaction,
  at: Date,
  incident: IncidentRow,
  toldTo: string,
): Promise<string> {
  const entries = await trx
    .selectFrom('timeline_entry')
    .select(['id', 'at', 'kind', 'message'])
    .where('incident_id', '=', incident.id)
    .where('id', '>', toldTo)
    .orderBy('id')
    .limit(200)
    .execute()
  const last = entries.at(-1)
  if (last === undefined) return toldTo
  const lines = entries
    .filter(({ kind }) => !/^(message|signal)\./.test(kind))
    .map((entry) => `${entry.at.toISOString().slice(11, 16)} ${entry.message.slice(0, MAX_LINE)}`)
  if (lines.length === 0) return last.id
  const more = lines.length > MAX_LINES ? [`… and ${lines.length - MAX_LINES} more on the timeline`] : []
  await queueMessage(trx, at, {
    incidentId: incident.id,
    kind: 'detail',
    channel: 'slack',
    target: null,
    body: [...lines.slice(0, MAX_LINES), ...more].join('\n'),
    dedupKey: `detail:${incident.id}:${last.id}`,
    threadKey: `card:${incident.id}`,
    quiet: true,
  })
  return last.id
}
