import type { Actor } from '../access/index.ts'
import { appendAudit } from '../access/index.ts'
import { AppError } from '../base/error.ts'
import { newId } from '../base/id.ts'
import { createRedactor } from '../base/redact.ts'
import {
  CONSOLE_ONLY,
  discardDraft,
  findDraft,
  keepFacts,
  LANES,
  listDrafts,
  renderMessage,
  sendDraft,
} from '../communication/index.ts'
import type { Facts } from '../communication/index.ts'
import { withTransaction } from '../db/index.ts'
import type { IncidentRow, Transaction } from '../db/index.ts'
import { addTimeline } from '../incident/index.ts'
import { composeMessage, tellPeople } from '../response/index.ts'
import type { TellDeps } from '../response/index.ts'
import type { Plan } from '../run/index.ts'
import type { InputOf } from './catalogue.ts'
import type { HandlersOf, OperationDeps } from './deps.ts'
import { findIncident } from './incidents.ts'

const redactor = createRedactor()

export const messageHandlers: HandlersOf<
  'incident.update' | 'message.list' | 'message.preview' | 'message.send' | 'message.discard'
> = {
  'incident.update': update,
  'message.list': (deps, _actor, input) => list(deps, input.id),
  'message.preview': (deps, _actor, input) => preview(deps, input),
  'message.send': send,
  'message.discard': discard,
}

async function update(
  deps: OperationDeps,
  actor: Actor,
  input: InputOf<'incident.update'>,
): Promise<unknown> {
  const incident = await findIncident(deps, input.id)
  const at = deps.clock.now()
  const text = redactor.text(input.text)
  const facts = factsOf(input.facts)
  const told = await withTransaction(deps.database, async (trx) => {
    await addTimeline(trx, at, {
      incidentId: incident.id,
      kind: 'incident.updated',
      actor: actor.id,
      message: text,
    })
    await keepFacts(trx, at, incident.id, actor.id, facts)
    const request = {
      kind: 'status-update' as const,
      incidentId: incident.id,
      run: await lastRun(trx, incident),
      facts: { ...facts, update: text },
    }
    // the person has read what they wrote
    const message = await tellPeople({ ...tellDeps(deps), hold: [] }, trx, request, newId('update'))
    await appendAudit(trx, at, {
      actor,
      operation: 'incident.update',
      subject: incident.id,
      outcome: 'done',
      data: { text, facts },
    })
    return message
  })
  return { incident: `INC-${incident.number}`, missing: told.missing, draft: told.draftId }
}

const tellDeps = (deps: OperationDeps): TellDeps => ({
  clock: deps.clock,
  pages: async () => deps.agents?.pages() ?? deps.pages.pages(),
  routes: deps.routes ?? CONSOLE_ONLY,
  hold: deps.hold ?? [],
})

async function lastRun(
  trx: Transaction,
  incident: IncidentRow,
): Promise<{ pagePath: string; plan: Plan } | null> {
  const run = await trx
    .selectFrom('run')
    .select(['page_path', 'plan'])
    .where('incident_id', '=', incident.id)
    .orderBy('started_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  return run === undefined ? null : { pagePath: run.page_path, plan: run.plan as Plan }
}

async function list(deps: OperationDeps, id: string): Promise<unknown> {
  const incident = await findIncident(deps, id)
  const drafts = await withTransaction(deps.database, (trx) => listDrafts(trx, incident.id))
  return { incident: `INC-${incident.number}`, messages: drafts.map(presentDraft) }
}

const presentDraft = ({ incidentId: _incident, ...draft }: Awaited<ReturnType<typeof findDraft>>) => draft

async function preview(deps: OperationDeps, input: InputOf<'message.preview'>): Promise<unknown> {
  const incident = await findIncident(deps, input.id)
  const message = await withTransaction(deps.database, async (trx) =>
    composeMessage(tellDeps(deps), trx, {
      kind: input.kind,
      incidentId: incident.id,
      run: await lastRun(trx, incident),
    }),
  )
  const { body, missing } = renderMessage(message.template, message.facts)
  return { incident: `INC-${incident.number}`, kind: input.kind, ...message.route, body, missing }
}

async function send(deps: OperationDeps, actor: Actor, input: InputOf<'message.send'>): Promise<unknown> {
  const at = deps.clock.now()
  const facts = factsOf(input.facts)
  const text = input.text === undefined ? null : redactor.text(input.text)
  const { draft, number } = await withTransaction(deps.database, async (trx) => {
    const incident = await incidentOf(trx, (await findDraft(trx, input.id)).incidentId)
    const lane = incident.severity === 'P1' ? LANES.first : LANES.normal
    const sent = await sendDraft(trx, at, { id: input.id, facts, text, by: actor.id, lane })
    await appendAudit(trx, at, {
      actor,
      operation: 'message.send',
      subject: sent.id,
      outcome: 'done',
      data: { incident: incident.id, kind: sent.kind, to: sent.to, facts, body: sent.body },
    })
    return { draft: sent, number: incident.number }
  })
  return { incident: `INC-${number}`, ...presentDraft(draft) }
}

async function discard(
  deps: OperationDeps,
  actor: Actor,
  input: InputOf<'message.discard'>,
): Promise<unknown> {
  const at = deps.clock.now()
  const draft = await withTransaction(deps.database, async (trx) => {
    const discarded = await discardDraft(trx, at, { id: input.id, by: actor.id, reason: input.reason })
    await appendAudit(trx, at, {
      actor,
      operation: 'message.discard',
      subject: discarded.id,
      outcome: 'done',
      data: { reason: input.reason },
    })
    return discarded
  })
  return presentDraft(draft)
}

const incidentOf = (trx: Transaction, id: string): Promise<IncidentRow> =>
  trx.selectFrom('incident').selectAll().where('id', '=', id).executeTakeFirstOrThrow()

/** An object, or lines `name=value`. */
function factsOf(given: Facts | string | undefined): Facts {
  if (given === undefined) return {}
  if (typeof given !== 'string')
    return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, redactor.text(value)]))
  return Object.fromEntries(
    given
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => {
        const [, name, value] = /^\s*([A-Za-z][A-Za-z0-9_ ]{0,63}?)\s*=\s*(\S.*)$/.exec(line) ?? []
        if (name === undefined || value === undefined) {
          throw new AppError('input_invalid', `${JSON.stringify(line.slice(0, 60))} is no fact`, {
            action: 'Write one a line: root_cause=the pool was exhausted',
          })
        }
        return [name.toLowerCase().replaceAll(/\s+/g, '_'), redactor.text(value.trim())]
      }),
  )
}
