export { COMPARISONS, PHASE_KINDS, SEVERITIES, SIGNALS, STEP_KINDS } from './model.ts'
export type {
  Alternative,
  CommunicationTemplate,
  Comparison,
  Condition,
  Phase,
  PhaseKind,
  Procedure,
  ReadNote,
  Runbook,
  RunbookCommand,
  Severity,
  SeverityRule,
  Signal,
  SourceRange,
  Step,
  StepKind,
} from './model.ts'
