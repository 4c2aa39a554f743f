import type { CommandFlag, CommandInput, Language, Reason, Risk } from '../command/index.ts'

/** 1-based lines and columns (UTF-16 units) in the page as stored, after decoding; `end` is exclusive. */
export interface SourceRange {
  line: number
  column: number
  endLine: number
  endColumn: number
}

export const SEVERITIES = ['P1', 'P2', 'P3', 'P4'] as const
export type Severity = (typeof SEVERITIES)[number]

export const SIGNALS = [
  'error_rate', 'memory_usage', 'cpu_usage', 'db_pool_exhausted', 'crash_looping', 'latency', 'disk_usage',
] as const // prettier-ignore
export type Signal = (typeof SIGNALS)[number]

export const COMPARISONS = ['>', '>=', '<', '<=', '==', '!='] as const
export type Comparison = (typeof COMPARISONS)[number]

/** A condition over a signal. Ratios are fractions (0.05 for 5 %), durations seconds. */
export interface Condition {
  signal: Signal | null
  comparison: Comparison | null
  /** `null`: the page gives no number, and lint says so. */
  threshold: number | null
  unit: 'ratio' | 'seconds' | 'bytes' | 'count' | null
  /** How long it must hold: before the alert fires, or before a fix counts as proved. */
  forSeconds: number | null
  /** The words of the page. */
  text: string
  position: SourceRange
}

export const PHASE_KINDS = ['context', 'diagnose', 'mitigate', 'verify', 'follow-up'] as const
export type PhaseKind = (typeof PHASE_KINDS)[number]

export const STEP_KINDS = ['command', 'manual', 'choice', 'checklist'] as const
export type StepKind = (typeof STEP_KINDS)[number]

/** One top-level statement of a code block, or one inline command. */
export interface RunbookCommand {
  /** Ready to analyse: prompt stripped, output separated; placeholders still as written. */
  text: string
  language: Language
  /** The tag as written on the fence, `null` without one, and `'inline'` for inline code. */
  tag: string | null
  line: number
  position: SourceRange
  risk: Risk
  flags: CommandFlag[]
  reasons: Reason[]
  inputs: CommandInput[]
  changesShell: boolean
  /** False: shown to a person as a manual step, never executed. */
  runnable: boolean
  /** The comment directly above it. */
  explanation: string | null
  /** From `# Expected …` or output shown in the block. */
  expectation: string | null
}

export interface Step {
  /** Unique in its procedure, stable while titles are: `mitigation/option-3`. */
  id: string
  title: string
  kind: StepKind
  line: number
  position: SourceRange
  /** Prose of the step as Markdown, without its commands. */
  text: string
  commands: RunbookCommand[]
  /** Exactly one is chosen; only on kind `choice`. */
  alternatives?: Alternative[]
  /** Only on kind `checklist`. */
  items?: { text: string; done: boolean; line: number }[]
}

export interface Alternative {
  id: string
  title: string
  kind: 'option' | 'cause' | 'scenario' | 'case'
  /** "if recent deployment", from the parentheses or the first sentence. */
  condition: string | null
  line: number
  position: SourceRange
  text: string
  commands: RunbookCommand[]
  /** The largest risk of its commands. */
  risk: Risk
}

export interface Phase {
  /** Title without the time window. */
  name: string
  kind: PhaseKind
  startMinute: number | null
  endMinute: number | null
  line: number
  position: SourceRange
  text: string
  steps: Step[]
}

export interface Procedure {
  /** The page's own id: `{#id}`, else the alert name, else the GitHub slug of the heading. */
  id: string
  title: string
  line: number
  position: SourceRange
  /** Every anchor that leads here, lower case: explicit id, GitHub slug, alert names. */
  anchors: string[]
  alertNames: string[]
  severity: Severity | null
  /** Set when the page gives a range ("P2-P3"): `[highest, lowest]`; `severity` is then the highest. */
  severityRange: [Severity, Severity] | null
  responseTimeMinutes: number | null
  trigger: Condition | null
  /** When a fix counts as proved, with its hold time. */
  recovery: Condition | null
  impact: string | null
  metadata: Record<string, string>
  phases: Phase[]
}

export interface SeverityRule {
  severity: Severity
  label: string
  responseTimeMinutes: number | null
  /** As written, e.g. "Next business day". */
  responseTime: string
  escalation: string[]
  example: string
}

export interface CommunicationTemplate {
  id: string
  title: string
  channel: string | null
  body: string
  /** Placeholders and sample values met in the body. */
  fields: string[]
  line: number
}

/** Something the reader itself noticed: repaired mojibake, unclosed fence, broken front matter. */
export interface ReadNote {
  kind: string
  message: string
  line: number
  column: number
}

export interface Runbook {
  title: string
  /** Front matter and bold `**Key:** value` lines of the head and foot; keys in camelCase. */
  metadata: Record<string, string>
  procedures: Procedure[]
  severityPolicy: SeverityRule[]
  contacts: { name: string; contact: string; line: number }[]
  links: { name: string; url: string; line: number }[]
  templates: CommunicationTemplate[]
  notes: ReadNote[]
}
