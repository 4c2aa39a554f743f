import { z } from 'zod'

/**
 * What the verbs answer, as a caller sees it in JSON. Objects are loose: newer versions add keys, and never take one
 * away. Times are ISO 8601 in UTC.
 */
const time = z.iso.datetime()
const maybeTime = time.nullable()
const texts = z.record(z.string(), z.string())
const text = z.string().nullable()

const incident = z.looseObject({
  id: z.string(),
  number: z.number().int(),
  name: z.string().describe('INC-7'),
  title: z.string(),
  severity: z.enum(['P1', 'P2', 'P3', 'P4']),
  state: z.enum(['open', 'acknowledged', 'mitigating', 'monitoring', 'resolved', 'closed']),
  service: text,
  alertName: text,
  labels: texts,
  annotations: texts,
  procedure: z.looseObject({ path: text, id: z.string() }).nullable(),
  openedAt: time,
  acknowledgedAt: maybeTime,
  acknowledgedBy: text,
  mitigatedAt: maybeTime,
  resolvedAt: maybeTime,
  closedAt: maybeTime,
  reason: text,
})

export const incidentList = z.looseObject({
  incidents: z.array(incident),
  next: z.union([z.string(), z.number()]).nullable().describe('`before` of the next page'),
})

export const incidentShown = z.looseObject({
  ...incident.shape,
  timeline: z.array(
    z.looseObject({
      id: z.union([z.string(), z.number()]),
      at: time,
      kind: z.string(),
      actor: z.string(),
      message: z.string(),
      data: z.unknown(),
    }),
  ),
  runs: z.array(z.looseObject({ id: z.string(), state: z.string(), procedureId: text })),
  alerts: z.array(z.looseObject({ fingerprint: z.string(), name: text, status: z.string(), startsAt: time })),
  messages: z.array(
    z.looseObject({ id: z.string(), kind: z.string(), channel: z.string(), state: z.string() }),
  ),
})

export const declared = z.looseObject({
  id: z.string(),
  incident: z.string().describe('INC-7'),
  severity: z.string(),
})
export const acknowledged = z.looseObject({
  incident: z.string(),
  acknowledged: z.boolean().describe('false: somebody was first, nothing changed'),
})
export const resolved = z.looseObject({ incident: z.string(), resolved: z.boolean() })

export const review = z.looseObject({
  incident: z.string(),
  markdown: z.string(),
  facts: z.unknown(),
  writtenAt: time,
})

export const runList = z.looseObject({
  runs: z.array(
    z.looseObject({
      id: z.string(),
      state: z.string(),
      procedureId: text,
      pagePath: text,
      startedAt: time,
      endedAt: maybeTime,
      reason: text,
      incident: z.string(),
      title: z.string(),
    }),
  ),
  next: z.string().nullable().describe('`before` of the next page'),
})

const command = z.looseObject({
  text: z.string().describe('as the page has it'),
  script: z.string().describe('as it runs; inputs are variables'),
  risk: z.enum(['read', 'change', 'destructive']),
  flags: z.array(z.string()),
  line: z.number().int(),
  needsApproval: z.boolean(),
  hash: z.string().describe('of command, inputs, identity and target: what an approval is for'),
})

export const runShown = z.looseObject({
  id: z.string(),
  state: z.string(),
  incidentId: z.string(),
  page: z.looseObject({ path: text, commit: text, contentHash: z.string(), link: text }),
  procedure: z.looseObject({ id: z.string(), title: z.string(), line: z.number().int() }),
  startedAt: time,
  endedAt: maybeTime,
  reason: text,
  waitsFor: z.looseObject({ kind: z.string(), question: z.unknown(), askedAt: time }).nullable(),
  options: z.array(
    z.looseObject({
      number: z.number().int(),
      id: z.string(),
      title: z.string(),
      risk: z.string(),
      hashes: z.array(z.string()),
      commands: z.array(command),
    }),
  ),
  executions: z.array(z.looseObject({ id: z.string(), state: z.string() })),
  decisions: z.array(z.looseObject({ id: z.string(), state: z.string() })),
  approvals: z.array(z.looseObject({ id: z.string() })),
  verifications: z.array(z.looseObject({ id: z.string() })),
})

export const output = z.looseObject({
  execution: z.string(),
  state: z.string(),
  totalBytes: z.number().int(),
  truncated: z.boolean(),
  chunks: z.array(
    z.looseObject({ sequence: z.number().int(), stream: z.string(), at: time, text: z.string() }),
  ),
  next: z.number().int().nullable().describe('`after` of the next page'),
})

export const approved = z.looseObject({
  run: z.string(),
  approved: z.string().nullable(),
  approvals: z.array(z.string()),
})
export const rejected = z.looseObject({ run: z.string(), rejected: z.boolean() })
export const answered = z.looseObject({ run: z.string(), answered: z.enum(['done', 'not-done']) })
export const cancelled = z.looseObject({ run: z.string(), cancelled: z.boolean() })

export const auditVerdict = z.looseObject({ intact: z.boolean(), entries: z.number().int() })
export const auditList = z.looseObject({
  entries: z.array(
    z.looseObject({
      seq: z.number().int(),
      at: time,
      actor: z.string(),
      operation: z.string(),
      subject: text,
      outcome: z.string(),
    }),
  ),
  next: z.number().int().nullable().describe('`before` of the next page'),
})

const page = z.looseObject({
  source: z.string(),
  path: z.string(),
  title: text,
  state: z.enum(['good', 'stale', 'broken']),
  owner: text,
  alerts: z.array(z.string()),
  procedures: z.array(z.looseObject({ id: z.string(), title: z.string() })),
  commit: text,
  contentHash: text,
})
export const pageList = z.looseObject({
  pages: z.array(page),
  total: z.number().int(),
  next: z.number().int().nullable().describe('`offset` of the next page'),
})
export const pageShown = z.looseObject({ source: z.string(), path: z.string(), content: z.string() })
const revision = z.looseObject({
  commit: text,
  contentHash: text,
  committedAt: maybeTime,
  author: text,
  subject: text,
  current: z.boolean(),
  removed: z.boolean(),
  refused: z.unknown(),
})
export const pageRevisions = z.looseObject({
  source: z.string(),
  path: z.string(),
  revisions: z.array(revision),
  next: z.union([z.string(), z.number()]).nullable().describe('`before` of the next page'),
})
export const pageDiff = z.looseObject({ from: revision.nullable(), to: revision, diff: z.string() })

const source = z.looseObject({
  name: z.string(),
  kind: z.enum(['folder', 'git']),
  state: z.enum(['new', 'good', 'stale']),
  reason: text,
  commit: text,
  pages: z.number().int(),
  broken: z.number().int(),
})
export const sourceList = z.looseObject({ sources: z.array(source) })
export const sourceShown = source
