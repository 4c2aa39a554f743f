import { appendAudit } from '../access/index.ts'
import type { Actor } from '../access/index.ts'
import { AppError } from '../base/error.ts'
import { withTransaction } from '../db/index.ts'
import type { RunRow, Transaction } from '../db/index.ts'
import { addTimeline } from '../incident/index.ts'
import { choicesFromReads, giveInput, missingInputs } from '../run/index.ts'
import type { Plan, PlannedAlternative } from '../run/index.ts'
import { readRunbook } from '../runbook/index.ts'
import type { Procedure } from '../runbook/index.ts'
import type { InputOf } from './catalogue.ts'
import type { HandlersOf, OperationDeps } from './deps.ts'
import { findRun } from './runs.ts'

/** Of the output of one read; a table of names is far shorter. */
const MAX_OUTPUT = 65_536

export const inputHandlers: HandlersOf<'run.inputs' | 'run.set-input'> = {
  'run.inputs': (deps, _actor, input) => showInputs(deps, input),
  'run.set-input': setInput,
}

async function showInputs(deps: OperationDeps, input: InputOf<'run.inputs'>): Promise<unknown> {
  const run = await findRun(deps, input.id)
  const option = optionOf(run.plan as Plan, input.option)
  const procedure = await procedureOf(deps.database.kysely, run)
  const reads = await readsOf(deps, run.id)
  const each = new Map(
    option.commands.flatMap((command) => command.inputs).map((wanted) => [wanted.name, wanted]),
  )
  return {
    option: option.id,
    missing: missingInputs(option),
    inputs: [...each.values()].map(({ name, value, from }) => {
      const rule = procedure?.inputs?.find((candidate) => candidate.name === name)
      const listed = (rule?.choices ?? []).map((choice) => ({ value: choice, from: 'the page' }))
      return {
        name,
        value,
        from,
        description: rule?.description ?? null,
        pattern: rule?.pattern ?? null,
        choices: listed.length > 0 ? listed : choicesFromReads(name, reads),
      }
    }),
  }
}

function optionOf(plan: Plan, given: string): PlannedAlternative {
  const found = plan.alternatives.find((option, index) => option.id === given || String(index + 1) === given)
  if (found !== undefined) return found
  throw new AppError('not_found', `the run has no option ${JSON.stringify(given)}`, {
    action: 'Options are listed by `erlmcp run show`.',
  })
}

/** The procedure as the run read it: from the very bytes that it stays on. */
async function procedureOf(
  trx: Pick<Transaction, 'selectFrom'>,
  run: Pick<RunRow, 'page_hash' | 'page_path' | 'procedure_id'>,
): Promise<Procedure | null> {
  const revision = await trx
    .selectFrom('runbook_revision')
    .select('content')
    .where('content_hash', '=', run.page_hash)
    .executeTakeFirst()
  if (revision === undefined) return null
  const { procedures } = readRunbook(revision.content, { path: run.page_path })
  return procedures.find(({ id }) => id === run.procedure_id) ?? null
}

/** What the reading commands of the run have printed, the newest first. */
async function readsOf(deps: OperationDeps, runId: string): Promise<{ command: string; output: string }[]> {
  const rows = await deps.database.kysely
    .selectFrom('execution')
    .select(['id', 'command'])
    .where('run_id', '=', runId)
    .where('risk', '=', 'read')
    .where('state', '=', 'done')
    .where('command', 'like', '%get%')
    .orderBy('started_at', 'desc')
    .limit(20)
    .execute()
  return Promise.all(
    rows.map(async ({ id, command }) => {
      const chunks = await deps.database.kysely
        .selectFrom('output_chunk')
        .select('content')
        .where('execution_id', '=', id)
        .where('stream', '=', 'stdout')
        .orderBy('sequence')
        .limit(16)
        .execute()
      const output = Buffer.concat(chunks.map(({ content }) => content)).subarray(0, MAX_OUTPUT)
      return { command, output: output.toString('utf8') }
    }),
  )
}

async function setInput(
  deps: OperationDeps,
  actor: Actor,
  input: InputOf<'run.set-input'>,
): Promise<unknown> {
  const run = await findRun(deps, input.id)
  const at = deps.clock.now()
  await withTransaction(deps.database, async (trx) => {
    const locked = await trx
      .selectFrom('run')
      .select(['state', 'plan'])
      .where('id', '=', run.id)
      .forUpdate()
      .executeTakeFirstOrThrow()
    if (locked.state !== 'awaiting-decision') {
      throw new AppError('conflict', `run ${run.id} does not wait for a decision; it is ${locked.state}`, {
        action: 'Values are given while the options are open.',
      })
    }
    const procedure = await procedureOf(trx, run)
    if (procedure === null) {
      throw new AppError('conflict', `the page of run ${run.id} has no procedure ${run.procedure_id}`, {
        action: 'End this run, and start it again.',
      })
    }
    const given = { name: input.name, value: input.value, by: actor.id }
    const plan = giveInput(locked.plan as Plan, procedure, given)
    await trx
      .updateTable('run')
      .set({ plan: JSON.stringify(plan) })
      .where('id', '=', run.id)
      .execute()
    await addTimeline(trx, at, {
      incidentId: run.incident_id,
      kind: 'run.input-given',
      actor: actor.id,
      message: `${actor.id} gave ${input.name}: ${input.value}`,
      data: { runId: run.id, name: input.name },
    })
    await appendAudit(trx, at, {
      actor,
      operation: 'run.set-input',
      subject: run.id,
      outcome: 'done',
      data: { name: input.name, value: input.value },
    })
  })
  return { run: run.id, name: input.name, value: input.value }
}
