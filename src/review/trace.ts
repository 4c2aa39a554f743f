import { createHash } from 'node:crypto'
import type { Transaction } from '../db/index.ts'

/** One span of an incident's trace. Ids as W3C Trace Context has them: 32 and 16 hexadecimal digits. */
export interface TraceSpan {
  traceId: string
  spanId: string
  parentSpanId: string | null
  name: string
  startAt: Date
  endAt: Date
  attributes: Readonly<Record<string, string | number | boolean>>
  /** Why it failed; `null`: it did not. */
  failure: string | null
}

/** The trace of an incident is known from its id, so every process and every command can name it. */
export const traceIdOf = (incidentId: string): string => hex(`incident:${incidentId}`, 32)
export const spanIdOf = (thing: string): string => hex(thing, 16)

/** `traceparent` for what a command calls: its execution is the parent. */
export const traceParent = (incidentId: string, executionId: string): string =>
  `00-${traceIdOf(incidentId)}-${spanIdOf(`execution:${executionId}`)}-01`

const hex = (text: string, digits: number): string =>
  createHash('sha256').update(text).digest('hex').slice(0, digits)

interface Part {
  thing: string
  parent: string
  name: string
  startAt: Date
  endAt: Date | null
  attributes: Record<string, string | number | boolean | null>
  failure?: string | null
}

/**
 * An incident from alert to review as one trace, from its rows: so it is the same whoever writes it, and whatever died
 * in between. What had not ended when the incident did ends with it.
 */
export async function traceOf(trx: Transaction, incidentId: string): Promise<TraceSpan[]> {
  const incident = await trx
    .selectFrom('incident')
    .selectAll()
    .where('id', '=', incidentId)
    .executeTakeFirstOrThrow()
  const root = `incident:${incidentId}`
  const parts: Part[] = (
    await Promise.all([
      alertParts(trx, incidentId, root),
      runParts(trx, incidentId, root),
      messageParts(trx, incidentId, root),
      reviewParts(trx, incidentId, root),
    ])
  ).flat()
  if (incident.acknowledged_at !== null)
    parts.push({
      thing: `acknowledge:${incidentId}`,
      parent: root,
      name: 'acknowledge',
      startAt: incident.opened_at,
      endAt: incident.acknowledged_at,
      attributes: { 'enduser.id': incident.acknowledged_by },
    })
  const ends = parts.flatMap(({ endAt }) => (endAt === null ? [] : [endAt.getTime()]))
  const endAt = new Date(
    Math.max(incident.opened_at.getTime(), incident.resolved_at?.getTime() ?? 0, ...ends),
  )
  const whole: Part = {
    thing: root,
    parent: '',
    name: `incident ${incident.severity}`,
    startAt: incident.opened_at,
    endAt,
    attributes: {
      'erlmcp.incident.number': Number(incident.number),
      'erlmcp.incident.title': incident.title,
      'erlmcp.incident.severity': incident.severity,
      'erlmcp.incident.state': incident.state,
      'erlmcp.service': incident.service,
      'erlmcp.alert': incident.alert_name,
    },
  }
  return [whole, ...parts].map((part) => spanOf(incidentId, part, endAt))
}

function spanOf(incidentId: string, part: Part, last: Date): TraceSpan {
  const endAt = part.endAt ?? last
  return {
    traceId: traceIdOf(incidentId),
    spanId: spanIdOf(part.thing),
    parentSpanId: part.parent === '' ? null : spanIdOf(part.parent),
    name: part.name,
    startAt: part.startAt,
    endAt: endAt < part.startAt ? part.startAt : endAt,
    attributes: Object.fromEntries(
      Object.entries(part.attributes).flatMap(([key, value]) => (value === null ? [] : [[key, value]])),
    ),
    failure: part.failure ?? null,
  }
}

async function alertParts(trx: Transaction, incidentId: string, parent: string): Promise<Part[]> {
  const rows = await trx
    .selectFrom('alert')
    .selectAll()
    .where('incident_id', '=', incidentId)
    .orderBy('first_seen_at')
    .limit(200)
    .execute()
  return rows.map((row) => ({
    thing: `alert:${incidentId}:${row.source}:${row.fingerprint}:${row.starts_at.toISOString()}`,
    parent,
    name: `alert ${row.name}`,
    startAt: row.first_seen_at,
    endAt: row.ends_at ?? row.last_seen_at,
    attributes: {
      'erlmcp.alert.source': row.source,
      'erlmcp.alert.fingerprint': row.fingerprint,
      'erlmcp.alert.status': row.status,
      'erlmcp.alert.seen': row.seen_count,
    },
  }))
}

async function runParts(trx: Transaction, incidentId: string, parent: string): Promise<Part[]> {
  const runs = await trx.selectFrom('run').selectAll().where('incident_id', '=', incidentId).execute()
  const parts = await Promise.all(
    runs.map(async (run): Promise<Part[]> => {
      const thing = `run:${run.id}`
      const whole: Part = {
        thing,
        parent,
        name: `run ${run.procedure_id}`,
        startAt: run.started_at,
        endAt: run.ended_at,
        attributes: {
          'erlmcp.page': run.page_path,
          'erlmcp.page.hash': run.page_hash,
          'erlmcp.run.state': run.state,
          'erlmcp.run.reason': run.reason,
        },
        failure: run.state === 'failed' ? (run.reason ?? 'failed') : null,
      }
      const inside = await Promise.all([
        executionParts(trx, run.id, thing),
        decisionParts(trx, run.id, thing),
        verificationParts(trx, run.id, thing),
      ])
      return [whole, ...inside.flat()]
    }),
  )
  return parts.flat()
}

async function executionParts(trx: Transaction, runId: string, parent: string): Promise<Part[]> {
  const rows = await trx.selectFrom('execution').selectAll().where('run_id', '=', runId).execute()
  return rows.map((row) => ({
    thing: `execution:${row.id}`,
    parent,
    name: `command ${row.step_id}`,
    startAt: row.started_at,
    endAt: row.ended_at,
    attributes: {
      'process.command': row.command,
      'process.exit.code': row.exit_code,
      'erlmcp.command.risk': row.risk,
      'erlmcp.command.state': row.state,
      'erlmcp.command.identity': row.identity,
      'erlmcp.command.hash': row.command_hash,
      'erlmcp.approval.id': row.approval_id,
      'erlmcp.output.bytes': Number(row.output_bytes),
    },
    failure: ['failed', 'unknown', 'timed_out'].includes(row.state) ? (row.reason ?? row.state) : null,
  }))
}

async function decisionParts(trx: Transaction, runId: string, parent: string): Promise<Part[]> {
  const rows = await trx.selectFrom('decision').selectAll().where('run_id', '=', runId).execute()
  return rows.map((row) => ({
    thing: `decision:${row.id}`,
    parent,
    name: `decision ${row.kind}`,
    startAt: row.asked_at,
    endAt: row.answered_at,
    attributes: { 'erlmcp.decision.state': row.state, 'enduser.id': row.answered_by },
  }))
}

async function verificationParts(trx: Transaction, runId: string, parent: string): Promise<Part[]> {
  const rows = await trx.selectFrom('verification').selectAll().where('run_id', '=', runId).execute()
  return rows.map((row) => ({
    thing: `verification:${row.id}`,
    parent,
    name: 'verification',
    startAt: row.started_at,
    endAt: row.ended_at,
    attributes: { 'erlmcp.verdict': row.verdict, 'erlmcp.verdict.reason': row.reason },
    failure: row.verdict === 'failed' ? (row.reason ?? 'failed') : null,
  }))
}

async function messageParts(trx: Transaction, incidentId: string, parent: string): Promise<Part[]> {
  const rows = await trx
    .selectFrom('message')
    .select(['id', 'kind', 'channel', 'created_at', 'sent_at', 'state', 'error', 'attempts'])
    .where('incident_id', '=', incidentId)
    .orderBy('created_at')
    .limit(500)
    .execute()
  return rows.map((row) => ({
    thing: `message:${row.id}`,
    parent,
    name: `message ${row.kind}`,
    startAt: row.created_at,
    endAt: row.sent_at,
    attributes: {
      'erlmcp.channel': row.channel,
      'erlmcp.message.state': row.state,
      'erlmcp.message.attempts': row.attempts,
    },
    failure: row.state === 'failed' ? (row.error ?? 'failed') : null,
  }))
}

async function reviewParts(trx: Transaction, incidentId: string, parent: string): Promise<Part[]> {
  const row = await trx
    .selectFrom('review')
    .select(['written_at', 'path'])
    .where('incident_id', '=', incidentId)
    .executeTakeFirst()
  if (row === undefined) return []
  return [
    {
      thing: `review:${incidentId}`,
      parent,
      name: 'review',
      startAt: row.written_at,
      endAt: row.written_at,
      attributes: { 'erlmcp.review.path': row.path },
    },
  ]
}
