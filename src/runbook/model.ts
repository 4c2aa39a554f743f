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
  'replicas_missing', 'probe_failing', 'oom_kills', 'database_down',
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
  /** `label`: a line that says so (`**Alert Trigger:** …`). `prose`: found in a sentence; good to show, not to act on. */
  stated?: 'label' | 'prose'
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
  /** Where each line of `text` starts in the page, so that an offset in `text` has a place in the source. */
  origin?: { line: number; column: number }[]
  /** The line of the fence it stands in; commands with the same value share one block. `null` for inline code. */
  block?: number | null
  /** Typed inside a shell or console that an earlier command opened; never run by itself. */
  nested?: boolean
}

/** A comment of a code block that explains no command: a hint, a manual step, a query to paste. */
export interface BlockComment {
  text: string
  line: number
  column: number
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
  /** The sub-headings of the phase that it stands under, outermost first, joined by " / "; `null` without one. */
  group?: string | null
  /** How much of `text` stands before the commands; the rest comes after them. Without it, all of it does. */
  lead?: number
  comments?: BlockComment[]
  /** From `**Revert:**`: what takes the step back. */
  revert?: RunbookCommand[]
}

export interface Alternative {
  id: string
  title: string
  kind: 'option' | 'cause' | 'scenario' | 'case'
  /** Why it has its number: `3` of "Option 3"; the place in the page for cases. */
  label?: string
  /** "if recent deployment", from the parentheses or the first sentence. */
  condition: string | null
  line: number
  position: SourceRange
  text: string
  commands: RunbookCommand[]
  /** The largest risk of its commands. */
  risk: Risk
  /** As for a step. */
  lead?: number
  comments?: BlockComment[]
  /** From `**Revert:**`: what takes the alternative back. */
  revert?: RunbookCommand[]
}

export interface Phase {
  /** Title without the time window. */
  name: string
  kind: PhaseKind
  startMinute: number | null
  endMinute: number | null
  /** The time as written, also where it is no window: "Next business day". */
  window?: string | null
  line: number
  position: SourceRange
  text: string
  steps: Step[]
}

export const INPUT_TYPES = ['string', 'integer', 'number', 'boolean', 'choice', 'duration', 'secret'] as const
export type InputType = (typeof INPUT_TYPES)[number]

/** A value that the page declares (front matter `inputs:`, or a table under a heading "Inputs"). */
export interface InputDeclaration {
  name: string
  type: InputType
  description: string | null
  default: string | null
  /** Only these values; empty when free. */
  choices: string[]
  /** A regular expression that the value has to match as a whole. */
  pattern: string | null
  required: boolean
  line: number
}

/** `incident`: has a trigger, severity or alert. `task`: done on purpose. `reference`: read, not run through. */
export const PROCEDURE_KINDS = ['incident', 'task', 'reference'] as const
export type ProcedureKind = (typeof PROCEDURE_KINDS)[number]

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
  kind?: ProcedureKind
  /** From `**Service:**`, else the front matter's `service`. */
  service?: string | null
  owner?: string | null
  /** What the commands may ask for; the same for every procedure of a page unless a procedure has its own table. */
  inputs?: InputDeclaration[]
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
  /** Every heading, also those that stand inside procedures; bold lines are no headings here. */
  headings: PageHeading[]
  /** Every code block outside of templates, as written. */
  blocks: PageBlock[]
}

export interface PageHeading {
  title: string
  depth: number
  line: number
  column: number
  /** The anchor GitHub gives it. */
  slug: string
  /** From `{#id}`, which GitHub shows as text. */
  explicitId: string | null
}

export interface PageBlock {
  tag: string | null
  /** The whole info string; `null` for an indented block. */
  info: string | null
  /** Of the fence; `endLine` is inclusive. */
  line: number
  endLine: number
  closed: boolean
  lines: { text: string; line: number; column: number }[]
}
