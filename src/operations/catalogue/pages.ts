import { z } from 'zod'
import { limit } from '../operation.ts'
import type { Operation } from '../operation.ts'
import * as outputs from './outputs.ts'

const source = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'not the name of a source')
const pagePath = z.string().min(1).max(1_100).describe('as `page.list` shows it')
const revision = z
  .string()
  .regex(/^[0-9a-f]{7,64}$/, 'at least 7 digits of a commit or of a content hash')
  .describe('at least 7 digits of its commit or content hash')

export const pageOperations = {
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
    output: outputs.pageList,
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/pages' },
    decision: false,
  },
  'page.show': {
    name: 'page.show',
    summary: 'One runbook, as it is served or as it was at a revision',
    input: z.strictObject({ path: pagePath, source: source.optional(), revision: revision.optional() }),
    output: outputs.pageShown,
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/pages/show' },
    positional: ['path'],
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
    output: outputs.pageRevisions,
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/pages/history' },
    positional: ['path'],
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
    output: outputs.pageDiff,
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/pages/diff' },
    positional: ['path'],
    decision: false,
  },
  'source.list': {
    name: 'source.list',
    summary: 'Where runbooks come from, and since when a source is away',
    input: z.strictObject({}),
    output: outputs.sourceList,
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/sources' },
    decision: false,
  },
  'source.refresh': {
    name: 'source.refresh',
    summary: 'Read a source now',
    input: z.strictObject({ name: source }),
    output: outputs.sourceShown,
    need: 'lead',
    effect: 'write',
    http: { method: 'POST', path: '/sources/:name/refresh' },
    positional: ['name'],
    decision: false,
  },
} as const satisfies Record<string, Operation>
