import type { Policy } from '../access/index.ts'
import { appendAudit, SYSTEM_ACTOR } from '../access/index.ts'
import type { Clock } from '../base/clock.ts'
import { AppError } from '../base/error.ts'
import { queueMessage } from '../communication/index.ts'
import type { Destination } from '../communication/index.ts'
import type { Database, Transaction } from '../db/index.ts'
import { causeOf, diagnose } from '../diagnose/index.ts'
import { annotationOf, failureOf } from '../kubernetes/index.ts'
import type { KubectlResult } from '../kubernetes/index.ts'
import type { RecoveryCondition, SignalSource, Verdict } from '../verification/index.ts'
import type { Outcome, Refused, WorkflowContext } from '../workflow/index.ts'
import { consumeDutyApproval } from './approval.ts'
import type { ClusterDesk, OpenCluster } from './cluster.ts'
import { LAST_CHANGE } from './plan.ts'
import type { ChangeCommand } from './plan.ts'
import { readDeployment } from './read.ts'
import { addDutyEvent } from './record.ts'
import { changeName, findChange, moveChange } from './store.ts'
import type { ChangeState, PlannedChange } from './store.ts'
import { waitForRollout } from './wait.ts'
import type { Arrival, WaitDeps } from './wait.ts'

export const CHANGE_WORKFLOW = 'planned-change'

export interface ChangeSettings {
  /** How long pods may take to be ready. */
  readyTimeoutMs: number
  /** How long one kubectl command may take. */
  commandTimeoutMs: number
  /** What counts as well after a change: the error rate, and how long it holds. */
  recovered: RecoveryCondition
}

export interface ChangeDeps extends WaitDeps {
  database: Database
  clock: Clock
  policy?: Policy
  clusters: ClusterDesk
  settings: ChangeSettings
  /** Where people hear how it went. */
  tell: readonly Destination[]
  verify(request: { source: SignalSource; signal: string; condition: RecoveryCondition }, signal: AbortSignal): Promise<Verdict> // prettier-ignore
}

/** At a cluster that does not answer, before a person has to look. */
const LOOKS = 10

type End = { state: ChangeState; outcome: string }

/**
 * Applies an approved change at most once, waits for its pods, verifies the signal, and takes it back when either does not
 * hold. A crash between intent and outcome is settled by what the cluster shows.
 */
export async function executeChange(
  deps: ChangeDeps,
  context: WorkflowContext,
  changeId: string,
): Promise<void> {
  const began = await context.transaction('begin', (trx) => begin(deps, trx, changeId))
  if (!began) return
  const change = await context.step('read', () => findChange(deps.database.kysely, changeId))
  const end = await carryOut(deps, context, change)
  await context.transaction('end', (trx) => conclude(deps, trx, change, end))
}

async function begin(deps: ChangeDeps, trx: Transaction, changeId: string): Promise<boolean> {
  const at = deps.clock.now()
  const won = await moveChange(trx, changeId, ['approved'], { state: 'running', startedAt: at })
  if (won)
    await addDutyEvent(trx, at, {
      subject: changeId,
      kind: 'change.started',
      actor: SYSTEM_ACTOR.id,
      message: 'It is applied now',
    })
  return won
}

async function carryOut(deps: ChangeDeps, context: WorkflowContext, change: PlannedChange): Promise<End> {
  const applied = await applyOnce(deps, context, change, 'apply', change.plan.apply)
  if (applied !== null) return applied
  const arrival = await waitFor(deps, context, change, 'wait')
  if (!arrival.complete) return takeBack(deps, context, change, arrival.says)
  const verdict = await verifyAfter(deps, context, change)
  if (verdict.verdict === 'failed') return takeBack(deps, context, change, verdict.reason)
  return { state: 'done', outcome: `${arrival.says}; ${verdict.reason}` }
}

/** One of its commands, through the gate and the ledger. @returns how it ends when it did not take effect, else `null`. */
async function applyOnce(
  deps: ChangeDeps,
  context: WorkflowContext,
  change: PlannedChange,
  name: 'apply' | 'revert',
  command: ChangeCommand,
): Promise<End | null> {
  const outcome = await context.effect<KubectlResult>(
    name,
    {
      async claim(trx) {
        // the way back was approved together with the change
        if (name === 'apply') await consume(deps, trx, change)
        await note(deps, trx, change, `change.${name}`, `running: ${command.text}`)
      },
      settle: (trx, settled) => recordCommand(deps, trx, change, command, settled),
    },
    (signal) =>
      open(deps, change).kubectl.change(command.argv, {
        signal,
        timeoutMs: deps.settings.commandTimeoutMs,
      }),
  )
  if (outcome.kind === 'refused') return { state: 'failed', outcome: `refused: ${outcome.message}` }
  if (outcome.kind === 'done' && outcome.value.code === 0) return null
  if (outcome.kind === 'done') return { state: 'failed', outcome: `nothing was changed: ${failureOf(outcome.value)}` } // prettier-ignore
  return settleUnknown(deps, context, change, name, outcome)
}

/** After a crash the cluster tells whether it took effect; where it cannot be asked, a person has to look. */
async function settleUnknown(
  deps: ChangeDeps,
  context: WorkflowContext,
  change: PlannedChange,
  name: 'apply' | 'revert',
  outcome: Exclude<Outcome<KubectlResult>, { kind: 'done' }>,
): Promise<End | null> {
  const why = outcome.kind === 'failed' ? outcome.error : outcome.reason
  const took = await context.step(`did ${name} happen?`, () => tookEffect(deps, change, name))
  if (took === true) return null
  if (took === false)
    return {
      state: 'failed',
      outcome: `${why}; the cluster shows that nothing was changed. Propose it again.`,
    }
  return { state: 'unknown', outcome: `${why}; the cluster cannot be asked whether it was changed. Look at it by hand.` } // prettier-ignore
}

async function tookEffect(
  deps: ChangeDeps,
  change: PlannedChange,
  name: 'apply' | 'revert',
): Promise<boolean | null> {
  for (let attempt = 1; attempt <= LOOKS; attempt += 1) {
    try {
      const deployment = await readDeployment(open(deps, change).kubectl, change.workload)
      if (name === 'apply') return annotationOf(deployment, LAST_CHANGE) === change.id
      return change.plan.kind === 'scale-horizontal' ? deployment.spec?.replicas !== change.plan.replicas : null // prettier-ignore
    } catch (error) {
      if (!(error instanceof AppError && error.retryable)) return null
      await deps.delay(deps.pollMs * attempt)
    }
  }
  return null
}

const waitFor = (
  deps: ChangeDeps,
  context: WorkflowContext,
  change: PlannedChange,
  name: string,
): Promise<Arrival> =>
  context.step(name, (signal) =>
    waitForRollout(deps, open(deps, change).kubectl, change.workload, deps.settings.readyTimeoutMs, signal),
  )

function verifyAfter(
  deps: ChangeDeps,
  context: WorkflowContext,
  change: PlannedChange,
): Promise<Pick<Verdict, 'verdict' | 'reason'>> {
  return context.step('verify', async (signal) => {
    const { signals } = open(deps, change)
    if (signals === null)
      return {
        verdict: 'unknown' as const,
        reason: 'no signal is configured, so only readiness was verified',
      }
    if (change.plan.replicas === 0)
      return { verdict: 'unknown' as const, reason: 'no pod is left to measure' }
    const { verdict, reason } = await deps.verify(
      { source: signals, signal: 'error_rate', condition: deps.settings.recovered },
      signal,
    )
    return { verdict, reason }
  })
}

/** It did not hold: back to what was before, where there is a way. */
async function takeBack(
  deps: ChangeDeps,
  context: WorkflowContext,
  change: PlannedChange,
  why: string,
): Promise<End> {
  const evidence = await context.step('why', () => evidenceFor(deps, change))
  const reason = [why, ...evidence].join('; ')
  if (change.plan.revert === null) return { state: 'failed', outcome: `${reason}. It is not taken back by itself.` } // prettier-ignore
  await context.transaction('take back', (trx) =>
    note(deps, trx, change, 'change.failed', `It does not hold and is taken back: ${reason}`),
  )
  const reverted = await applyOnce(deps, context, change, 'revert', change.plan.revert)
  if (reverted !== null) return { state: reverted.state === 'unknown' ? 'unknown' : 'failed', outcome: `${reason}. Taking it back failed: ${reverted.outcome}` } // prettier-ignore
  const arrival = await waitFor(deps, context, change, 'wait after revert')
  return arrival.complete
    ? { state: 'reverted', outcome: `${reason}. It was taken back: ${arrival.says}` }
    : { state: 'failed', outcome: `${reason}. It was taken back, but ${arrival.says}` }
}

/** What stands in the way, as `diagnose` sees it; never the reason of a failure of its own. */
async function evidenceFor(deps: ChangeDeps, change: PlannedChange): Promise<string[]> {
  const { kubectl } = open(deps, change)
  const request = { symptom: 'pod-wont-start' as const, workload: change.workload }
  try {
    const { findings } = await diagnose({ kubectl, now: () => deps.clock.now() }, request)
    return findings.slice(0, 2).map(({ cause, evidence }) => `${causeOf(cause).says} (${evidence[0] ?? ''})`)
  } catch {
    return []
  }
}

const open = (deps: ChangeDeps, change: PlannedChange): OpenCluster =>
  deps.clusters.open({
    service: change.service,
    workload: change.workload,
    ...(change.service === null ? { namespace: change.namespace } : {}),
  })

async function consume(deps: ChangeDeps, trx: Transaction, change: PlannedChange): Promise<void> {
  const about = {
    ...(deps.policy === undefined ? {} : { policy: deps.policy }),
    labels: change.service === null ? {} : { service: change.service },
    target: { kind: 'kubernetes' as const, context: change.context ?? '', namespace: change.namespace },
  }
  const what = { subject: change.id, hash: change.hash, risk: change.plan.apply.risk, title: change.title }
  await consumeDutyApproval(trx, deps.clock.now(), what, [about])
}

async function note(
  deps: ChangeDeps,
  trx: Transaction,
  change: PlannedChange,
  kind: string,
  message: string,
): Promise<void> {
  const event = { subject: change.id, kind, actor: SYSTEM_ACTOR.id, message, dedupKey: kind }
  await addDutyEvent(trx, deps.clock.now(), event)
}

async function recordCommand(
  deps: ChangeDeps,
  trx: Transaction,
  change: PlannedChange,
  command: ChangeCommand,
  outcome: Outcome<KubectlResult> | Refused,
): Promise<void> {
  const done = outcome.kind === 'done' && outcome.value.code === 0
  await appendAudit(trx, deps.clock.now(), {
    actor: SYSTEM_ACTOR,
    operation: 'change.command',
    subject: change.id,
    outcome: done ? 'done' : 'failed',
    data: {
      command: command.text,
      hash: change.hash,
      state: outcome.kind,
      ...(outcome.kind === 'done' && !done ? { error: failureOf(outcome.value) } : {}),
    },
  })
}

async function conclude(
  deps: ChangeDeps,
  trx: Transaction,
  change: PlannedChange,
  { state, outcome }: End,
): Promise<void> {
  const at = deps.clock.now()
  await moveChange(trx, change.id, ['running'], { state, endedAt: at, outcome })
  await note(deps, trx, change, `change.ended`, `${state}: ${outcome}`)
  await appendAudit(trx, at, {
    actor: SYSTEM_ACTOR,
    operation: 'change.end',
    subject: change.id,
    outcome: state === 'done' ? 'done' : 'failed',
    data: { state, outcome, title: change.title },
  })
  for (const place of deps.tell) {
    await queueMessage(trx, at, {
      ...place,
      incidentId: null,
      kind: 'change',
      subject: `${changeName(change)} ${state}: ${change.title}`,
      body: `${changeName(change)} ${state}: ${change.title}\n${outcome}`,
      dedupKey: `${change.id}:${state}:${place.channel}:${place.target ?? ''}`,
    })
  }
}
