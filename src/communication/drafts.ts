import { AppError } from '../base/error.ts'
import { newId } from '../base/id.ts'
import type { Transaction } from '../db/index.ts'
import { addTimeline } from '../incident/index.ts'
import type { CommunicationTemplate } from '../runbook/index.ts'
import { nameOf, queueMessage } from './queue.ts'
import type { Destination } from './queue.ts'
import { renderMessage } from './render.ts'
import type { Facts, MessageKind } from './render.ts'
import type { Route } from './route.ts'

/** A message from a page's template. */
export interface TemplateMessage {
  incidentId: string
  kind: MessageKind
  template: CommunicationTemplate
  facts: Facts
  route: Route
  /** One message for one key; at most 200 characters. */
  key: string
  lane: number
  /** Nothing goes out before a person has read it. */
  hold: boolean
}

export interface Draft {
  id: string
  incidentId: string
  kind: MessageKind
  state: 'asked' | 'held' | 'sent' | 'discarded'
  to: Destination
  /** As it would go out now. */
  body: string
  /** Facts that nobody has given yet. */
  missing: string[]
}

const SYSTEM = 'system:erlmcp'
/** What erlmcp learns by itself; nobody is asked for it. */
const LEARNED = new Set(['actor', 'value'])

/**
 * Queues a message from a template, in the transaction of what it tells. What nobody knows is left out and asked for: the
 * draft that stays is sent as a newer version once somebody has said it. Doing it twice changes nothing.
 */
export async function tellFromTemplate(
  trx: Transaction,
  at: Date,
  message: TemplateMessage,
): Promise<{ draftId: string | null; missing: string[] }> {
  const { incidentId, kind, template, facts, route, key, lane, hold } = message
  const rendered = renderMessage(template, facts)
  if (!hold && rendered.body !== '') {
    await queueMessage(trx, at, {
      incidentId,
      kind,
      ...route.to,
      fallbacks: route.fallbacks,
      body: rendered.body,
      lane,
      dedupKey: key,
      updateKey: key,
    })
  }
  const asked = rendered.missing.filter((name) => !LEARNED.has(name))
  const learnsWho = kind === 'acknowledgement' && rendered.missing.includes('actor')
  if (!hold && asked.length === 0 && !learnsWho) return { draftId: null, missing: [] }
  const inserted = await trx
    .insertInto('message_draft')
    .values({
      id: newId('draft'),
      incident_id: incidentId,
      kind,
      state: hold ? 'held' : 'asked',
      template: JSON.stringify(template),
      facts: JSON.stringify(facts),
      missing: JSON.stringify(rendered.missing),
      channel: route.to.channel,
      target: route.to.target,
      fallbacks: JSON.stringify(route.fallbacks),
      update_key: key,
      dedup_key: key,
      created_at: at,
    })
    .onConflict((conflict) => conflict.column('dedup_key').doNothing())
    .returning('id')
    .executeTakeFirst()
  if (inserted !== undefined) await ask(trx, at, message, inserted.id, asked)
  return { draftId: inserted?.id ?? null, missing: asked }
}

async function ask(
  trx: Transaction,
  at: Date,
  { incidentId, kind, hold }: TemplateMessage,
  draftId: string,
  asked: readonly string[],
): Promise<void> {
  const flag = asked.length === 0 ? '' : ` --facts "${asked[0] ?? ''}=..."`
  const how = `\`erlmcp message send ${draftId}${flag}\``
  if (!hold && asked.length === 0) return
  const lacks = asked.length === 0 ? '' : ` Nobody has said: ${asked.join(', ').replaceAll('_', ' ')}.`
  await addTimeline(trx, at, {
    incidentId,
    kind: hold ? 'draft.held' : 'draft.asked',
    actor: SYSTEM,
    message: hold
      ? `The ${kind} waits to be read and sent: ${how}.${lacks}`
      : `The ${kind} went out without what nobody has said: ${asked.join(', ').replaceAll('_', ' ')}. Add it with ${how}`,
    data: { draftId, missing: asked },
  })
}

export async function listDrafts(trx: Transaction, incidentId: string): Promise<Draft[]> {
  const rows = await trx
    .selectFrom('message_draft')
    .selectAll()
    .where('incident_id', '=', incidentId)
    .orderBy('created_at')
    .orderBy('id')
    .limit(200)
    .execute()
  return rows.map(draftOf)
}

/** @throws AppError `not_found` */
export async function findDraft(trx: Transaction, id: string): Promise<Draft> {
  return draftOf(await lockDraft(trx, id))
}

type Row = Awaited<ReturnType<typeof lockDraft>>

async function lockDraft(trx: Transaction, id: string) {
  const row = await trx
    .selectFrom('message_draft')
    .selectAll()
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
  if (row !== undefined) return row
  throw new AppError('not_found', `there is no draft ${id}`, {
    action: 'List those of an incident with `erlmcp message list INC-7`.',
  })
}

function draftOf(row: Row): Draft {
  const { body, missing } = renderMessage(row.template as CommunicationTemplate, row.facts as Facts)
  return {
    id: row.id,
    incidentId: row.incident_id,
    kind: row.kind as MessageKind,
    state: row.state as Draft['state'],
    to: { channel: row.channel, target: row.target },
    body,
    missing,
  }
}

/**
 * Sends a draft, with facts that a person adds, or with the person's own text instead. What they said is kept for the
 * messages after it. Where a version went out already, it is edited or followed by this one.
 * @throws AppError `not_found`, `conflict` when somebody sent or discarded it, `input_invalid` when nothing is new.
 */
export async function sendDraft(
  trx: Transaction,
  at: Date,
  request: { id: string; facts: Facts; text: string | null; by: string; lane: number },
): Promise<Draft> {
  const row = await lockDraft(trx, request.id)
  refuseDecided(row)
  const before = draftOf(row)
  const facts = { ...(row.facts as Facts), ...request.facts }
  const rendered = renderMessage(row.template as CommunicationTemplate, facts)
  const body = request.text ?? rendered.body
  if (body === '' || (row.state === 'asked' && body === before.body)) {
    throw new AppError('input_invalid', `nothing of the ${row.kind} would be new`, {
      action: `Give what is missing (${before.missing.join(', ') || 'nothing'}) with \`--facts "name=value"\`, or \`--text\`.`,
    })
  }
  await keepFacts(trx, at, row.incident_id, request.by, request.facts)
  const missing = request.text === null ? rendered.missing : []
  await sendVersion(trx, at, row, { body, lane: request.lane })
  const state = await keepVersion(trx, at, row, { facts, missing, by: request.by, sent: true })
  await addTimeline(trx, at, {
    incidentId: row.incident_id,
    kind: 'draft.sent',
    actor: request.by,
    message: `${request.text === null ? 'Completed' : 'Wrote'} the ${row.kind} to ${nameOf(row)}`,
    data: { draftId: row.id, version: row.version + 1 },
  })
  return { ...before, state, body, missing }
}

/** Adds what erlmcp has learned by itself to a message that went out without it, where that changes what it says. */
export async function learnFacts(
  trx: Transaction,
  at: Date,
  request: { id: string; facts: Facts; lane: number },
): Promise<void> {
  const row = await lockDraft(trx, request.id)
  if (row.state !== 'asked') return
  const facts = { ...(row.facts as Facts), ...request.facts }
  const { body, missing } = renderMessage(row.template as CommunicationTemplate, facts)
  const sent = body !== draftOf(row).body
  if (sent) await sendVersion(trx, at, row, { body, lane: request.lane })
  await keepVersion(trx, at, row, { facts, missing, by: SYSTEM, sent })
}

const sendVersion = (
  trx: Transaction,
  at: Date,
  row: Row,
  { body, lane }: { body: string; lane: number },
): Promise<string | null> =>
  queueMessage(trx, at, {
    incidentId: row.incident_id,
    kind: row.kind,
    channel: row.channel,
    target: row.target,
    fallbacks: row.fallbacks as Destination[],
    body,
    lane,
    dedupKey: `${row.dedup_key}:v${row.version + 1}`,
    updateKey: row.update_key,
  })

async function keepVersion(
  trx: Transaction,
  at: Date,
  row: Row,
  now: { facts: Facts; missing: readonly string[]; by: string; sent: boolean },
): Promise<'sent' | 'asked'> {
  const state = now.missing.length === 0 ? 'sent' : 'asked'
  await trx
    .updateTable('message_draft')
    .set({
      state,
      version: row.version + (now.sent ? 1 : 0),
      facts: JSON.stringify(now.facts),
      missing: JSON.stringify(now.missing),
      ...(state === 'sent' ? { decided_at: at, decided_by: now.by } : {}),
    })
    .where('id', '=', row.id)
    .execute()
  return state
}

/** @throws AppError `not_found`, `conflict` */
export async function discardDraft(
  trx: Transaction,
  at: Date,
  request: { id: string; by: string; reason: string },
): Promise<Draft> {
  const row = await lockDraft(trx, request.id)
  refuseDecided(row)
  await trx
    .updateTable('message_draft')
    .set({ state: 'discarded', decided_at: at, decided_by: request.by, reason: request.reason })
    .where('id', '=', row.id)
    .execute()
  await addTimeline(trx, at, {
    incidentId: row.incident_id,
    kind: 'draft.discarded',
    actor: request.by,
    message: `The ${row.kind} is not completed: ${request.reason}`,
    data: { draftId: row.id },
  })
  return { ...draftOf(row), state: 'discarded' }
}

function refuseDecided(row: Row): void {
  if (row.state === 'asked' || row.state === 'held') return
  throw new AppError('conflict', `${row.decided_by ?? 'somebody'} has ${row.state} it already`, {
    action: 'Write another one with `erlmcp incident update`.',
  })
}

/** Keeps what a person said of an incident; the last word holds. */
export async function keepFacts(
  trx: Transaction,
  at: Date,
  incidentId: string,
  by: string,
  facts: Facts,
): Promise<void> {
  const rows = Object.entries(facts).map(([name, value]) => ({
    incident_id: incidentId,
    name,
    value,
    by,
    at,
  }))
  if (rows.length === 0) return
  await trx
    .insertInto('incident_fact')
    .values(rows)
    .onConflict((conflict) =>
      conflict.columns(['incident_id', 'name']).doUpdateSet((expression) => ({
        value: expression.ref('excluded.value'),
        by: expression.ref('excluded.by'),
        at: expression.ref('excluded.at'),
      })),
    )
    .execute()
}

export async function keptFacts(trx: Transaction, incidentId: string): Promise<Facts> {
  const rows = await trx
    .selectFrom('incident_fact')
    .select(['name', 'value'])
    .where('incident_id', '=', incidentId)
    .execute()
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]))
}
