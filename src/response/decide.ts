import { assertNever } from '../base/error.ts'
import type { Answer, AttemptedAlternative, DecisionKind, Question } from '../run/index.ts'
import { askDecision, remainingAlternatives, transitionRun } from '../run/index.ts'
import type { WorkflowContext } from '../workflow/index.ts'
import type { ResponseDeps, RunHandle } from './deps.ts'
import type { ResponseEvent } from './events.ts'
import { hear } from './hear.ts'

/** How an incident came to its end. */
export interface Resolution {
  kind: 'proved' | 'alerts-resolved' | 'resolved-by-person'
  by: string
  reason: string
}

export type Decided =
  | { kind: 'approved'; alternativeId: string; approvalIds: string[]; by: string }
  | { kind: 'over'; resolution: Resolution }
  | { kind: 'nothing-left'; reason: string }

/** How often an unanswered question is asked again before the run ends. */
const MAX_ASKS = 48

/** Offers what can still be done and waits until a person chooses, the alert goes, or nothing is left. */
export async function decide(
  deps: ResponseDeps,
  context: WorkflowContext,
  run: RunHandle,
  state: { attempt: number; attempted: AttemptedAlternative[]; evidence: readonly string[] },
): Promise<Decided> {
  const offers = remainingAlternatives(run.plan, state.attempted, state.evidence)
  if (offers.length === 0) {
    const reason =
      state.attempted.length === 0 ? 'the page offers no option' : 'every option of the page was tried'
    return { kind: 'nothing-left', reason }
  }
  const question: Question = {
    text: offers.length === 1 ? 'One option can be approved' : `${offers.length} options: choose one`,
    options: offers.map(({ alternative, suggestion }) => ({
      id: alternative.id,
      label: alternative.title,
      risk: alternative.risk,
      suggestion,
    })),
  }
  const about = { attempt: state.attempt, kind: 'choose', subject: '' } as const
  const answer = await ask(deps, context, run, about, question)
  switch (answer.kind) {
    case 'over':
      return answer
    case 'silent':
      return { kind: 'nothing-left', reason: 'nobody decided in time' }
    case 'cancelled':
      return { kind: 'nothing-left', reason: answer.reason }
    case 'answer':
      if (answer.answer.kind === 'approve') return { ...answer.answer, kind: 'approved' }
      return {
        kind: 'nothing-left',
        reason: `${answer.answer.by} rejected the options: ${answer.answer.reason}`,
      }
    default:
      return assertNever(answer)
  }
}

/** What a person says of something that erlmcp cannot know; or that the incident, or the run, has ended meanwhile. */
export type SaidDone =
  | { kind: 'done' }
  | { kind: 'not-done'; reason: string }
  | { kind: 'over'; resolution: Resolution }
  | { kind: 'ended'; reason: string }

/** Asks whether a command whose outcome is unknown, or a fix that cannot be measured, counts as done. */
export async function askWhetherDone(
  deps: ResponseDeps,
  context: WorkflowContext,
  run: RunHandle,
  about: { attempt: number; kind: Exclude<DecisionKind, 'choose'>; subject: string; text: string },
): Promise<SaidDone> {
  const question: Question = {
    text: about.text,
    options: [
      { id: 'done', label: 'It was done: go on and measure', risk: null, suggestion: null },
      { id: 'not-done', label: 'It was not done: offer the options again', risk: null, suggestion: null },
    ],
  }
  const heard = await ask(deps, context, run, about, question)
  switch (heard.kind) {
    case 'over':
      return heard
    case 'cancelled':
      return { kind: 'ended', reason: heard.reason }
    case 'silent':
      return { kind: 'not-done', reason: 'nobody said whether it was done' }
    case 'answer':
      if (heard.answer.kind === 'resolve-unknown' && heard.answer.as === 'done') return { kind: 'done' }
      return { kind: 'not-done', reason: `${heard.answer.by}: it was not done` }
    default:
      return assertNever(heard)
  }
}

type Heard =
  | { kind: 'answer'; answer: Answer }
  | { kind: 'over'; resolution: Resolution }
  | { kind: 'cancelled'; reason: string }
  | { kind: 'silent' }

async function ask(
  deps: ResponseDeps,
  context: WorkflowContext,
  run: RunHandle,
  { attempt, kind, subject }: { attempt: number; kind: DecisionKind; subject: string },
  question: Question,
): Promise<Heard> {
  const decisionId = await context.transaction(`ask ${kind} ${attempt} ${subject}`, async (trx) => {
    const at = deps.clock.now()
    const waiting = kind === 'choose' ? 'awaiting-decision' : 'awaiting-person'
    if (!(await transitionRun(trx, at, run.runId, waiting))) return null
    return askDecision(trx, at, {
      runId: run.runId,
      incidentId: run.incidentId,
      attempt,
      kind,
      subject,
      question,
      expiresAt: new Date(at.getTime() + deps.settings.decisionTtlMs * MAX_ASKS),
      actor: 'system:erlmcp',
    })
  })
  if (decisionId === null) return { kind: 'cancelled', reason: 'the run was ended while it worked' }
  for (let asked = 0; asked < MAX_ASKS; asked += 1) {
    const event = await hear(deps, context, run.incidentId, deps.settings.decisionTtlMs)
    if (event === null) continue
    if (event.kind === 'answer') {
      if (event.decisionId === decisionId) return { kind: 'answer', answer: event.answer }
      continue
    }
    await closeQuestion(deps, context, decisionId, 'cancelled')
    if (event.kind === 'run-cancelled')
      return { kind: 'cancelled', reason: `${event.by} cancelled the run: ${event.reason}` }
    return { kind: 'over', resolution: resolutionOf(event) }
  }
  await closeQuestion(deps, context, decisionId, 'expired')
  return { kind: 'silent' }
}

export function resolutionOf(
  event: Extract<ResponseEvent, { kind: 'alerts-resolved' | 'resolved-by-person' }>,
): Resolution {
  return event.kind === 'alerts-resolved'
    ? { kind: 'alerts-resolved', by: 'source', reason: 'all alerts are resolved at their source' }
    : { kind: 'resolved-by-person', by: event.by, reason: event.reason }
}

async function closeQuestion(
  deps: ResponseDeps,
  context: WorkflowContext,
  decisionId: string,
  state: 'cancelled' | 'expired',
): Promise<void> {
  await context.transaction(`close ${decisionId}`, async (trx) => {
    await trx
      .updateTable('decision')
      .set({ state, answered_at: deps.clock.now() })
      .where('id', '=', decisionId)
      .where('state', '=', 'pending')
      .execute()
  })
}
