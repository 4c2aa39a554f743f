/** What the API answers, as far as the page uses it. Text in it comes from outside: it is shown as text only. */

export type Risk = 'read' | 'change' | 'destructive'
export type Severity = 'P1' | 'P2' | 'P3' | 'P4'
export type IncidentState = 'open' | 'acknowledged' | 'mitigating' | 'monitoring' | 'resolved' | 'closed'
export type RunState =
  | 'diagnosing'
  | 'awaiting-decision'
  | 'executing'
  | 'verifying'
  | 'awaiting-person'
  | 'succeeded'
  | 'failed'
  | 'cancelled'
export type ExecutionState = 'running' | 'done' | 'failed' | 'unknown' | 'skipped'

export interface Change {
  topic: 'incident' | 'run' | 'output' | 'signal'
  incident: string
  run: string
  subject: string
  sequence: number
}

export interface IncidentSummary {
  id: string
  number: number
  name: string
  title: string
  severity: Severity
  state: IncidentState
  service: string | null
  alertName: string | null
  labels: Record<string, string>
  annotations: Record<string, string>
  procedure: { path: string; id: string } | null
  openedAt: string
  acknowledgedAt: string | null
  acknowledgedBy: string | null
  mitigatedAt: string | null
  resolvedAt: string | null
  closedAt: string | null
  reason: string | null
}

export interface TimelineEntry {
  id: string
  at: string
  kind: string
  actor: string
  message: string
  data: Record<string, unknown>
}

export interface Message {
  id: string
  kind: string
  channel: string
  target: string | null
  body: string
  state: 'pending' | 'sent' | 'failed'
  sentAt: string | null
  error: string | null
}

export interface RunSummary {
  id: string
  state: RunState
  procedureId: string
  pagePath: string
  pageCommit: string | null
  startedAt: string
  endedAt: string | null
  reason: string | null
}

/** A clock that runs for an incident, soonest first. */
export interface Deadline {
  kind: string
  at: string
}

export interface Incident extends IncidentSummary {
  deadlines?: Deadline[]
  reviewOwed?: { reason: string; by: string; at: string } | null
  timeline: TimelineEntry[]
  runs: RunSummary[]
  alerts: {
    fingerprint: string
    name: string
    status: string
    startsAt: string
    endsAt: string | null
    labels: Record<string, string>
    annotations: Record<string, string>
    seenCount: number
  }[]
  messages: Message[]
}

export interface CommandInput {
  name: string
  variable: string
  value: string | null
  from: string | null
}

export interface Command {
  index: number
  text: string
  script: string
  inputs: CommandInput[]
  risk: Risk
  flags: string[]
  reasons: string[]
  line: number
  explanation: string | null
  identity: 'observer' | 'operator'
  mode: 'run' | 'window' | 'manual'
  manualReason: string | null
  needsApproval: boolean
  hash: string
}

export interface Step {
  id: string
  title: string
  line: number
  text: string
  items: string[]
  commands: Command[]
}

export interface Option extends Step {
  number: number
  condition: string | null
  risk: Risk
  missingInputs: string[]
  /** Of the commands that are approved, as they are shown. */
  hashes: string[]
  /** Who asked for it; `null`: it stands on the page, and nobody did. */
  proposed: { proposedBy: string; reason: string } | null
  /** Whether whoever looks may approve it, and why not. */
  may: { allowed: boolean; reason: string }
}

export interface Phase {
  kind: 'context' | 'diagnose' | 'mitigate' | 'verify' | 'follow-up'
  name: string
  steps: Step[]
}

export interface Execution {
  id: string
  stepId: string
  attempt: number
  commandIndex: number
  command: string
  risk: Risk
  identity: string
  state: ExecutionState
  startedAt: string
  endedAt: string | null
  exitCode: number | null
  signal: string | null
  reason: string | null
  outputBytes: string | number
  outputTruncated: boolean
  summary: string | null
  approvalId: string | null
}

export interface Question {
  text: string
  options: { id: string; label: string; risk: Risk | null; suggestion: string | null }[]
}

export interface Decision {
  id: string
  attempt: number
  kind: 'choose' | 'unknown-outcome' | 'manual'
  subject: string
  question: Question
  state: 'pending' | 'answered' | 'expired' | 'cancelled'
  askedAt: string
  expiresAt: string
  answer: Record<string, unknown> | null
  answeredBy: string | null
  answeredAt: string | null
}

export interface Approval {
  id: string
  alternativeId: string
  stepId: string
  commandIndex: number
  state: string
  requestedBy: string
  decidedBy: string
  decidedAt: string
  expiresAt: string
  consumedAt: string | null
  reason: string | null
  attempt: number
}

export interface Verification {
  id: string
  attempt: number
  condition: { signal?: string; comparison?: Comparison; threshold?: number; forSeconds?: number }
  verdict: 'passed' | 'failed' | 'unknown' | null
  startedAt: string
  endedAt: string | null
  samples: { at: string; value: number | null; error?: string }[]
  reason: string | null
}

export type Comparison = '>' | '>=' | '<' | '<=' | '==' | '!='

export interface Tick {
  stepId: string
  item: number
  done: boolean
  by: string
  at: string
}

/** A run with the plan it follows. */
export interface Run {
  id: string
  incidentId: string
  state: RunState
  page: { path: string; commit: string | null; contentHash: string; link: string | null }
  procedure: { id: string; title: string; line: number }
  target: { kind: 'host'; host: string } | { kind: 'kubernetes'; context: string; namespace: string | null }
  startedAt: string
  endedAt: string | null
  reason: string | null
  phases: Phase[]
  options: Option[]
  executions: Execution[]
  decisions: Decision[]
  approvals: Approval[]
  verifications: Verification[]
  ticks: Tick[]
}

export interface SignalHistory {
  signal: string | null
  service: string | null
  unit: 'ratio' | 'seconds' | 'bytes' | 'count'
  /** What raised the alert. */
  trigger: { comparison: Comparison | null; threshold: number | null; forSeconds: number | null } | null
  /** What has to hold. */
  recovery: { comparison: Comparison | null; threshold: number | null; forSeconds: number | null } | null
  samples: { at: string; value: number | null }[]
  marks: { at: string; kind: 'alert' | 'deploy' | 'action' | 'resolved'; label: string }[]
  everySeconds: number
}

export interface Session {
  signedIn: boolean
  ownerMissing: boolean
  methods: { password: boolean; passkey: boolean; oidc: { name: string } | null }
  person: { id: string; login: string; name: string; hasPassword: boolean; passkeys: number } | null
  role: string | null
  csrfToken: string | null
  expiresAt: string | null
}

export interface Waiting {
  incident: string
  title: string
  severity: Severity
  runId: string
  kind: Decision['kind'] | 'acknowledge'
  text: string
  since: string
  expiresAt: string | null
  /** Whether it waits for whoever looks: they may decide it. */
  mine: boolean
  reason: string
}

export interface Desk {
  you: { id: string; role: string; kind: string; may: string[] }
  waiting: Waiting[]
  open: IncidentSummary[]
  recent: IncidentSummary[]
  overdueReviews: { path: string; title: string; owner: string | null; nextReview: string | null }[]
  oncall: { rotation: string; person: string | null; name: string | null; until: string | null }[]
  /** On now, or within a day. */
  maintenance: {
    window: string
    kind: 'maintenance' | 'freeze'
    title: string
    services: string[]
    state: string
    from: string
    to: string
  }[]
  owedReviews: { incident: string; title: string; severity: Severity; owed: string | null }[]
  actions: { id: string; title: string; owner: string | null; dueOn: string | null; incident: string }[]
  deploys: { service: string; version: string; note: string | null; at: string; by: string }[]
  now: string
}

export interface Attachment {
  id: string
  name: string
  type: string
  bytes: number
  addedAt: string
  addedBy: string
}

/** What an option wants to know, and what it could be. */
export interface WantedInput {
  name: string
  value: string | null
  from: string | null
  description: string | null
  pattern: string | null
  choices: { value: string; from: string }[]
}

export type Inline =
  | { t: 'text' | 'code'; v: string }
  | { t: 'strong' | 'em' | 'del'; c: Inline[] }
  | { t: 'link'; href: string; c: Inline[] }
  | { t: 'image'; src: string; alt: string }
  | { t: 'break' }

export type Block =
  | { t: 'heading'; level: number; id: string; line: number; c: Inline[] }
  | { t: 'paragraph'; line: number; c: Inline[] }
  | { t: 'code'; line: number; language: string; text: string }
  | {
      t: 'list'
      line: number
      ordered: boolean
      start: number
      items: { line: number; checked: boolean | null; c: Block[] }[]
    }
  | { t: 'quote'; line: number; c: Block[] }
  | { t: 'table'; line: number; head: Inline[][]; rows: Inline[][][] }
  | { t: 'rule'; line: number }

export interface PageDocument {
  path: string
  commit: string | null
  line: number
  blocks: Block[]
}
