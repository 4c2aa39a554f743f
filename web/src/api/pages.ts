import type { Block, Severity } from './model.ts'

/** What the pages beside the incident read. Text in it comes from outside: it is shown as text only. */

export interface ProofStatus {
  state: 'proved' | 'stale' | 'changed' | 'failed' | 'never'
  text: string
}

export interface ListedProcedure {
  id: string
  title: string
  kind: 'incident' | 'task' | 'reference' | null
  line: number
  severity: Severity | null
  alertNames: string[]
  measurable: boolean
  service: string | null
  owner: string | null
  proof: ProofStatus | null
}

export interface ListedPage {
  source: string
  path: string
  title: string | null
  state: 'good' | 'stale' | 'broken'
  reason: string | null
  owner: string | null
  lastReviewed: string | null
  nextReview: string | null
  overdue: boolean
  alerts: string[]
  procedures: ListedProcedure[]
  commit: string | null
  contentHash: string | null
  modified: boolean
  link: string | null
}

export interface PageList {
  pages: ListedPage[]
  total: number
  next: number | null
}

export interface FindingCounts {
  pages: { source: string; path: string; error: number; warning: number; info: number }[]
  next: number | null
}

export interface Finding {
  rule: string
  severity: 'error' | 'warning' | 'info'
  line: number
  message: string
  remedy: string
}

export interface ReadPage extends ListedPage {
  blocks: Block[]
  findings: Finding[]
  procedures: (ListedProcedure & { link: string | null })[]
}

export interface PageRevisions {
  revisions: {
    commit: string | null
    contentHash: string | null
    committedAt: string | null
    seenAt: string
    author: string | null
    subject: string | null
    current: boolean
    removed: boolean
    refused: string | null
    link: string | null
  }[]
}

export interface RunPlan {
  planHash: string
  severity: Severity
  target: { kind: string; host?: string; context?: string; namespace?: string | null }
  procedure: { id: string; title: string }
  steps: {
    id: string
    phase: string
    title: string
    option: number | null
    commands: { text: string; risk: 'read' | 'change' | 'destructive'; gate: 'none' | 'approve' | 'person' }[]
  }[]
  missingInputs: string[]
}

export interface ListedReview {
  incident: string
  title: string
  severity: Severity
  state: string
  service: string | null
  openedAt: string
  resolvedAt: string | null
  writtenAt: string | null
  owner: string | null
  reviewOn: string | null
  completedAt: string | null
  completedBy: string | null
  owed: string | null
  openActions: number
}

export interface StatisticRow {
  month: string
  severity: Severity
  incidents: number
  meanToAcknowledge: number | null
  medianToAcknowledge: number | null
  meanToResolve: number | null
  medianToResolve: number | null
}

export interface ActionItem {
  id: string
  incident: string
  version: number
  title: string
  owner: string | null
  dueOn: string | null
  state: 'open' | 'done' | 'dropped'
  overdue: boolean
}

export interface Review {
  incident: string
  title: string
  severity: Severity
  state: string
  blocks: Block[]
  markdown: string
  facts: {
    service: string | null
    openedAt: string
    resolvedAt: string | null
    durationSeconds: number | null
    timeToAcknowledgeSeconds: number | null
    timeToMitigateSeconds: number | null
    responseTimeMinutes: number | null
    runbook: { path: string; line: number } | null
    commands: unknown[]
  }
  version: number
  cause: string
  lessons: string
  owner: string | null
  reviewOn: string | null
  completedAt: string | null
  completedBy: string | null
  updatedAt: string | null
  updatedBy: string | null
  actions: ActionItem[]
  owed: { reason: string; by: string; at: string } | null
}

export interface AuditRow {
  seq: number
  at: string
  actor: string
  role: string
  operation: string
  subject: string
  outcome: 'done' | 'refused' | 'failed'
  data: unknown
  hash: string
}

export interface AuditVerdict {
  intact: boolean
  entries: number
  brokenAt: number | null
  reason: string | null
}

export interface Rehearsal {
  id: string
  scenario: string
  target: string
  page: string
  procedure: string
  commit: string | null
  at: string
  passed: boolean
  reason: string
  severity: Severity | null
  responseTimeSeconds: number | null
  secondsToAcknowledge: number | null
  secondsToMitigate: number | null
  secondsToResolve: number | null
  commands: number
}

export interface RehearsalStatus {
  counts: Record<ProofStatus['state'], number>
  procedures: { page: string; procedure: string; title: string; proof: ProofStatus }[]
}
