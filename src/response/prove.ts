import { SYSTEM_ACTOR } from '../access/index.ts'
import { newId } from '../base/id.ts'
import type { Transaction } from '../db/index.ts'
import { withTransaction } from '../db/index.ts'
import { addTimeline, transitionIncident } from '../incident/index.ts'
import { transitionRun } from '../run/index.ts'
import type { Comparison, Condition } from '../runbook/index.ts'
import type { Verdict } from '../verification/index.ts'
import type { WorkflowContext } from '../workflow/index.ts'
import { unlessCancelled } from './cancellation.ts'
import { askWhetherDone } from './decide.ts'
import type { SaidDone } from './decide.ts'
import type { ResponseDeps, RunHandle } from './deps.ts'
import { runReads } from './execute.ts'
import { formatValue } from './tell.ts'

export type Proof =
  | { kind: 'passed' | 'failed'; reason: string }
  /** The incident, or the run, has ended meanwhile. */
  | Exclude<SaidDone, { kind: 'done' | 'not-done' }>

/** What has to hold for a fix to count: the page's own words, else the trigger turned around, held as long. */
export function recoveryOf(
  plan: RunHandle['plan'],
): { condition: Condition; comparison: Comparison; threshold: number; forSeconds: number } | null {
  const own = plan.recovery
  if (own !== null && own.comparison !== null && own.threshold !== null) {
    return {
      condition: own,
      comparison: own.comparison,
      threshold: own.threshold,
      forSeconds: own.forSeconds ?? 60,
    }
  }
  const trigger = plan.trigger
  if (trigger === null || trigger.comparison === null || trigger.threshold === null) return null
  const turned: Partial<Record<Comparison, Comparison>> = { '>': '<=', '>=': '<', '<': '>=', '<=': '>' }
  const comparison = turned[trigger.comparison]
  if (comparison === undefined) return null
  return {
    condition: trigger,
    comparison,
    threshold: trigger.threshold,
    forSeconds: trigger.forSeconds ?? 60,
  }
}

/**
 * Stage 6: measures until the signal has held, or has not in time. Where nothing can be measured a person is asked;
 * an exit code proves nothing.
 */
export async function proveRecovery(
  deps: ResponseDeps,
  context: WorkflowContext,
  run: RunHandle,
  attempt: number,
): Promise<Proof> {
  await context.transaction(`verify ${attempt}`, async (trx) => {
    const at = deps.clock.now()
    await transitionRun(trx, at, run.runId, 'verifying')
    await transitionIncident(trx, at, {
      incidentId: run.incidentId,
      to: 'monitoring',
      actor: SYSTEM_ACTOR,
      message: 'Changes made; measuring whether they worked',
    })
  })
  for (const step of run.plan.checks) {
    await context.step(`check ${step.id} ${attempt}`, (signal) => runReads(deps, run, step, attempt, signal))
  }
  const verdict = await context.step(`measure ${attempt}`, (signal) => measure(deps, run, attempt, signal))
  if (verdict.verdict !== 'unknown') return { kind: verdict.verdict, reason: inWords(run, verdict) }
  const said = await askWhetherDone(deps, context, run, {
    attempt,
    kind: 'manual',
    subject: 'verification',
    text: `It cannot be measured whether the fix worked (${verdict.reason}). Did it?`,
  })
  if (said.kind === 'done') return { kind: 'passed', reason: 'a person confirmed it; nothing was measured' }
  return said.kind === 'not-done' ? { kind: 'failed', reason: verdict.reason } : said
}

/** "error_rate < 1.00 % held for 300 s" instead of bare numbers. */
function inWords(run: RunHandle, verdict: Verdict): string {
  const recovery = recoveryOf(run.plan)
  if (recovery === null || recovery.condition.signal === null || verdict.verdict !== 'passed')
    return verdict.reason
  const limit = formatValue(recovery.threshold, recovery.condition.unit ?? 'ratio')
  return `${recovery.condition.signal.replaceAll('_', ' ')} ${recovery.comparison} ${limit} held for ${recovery.forSeconds} s`
}

async function measure(
  deps: ResponseDeps,
  run: RunHandle,
  attempt: number,
  signal: AbortSignal,
): Promise<Verdict> {
  const recovery = recoveryOf(run.plan)
  const source = deps.service(run.serviceName).signals
  const name = recovery?.condition.signal ?? null
  if (recovery === null || name === null) return unknown('the page gives no number to compare with')
  if (source === null)
    return unknown(`no source of signals is configured for ${run.serviceName ?? 'this service'}`)
  const { comparison, threshold, forSeconds } = recovery
  const id = await withTransaction(deps.database, (trx) =>
    beginVerification(trx, deps.clock.now(), run.runId, attempt, {
      signal: name,
      comparison,
      threshold,
      forSeconds,
    }),
  )
  const samples: Verdict['samples'] = []
  const verify = (stop: AbortSignal): Promise<Verdict> =>
    deps.verify(
      {
        condition: { comparison, threshold, forSeconds },
        source,
        signal: name,
        async onSample(sample) {
          samples.push(sample)
          await withTransaction(deps.database, (trx) =>
            trx
              .updateTable('verification')
              .set({ samples: JSON.stringify(samples) })
              .where('id', '=', id)
              .execute(),
          )
        },
      },
      stop,
    )
  const verdict = await unlessCancelled(deps, run.runId, signal, async (stop) => {
    try {
      return await verify(stop)
    } catch (error) {
      // ended by a person; a stop of erlmcp itself measures again after the next start
      if (!stop.aborted || signal.aborted) throw error
      return { ...unknown('the run was ended while it was measured'), samples }
    }
  })
  await withTransaction(deps.database, (trx) =>
    endVerification(trx, deps, run, attempt, id, verdict, recovery.condition),
  )
  return verdict
}

const unknown = (reason: string): Verdict => ({ verdict: 'unknown', samples: [], reason })

async function beginVerification(
  trx: Transaction,
  at: Date,
  runId: string,
  attempt: number,
  condition: Record<string, unknown>,
): Promise<string> {
  const row = await trx
    .insertInto('verification')
    .values({
      id: newId('ver'),
      run_id: runId,
      attempt,
      condition: JSON.stringify(condition),
      verdict: null,
      started_at: at,
      reason: null,
    })
    .onConflict((conflict) => conflict.columns(['run_id', 'attempt']).doUpdateSet({ samples: '[]' }))
    .returning('id')
    .executeTakeFirstOrThrow()
  return row.id
}

async function endVerification(
  trx: Transaction,
  deps: ResponseDeps,
  run: RunHandle,
  attempt: number,
  id: string,
  verdict: Verdict,
  condition: Condition,
): Promise<void> {
  const at = deps.clock.now()
  await trx
    .updateTable('verification')
    .set({
      verdict: verdict.verdict,
      ended_at: at,
      samples: JSON.stringify(verdict.samples),
      reason: verdict.reason,
    })
    .where('id', '=', id)
    .execute()
  const last = verdict.samples.findLast((sample) => sample.value !== null)?.value ?? null
  await addTimeline(trx, at, {
    incidentId: run.incidentId,
    kind: `verification.${verdict.verdict}`,
    actor: SYSTEM_ACTOR.id,
    message: `${inWords(run, verdict)}${last === null ? '' : ` (last ${formatValue(last, condition.unit ?? 'ratio')})`}`,
    data: { runId: run.runId, attempt, value: last },
    dedupKey: `verification:${id}`,
  })
}
