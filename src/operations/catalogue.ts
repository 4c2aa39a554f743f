import { z } from 'zod'
import type { Need } from '../access/schema.ts'

/** One verb. Every edge (HTTP, CLI, MCP) is generated from these. */
export interface Operation {
  /** `noun.verb` */
  name: string
  /** One sentence, for help and documentation. */
  summary: string
  input: z.ZodObject
  need: Need
  /** Whether it changes anything; those write an audit row, whatever the outcome. */
  effect: 'read' | 'write'
  http: { method: 'GET' | 'POST'; path: string }
  /** Decisions have no MCP tool. */
  decision: boolean
}

const id = z.string().min(1).max(100).describe('of `list`')
const limit = z.coerce.number().int().min(1).max(200).default(50).describe('rows at most, 1 to 200')
const reason = z.string().trim().min(1).max(2_000).describe('why; it stands in the timeline and the audit')
const source = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'not the name of a source')
const pagePath = z.string().min(1).max(1_100).describe('as `page.list` shows it')
const revision = z
  .string()
  .regex(/^[0-9a-f]{7,64}$/, 'at least 7 digits of a commit or of a content hash')
  .describe('at least 7 digits of its commit or content hash')

const operations = {
  'incident.list': {
    name: 'incident.list',
    summary: 'Incidents, newest first',
    input: z.strictObject({
      state: z
        .enum(['open', 'acknowledged', 'mitigating', 'monitoring', 'resolved', 'closed', 'active'])
        .optional()
        .describe('active: all but resolved and closed'),
      limit,
      before: z.string().max(40).optional().describe('a number from `next` of the page before'),
    }),
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/incidents' },
    decision: false,
  },
  'incident.show': {
    name: 'incident.show',
    summary: 'One incident with its timeline, runs and alerts',
    input: z.strictObject({ id: id.describe('INC-7, 7, or the id') }),
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/incidents/:id' },
    decision: false,
  },
  'incident.acknowledge': {
    name: 'incident.acknowledge',
    summary: 'Say that you have taken an incident',
    input: z.strictObject({ id }),
    need: 'respond',
    effect: 'write',
    http: { method: 'POST', path: '/incidents/:id/acknowledge' },
    decision: true,
  },
  'incident.resolve': {
    name: 'incident.resolve',
    summary: 'Say that an incident is over',
    input: z.strictObject({ id, reason }),
    need: 'respond',
    effect: 'write',
    http: { method: 'POST', path: '/incidents/:id/resolve' },
    decision: true,
  },
  'run.list': {
    name: 'run.list',
    summary: 'Runs, newest first',
    input: z.strictObject({ incident: id.optional(), limit }),
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/runs' },
    decision: false,
  },
  'run.show': {
    name: 'run.show',
    summary: 'One run: plan, commands, what waits for a person',
    input: z.strictObject({ id }),
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/runs/:id' },
    decision: false,
  },
  'run.output': {
    name: 'run.output',
    summary: 'Output of one command, in pages',
    input: z.strictObject({
      execution: id,
      after: z.coerce.number().int().min(-1).default(-1).describe('sequence number of the last chunk seen'),
      maxBytes: z.coerce.number().int().min(1).max(1_048_576).default(65_536),
    }),
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/executions/:execution/output' },
    decision: false,
  },
  'run.approve': {
    name: 'run.approve',
    summary: 'Approve one option: exactly the commands that are shown for it, once',
    input: z.strictObject({
      id,
      option: z.string().min(1).max(200).describe('its number or id'),
      hashes: z.array(z.string().length(64)).max(100).optional().describe('of the commands that you saw'),
      reason: reason.optional(),
    }),
    need: 'respond',
    effect: 'write',
    http: { method: 'POST', path: '/runs/:id/approve' },
    decision: true,
  },
  'run.reject': {
    name: 'run.reject',
    summary: 'Reject what is offered; the incident stays with people',
    input: z.strictObject({ id, reason }),
    need: 'respond',
    effect: 'write',
    http: { method: 'POST', path: '/runs/:id/reject' },
    decision: true,
  },
  'run.answer': {
    name: 'run.answer',
    summary: 'Say whether something that could not be known was done',
    input: z.strictObject({ id, as: z.enum(['done', 'not-done']), reason }),
    need: 'respond',
    effect: 'write',
    http: { method: 'POST', path: '/runs/:id/answer' },
    decision: true,
  },
  'run.cancel': {
    name: 'run.cancel',
    summary: 'End a run now: what runs is stopped, nothing more is started',
    input: z.strictObject({ id, reason }),
    need: 'respond',
    effect: 'write',
    http: { method: 'POST', path: '/runs/:id/cancel' },
    decision: true,
  },
  'review.show': {
    name: 'review.show',
    summary: 'The post-incident review of an incident',
    input: z.strictObject({ id }),
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/incidents/:id/review' },
    decision: false,
  },
  'audit.verify': {
    name: 'audit.verify',
    summary: 'Check the whole audit chain for changed, removed or reordered rows',
    input: z.strictObject({}),
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/audit/verify' },
    decision: false,
  },
  'audit.list': {
    name: 'audit.list',
    summary: 'Audit rows, newest first',
    input: z.strictObject({ limit, before: z.coerce.number().int().min(1).optional() }),
    need: 'respond',
    effect: 'read',
    http: { method: 'GET', path: '/audit' },
    decision: false,
  },
  'page.list': {
    name: 'page.list',
    summary:
      'Runbooks as this server sees them: alerts, owners, reviews, commit, and which are stale or broken',
    input: z.strictObject({
      source: source.optional(),
      state: z.enum(['good', 'stale', 'broken']).optional(),
      offset: z.coerce.number().int().min(0).max(1_000_000).default(0),
      limit: z.coerce.number().int().min(1).max(1_000).default(200),
    }),
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/pages' },
    decision: false,
  },
  'page.show': {
    name: 'page.show',
    summary: 'One runbook, as it is served or as it was at a revision',
    input: z.strictObject({ path: pagePath, source: source.optional(), revision: revision.optional() }),
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/pages/show' },
    decision: false,
  },
  'page.history': {
    name: 'page.history',
    summary: 'The revisions of a runbook, newest first',
    input: z.strictObject({
      path: pagePath,
      source: source.optional(),
      limit,
      before: z
        .string()
        .regex(/^\d{1,18}$/)
        .optional()
        .describe('a number from `next` of the page before'),
    }),
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/pages/history' },
    decision: false,
  },
  'page.diff': {
    name: 'page.diff',
    summary: 'What changed in a runbook between two revisions, as a unified diff',
    input: z.strictObject({
      path: pagePath,
      source: source.optional(),
      from: revision.optional().describe('default: the revision before `to`'),
      to: revision.optional().describe('default: the newest revision'),
    }),
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/pages/diff' },
    decision: false,
  },
  'source.list': {
    name: 'source.list',
    summary: 'Where runbooks come from, and since when a source is away',
    input: z.strictObject({}),
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/sources' },
    decision: false,
  },
  'source.refresh': {
    name: 'source.refresh',
    summary: 'Read a source now',
    input: z.strictObject({ name: source }),
    need: 'lead',
    effect: 'write',
    http: { method: 'POST', path: '/sources/:name/refresh' },
    decision: false,
  },
} as const satisfies Record<string, Operation>

export type OperationName = keyof typeof operations
export const OPERATIONS: { readonly [Name in OperationName]: (typeof operations)[Name] } = operations
export const OPERATION_NAMES = Object.keys(operations) as OperationName[]
export type InputOf<Name extends OperationName> = z.output<(typeof operations)[Name]['input']>
