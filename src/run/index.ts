export { approveAlternative, proposeAlternative, requesterOf } from './approve.ts'
export type { ApprovalRequest, Approved } from './approve.ts'
export { gatedCommands, isProvedAfter, missingInputs, remainingAlternatives } from './choices.ts'
export type { AttemptedAlternative } from './choices.ts'
export { circumstancesOf, labelsOf } from './circumstances.ts'
export { answerDecision, askDecision, DECISION_KINDS, pendingDecision } from './decision.ts'
export type { Answer, DecisionKind, PendingDecision, Question } from './decision.ts'
export { beginExecution, consumeApproval, describe, endExecution } from './execution.ts'
export type { ExecutionIntent, ExecutionResult } from './execution.ts'
export { giveInput } from './give-input.ts'
export { knownValues } from './inputs.ts'
export { choicesFromReads } from './lookup.ts'
export type { Choice } from './lookup.ts'
export { IDENTITIES, planProcedure } from './plan.ts'
export type {
  Identity,
  Plan,
  PlanContext,
  PlannedAlternative,
  PlannedCommand,
  PlannedInput,
  PlannedStep,
  Target,
} from './plan.ts'
export { startRun } from './start.ts'
export type { PageRevision } from './start.ts'
export { isFinal, RUN_STATES, RUN_TRANSITIONS } from './state.ts'
export type { RunState } from './state.ts'
export { transitionRun } from './transition.ts'
