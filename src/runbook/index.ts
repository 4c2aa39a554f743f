export { MAX_PAGE_BYTES } from './decode.ts'
export {
  COMPARISONS,
  INPUT_TYPES,
  PHASE_KINDS,
  PROCEDURE_KINDS,
  SEVERITIES,
  SIGNALS,
  STEP_KINDS,
} from './model.ts'
export type {
  Alternative,
  BlockComment,
  CommunicationTemplate,
  Comparison,
  Condition,
  InputDeclaration,
  InputType,
  PageBlock,
  PageHeading,
  Phase,
  PhaseKind,
  Procedure,
  ProcedureKind,
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
export { readDocument, safeAddress } from './document.ts'
export type { DocumentBlock, DocumentInline, DocumentItem } from './document.ts'
export { readRunbook } from './read.ts'
export { loadPages, MAX_PAGES } from './load.ts'
export type { LoadedPage, LoadedPages, LoadFinding } from './load.ts'
export { signalOf } from './signals.ts'
export { githubSlug } from './slug.ts'
export { toJson } from './json.ts'
export { conditionText, renderPlan } from './render.ts'
export type { RenderOptions } from './render.ts'
export { listCatalogue, renderCatalogue, reviewCycleMonths, reviewOf } from './catalogue.ts'
export type { CatalogueEntry, CatalogueProcedure } from './catalogue.ts'
export { coverage, readRuleAlerts, renderCoverage } from './coverage.ts'
export type { Coverage, CoveredAlert, RuleAlert } from './coverage.ts'
export { explainMatch, matchProcedure } from './match.ts'
export type { MatchHow, MatchPage, MatchProblem, MatchResult, ProcedureMatch } from './match.ts'
export { parseDate } from './dates.ts'
export { alertingRules, alertName } from './rules.ts'
export type { AlertingRules, RulesOptions, SkippedTrigger } from './rules.ts'
export { SIGNAL_TABLE } from './signals.ts'
export type { SignalEntry } from './signals.ts'
export {
  fixPage,
  formatFindings,
  LINT_FORMATS,
  LINT_RULES,
  LINT_SEVERITIES,
  lintPage,
  renderRules,
} from './lint/index.ts'
export type {
  Finding,
  FixedPage,
  FormatOptions,
  LintEdit,
  LintFormat,
  LintOptions,
  LintRule,
  LintSeverity,
} from './lint/index.ts'
