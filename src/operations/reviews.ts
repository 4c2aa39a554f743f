import { appendAudit, mayDo } from '../access/index.ts'
import type { Actor } from '../access/index.ts'
import { AppError } from '../base/error.ts'
import { withTransaction } from '../db/index.ts'
import type { IncidentRow, Transaction } from '../db/index.ts'
import { addTimeline } from '../incident/index.ts'
import { readWords, saveWords, writeReview } from '../review/index.ts'
import type { ReviewFacts } from '../review/index.ts'
import { labelsOf } from '../run/index.ts'
import { readDocument } from '../runbook/index.ts'
import { actionHandlers, actionsOf } from './actions.ts'
import type { InputOf } from './catalogue.ts'
import type { HandlersOf, OperationDeps } from './deps.ts'
import { findIncident } from './incidents.ts'
import { demandOf, listReviews, reviewStatistics } from './review-list.ts'
import { elseChanged } from './version.ts'

export const reviewHandlers: HandlersOf<
  `review.${'list' | 'show' | 'statistics' | 'edit' | 'complete'}` | `action.${'list' | 'add' | 'edit'}`
> = {
  'review.list': listReviews,
  'review.show': (deps, _actor, input) => showReview(deps, input.id),
  'review.statistics': (deps, actor, input) => reviewStatistics(deps, actor, input.months),
  'review.edit': edit,
  'review.complete': complete,
  ...actionHandlers,
}

/** The document as a whole, the facts it was made from, and what people have written. */
async function showReview(deps: OperationDeps, id: string): Promise<unknown> {
  const incident = await findIncident(deps, id)
  const { kysely } = deps.database
  const review = await reviewOf(deps.database.kysely, incident)
  const [words, actions, demand] = await Promise.all([
    readWords(kysely, incident.id),
    actionsOf(deps, incident),
    demandOf(kysely, incident.id),
  ])
  const facts = review.facts as ReviewFacts
  const markdown = writeReview(facts, words, actions)
  return {
    incident: `INC-${incident.number}`,
    title: incident.title,
    severity: incident.severity,
    state: incident.state,
    markdown,
    blocks: readDocument(markdown),
    facts,
    path: review.path,
    writtenAt: review.written_at,
    ...words,
    actions,
    owed: demand,
  }
}

async function reviewOf(trx: Pick<Transaction, 'selectFrom'>, incident: IncidentRow) {
  const review = await trx
    .selectFrom('review')
    .select(['facts', 'written_at', 'path'])
    .where('incident_id', '=', incident.id)
    .executeTakeFirst()
  if (review !== undefined) return review
  throw new AppError('not_found', `INC-${incident.number} has no review yet; it is ${incident.state}`, {
    action: 'The review is written when the incident is resolved.',
  })
}

async function edit(deps: OperationDeps, actor: Actor, input: InputOf<'review.edit'>): Promise<unknown> {
  const { id, version, ...given } = input
  const incident = await findIncident(deps, id)
  const at = deps.clock.now()
  const words = {
    ...(given.cause === undefined ? {} : { cause: given.cause }),
    ...(given.lessons === undefined ? {} : { lessons: given.lessons }),
    ...(given.owner === undefined ? {} : { owner: given.owner }),
    ...(given.reviewOn === undefined ? {} : { reviewOn: given.reviewOn }),
  }
  const saved = await withTransaction(deps.database, async (trx) => {
    await reviewOf(trx, incident)
    const next = await saveWords(trx, at, actor.id, { incidentId: incident.id, version, words })
    const newest = elseChanged(next, `the review of INC-${incident.number}`)
    await keepDocument(deps, trx, incident)
    await appendAudit(trx, at, {
      actor,
      operation: 'review.edit',
      subject: incident.id,
      outcome: 'done',
      data: { version: newest, changed: Object.keys(words) },
    })
    return newest
  })
  return { incident: `INC-${incident.number}`, version: saved }
}

/** The stored document is what other readers get; it follows what people write. */
async function keepDocument(deps: OperationDeps, trx: Transaction, incident: IncidentRow): Promise<void> {
  const review = await reviewOf(trx, incident)
  const words = await readWords(trx, incident.id)
  const actions = await actionsOf(deps, incident, trx)
  await trx
    .updateTable('review')
    .set({ markdown: writeReview(review.facts as ReviewFacts, words, actions) })
    .where('incident_id', '=', incident.id)
    .execute()
}

async function complete(
  deps: OperationDeps,
  actor: Actor,
  input: InputOf<'review.complete'>,
): Promise<unknown> {
  const incident = await findIncident(deps, input.id)
  const at = deps.clock.now()
  const version = await withTransaction(deps.database, async (trx) => {
    await reviewOf(trx, incident)
    await checkCompletion(trx, actor, incident)
    const next = await saveWords(trx, at, actor.id, {
      incidentId: incident.id,
      version: input.version,
      words: { completedAt: at },
    })
    const newest = elseChanged(next, `the review of INC-${incident.number}`)
    await addTimeline(trx, at, {
      incidentId: incident.id,
      kind: 'review.completed',
      actor: actor.id,
      message: `Review completed by ${actor.id}`,
    })
    await appendAudit(trx, at, {
      actor,
      operation: 'review.complete',
      subject: incident.id,
      outcome: 'done',
      data: { version: newest },
    })
    return newest
  })
  return { incident: `INC-${incident.number}`, version }
}

/** A review says why and who sees to it; one that break-glass demands is not closed by whoever broke it. */
async function checkCompletion(trx: Transaction, actor: Actor, incident: IncidentRow): Promise<void> {
  const words = await readWords(trx, incident.id)
  const missing = [
    ...(words.cause.trim() === '' ? ['its cause'] : []),
    ...(words.owner === null ? ['its owner'] : []),
  ]
  if (missing.length > 0) {
    throw new AppError(
      'conflict',
      `the review of INC-${incident.number} does not say ${missing.join(' and ')}`,
      {
        action: 'Write it, then complete the review.',
      },
    )
  }
  const demand = await demandOf(trx, incident.id)
  if (demand === null) return
  const lead = mayDo(actor, 'lead', labelsOf(incident))
  if (lead.allowed && actor.id !== demand.by) return
  throw new AppError(
    'forbidden',
    `the review of INC-${incident.number} is owed for a break-glass; a lead other than ${demand.by} completes it`,
    { action: 'Ask a lead to read it and complete it.' },
  )
}
