import type { Actor } from '../access/index.ts'
import { appendAudit } from '../access/index.ts'
import { AppError } from '../base/error.ts'
import { withTransaction } from '../db/index.ts'
import { addTimeline } from '../incident/index.ts'
import type { Plan } from '../run/index.ts'
import { readDocument } from '../runbook/index.ts'
import type { InputOf } from './catalogue.ts'
import type { HandlersOf, OperationDeps } from './deps.ts'
import { showDesk } from './desk.ts'
import { findIncident } from './incidents.ts'
import { findRun } from './runs.ts'
import { showSignal } from './signal.ts'

export const liveHandlers: HandlersOf<
  'desk.show' | 'incident.signal' | 'incident.note' | 'run.page' | 'run.tick'
> = {
  'desk.show': (deps, actor) => showDesk(deps, actor),
  'incident.signal': (deps, _actor, input) => showSignal(deps, input.id),
  'incident.note': addNote,
  'run.page': (deps, _actor, input) => showRunPage(deps, input.id),
  'run.tick': tick,
}

async function addNote(deps: OperationDeps, actor: Actor, input: InputOf<'incident.note'>): Promise<unknown> {
  const incident = await findIncident(deps, input.id)
  const at = deps.clock.now()
  await withTransaction(deps.database, async (trx) => {
    await addTimeline(trx, at, {
      incidentId: incident.id,
      kind: 'note.added',
      actor: actor.id,
      message: input.text,
    })
    await appendAudit(trx, at, {
      actor,
      operation: 'incident.note',
      subject: incident.id,
      outcome: 'done',
      data: { text: input.text },
    })
  })
  return { incident: `INC-${incident.number}`, at }
}

/** The very text the run was made from, however the page has changed since. */
async function showRunPage(deps: OperationDeps, id: string): Promise<unknown> {
  const run = await findRun(deps, id)
  const revision = await deps.database.kysely
    .selectFrom('runbook_revision')
    .select('content')
    .where('content_hash', '=', run.page_hash)
    .executeTakeFirstOrThrow()
  return {
    path: run.page_path,
    commit: run.page_commit,
    line: (run.plan as Plan).line,
    blocks: readDocument(revision.content.toString('utf8')),
  }
}

async function tick(deps: OperationDeps, actor: Actor, input: InputOf<'run.tick'>): Promise<unknown> {
  const run = await findRun(deps, input.id)
  const plan = run.plan as Plan
  const step = [...plan.diagnosis, ...plan.alternatives, ...plan.checks, ...plan.followUp].find(
    (candidate) => candidate.id === input.step,
  )
  const item = input.item === -1 ? step?.title : step?.items[input.item]
  if (step === undefined || item === undefined) {
    throw new AppError(
      'not_found',
      `the plan has no item ${input.item} in step ${JSON.stringify(input.step)}`,
      {
        action: 'Steps and their items are listed by `erlmcp run show`.',
      },
    )
  }
  const at = deps.clock.now()
  const data = { runId: run.id, stepId: step.id, item: input.item, line: step.line }
  await withTransaction(deps.database, async (trx) => {
    await trx
      .insertInto('run_tick')
      .values({ run_id: run.id, step_id: step.id, item: input.item, done: input.done, by: actor.id, at })
      .execute()
    await addTimeline(trx, at, {
      incidentId: run.incident_id,
      kind: input.done ? 'step.ticked' : 'step.unticked',
      actor: actor.id,
      message: `${input.done ? 'Done' : 'Not done'}: ${item}`,
      data,
    })
    await appendAudit(trx, at, {
      actor,
      operation: 'run.tick',
      subject: run.id,
      outcome: 'done',
      data: { ...data, done: input.done },
    })
  })
  return { run: run.id, step: step.id, item: input.item, done: input.done }
}
