import { appendAudit, SYSTEM_ACTOR } from '../access/index.ts'
import { newId } from '../base/id.ts'
import type { Transaction } from '../db/index.ts'
import { addTimeline } from '../incident/index.ts'
import type { Plan } from './plan.ts'

export interface PageRevision {
  path: string
  contentHash: string
  commit: string | null
  content: Buffer
}

/** Stores the page's revision and the run over it: whatever happens to the file, the run stays on this text. */
export async function startRun(
  trx: Transaction,
  at: Date,
  incidentId: string,
  page: PageRevision,
  plan: Plan,
  how: string,
): Promise<string> {
  await trx
    .insertInto('runbook_revision')
    .values({
      content_hash: page.contentHash,
      path: page.path,
      commit_id: page.commit,
      content: page.content,
      stored_at: at,
    })
    .onConflict((conflict) => conflict.column('content_hash').doNothing())
    .execute()
  const runId = newId('run')
  await trx
    .insertInto('run')
    .values({
      id: runId,
      incident_id: incidentId,
      page_path: page.path,
      page_hash: page.contentHash,
      page_commit: page.commit,
      procedure_id: plan.procedureId,
      plan: JSON.stringify(plan),
      state: 'diagnosing',
      shell_state: null,
      started_at: at,
      reason: null,
    })
    .execute()
  await trx
    .updateTable('incident')
    .set({ procedure_path: page.path, procedure_id: plan.procedureId })
    .where('id', '=', incidentId)
    .execute()
  await addTimeline(trx, at, {
    incidentId,
    kind: 'run.started',
    actor: SYSTEM_ACTOR.id,
    message: `Runbook found by ${how}: ${plan.title} (${page.path}:${plan.line})`,
    data: { runId, path: page.path, line: plan.line, contentHash: page.contentHash, commit: page.commit },
  })
  await appendAudit(trx, at, {
    actor: SYSTEM_ACTOR,
    operation: 'run.start',
    subject: runId,
    outcome: 'done',
    data: { incidentId, path: page.path, contentHash: page.contentHash, procedureId: plan.procedureId },
  })
  return runId
}
