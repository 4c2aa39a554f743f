import { z } from 'zod'
import { id, limit } from '../operation.ts'
import type { Operation } from '../operation.ts'

const day = z.iso.date().describe('2026-12-01')
const version = z.coerce
  .number()
  .int()
  .min(0)
  .max(1_000_000)
  .describe('what you read; another one means that somebody was faster. Over HTTP also as If-Match')
const words = z.string().max(20_000)
const owner = z.string().trim().min(1).max(100).nullable()
const title = z.string().trim().min(1).max(300).describe('what is to be done')

const action = z.looseObject({
  id: z.string(),
  incident: z.string(),
  version: z.number().int(),
  title: z.string(),
  owner: z.string().nullable(),
  dueOn: z.string().nullable(),
  state: z.enum(['open', 'done', 'dropped']),
  overdue: z.boolean(),
})
const saved = z.looseObject({ incident: z.string(), version: z.number().int() })

export const reviewOperations = {
  'review.list': {
    name: 'review.list',
    summary: 'Post-incident reviews, newest incident first: what is written, what is owed',
    input: z.strictObject({
      state: z.enum(['open', 'completed', 'owed']).optional().describe('owed: break-glass demands it'),
      limit,
      before: z.coerce.number().int().min(1).optional().describe('a number from `next` of the page before'),
    }),
    output: z.looseObject({
      reviews: z.array(
        z.looseObject({
          incident: z.string(),
          title: z.string(),
          severity: z.string(),
          completedAt: z.string().nullable(),
          owed: z.string().nullable().describe('why it is owed'),
          openActions: z.number().int(),
        }),
      ),
      next: z.number().int().nullable(),
    }),
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/reviews' },
    decision: false,
  },
  'review.statistics': {
    name: 'review.statistics',
    summary: 'Mean and median time to acknowledge, mitigate and resolve, by month and severity',
    input: z.strictObject({ months: z.coerce.number().int().min(1).max(60).default(12) }),
    output: z.looseObject({
      rows: z.array(z.looseObject({ month: z.string(), severity: z.string(), incidents: z.number().int() })),
    }),
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/reviews/statistics' },
    decision: false,
  },
  'review.edit': {
    name: 'review.edit',
    summary: 'Write what people say in a review: cause, lessons, owner, date; facts cannot be edited',
    input: z.strictObject({
      id,
      version,
      cause: words.optional().describe('why it happened, as Markdown'),
      lessons: words.optional().describe('what was learnt, as Markdown'),
      owner: owner.optional().describe('who sees to it'),
      reviewOn: day.nullable().optional(),
    }),
    output: saved,
    need: 'respond',
    effect: 'write',
    versioned: true,
    http: { method: 'PUT', path: '/incidents/:id/review' },
    positional: ['id'],
    decision: true,
  },
  'review.complete': {
    name: 'review.complete',
    summary:
      'Say that a review is done; one that break-glass demands is closed by a lead who did not break it',
    input: z.strictObject({ id, version }),
    output: saved,
    need: 'respond',
    effect: 'write',
    versioned: true,
    http: { method: 'POST', path: '/incidents/:id/review/complete' },
    positional: ['id'],
    decision: true,
  },
  'action.list': {
    name: 'action.list',
    summary: 'Action items of all reviews, the soonest due first',
    input: z.strictObject({
      state: z.enum(['open', 'done', 'dropped']).default('open'),
      owner: z.string().max(100).optional(),
      limit,
    }),
    output: z.looseObject({ actions: z.array(action) }),
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/actions' },
    decision: false,
  },
  'action.add': {
    name: 'action.add',
    summary: 'Write down what is to be done after an incident, by whom and until when',
    input: z.strictObject({ id, title, owner: owner.default(null), dueOn: day.nullable().default(null) }),
    output: action,
    need: 'respond',
    effect: 'write',
    http: { method: 'POST', path: '/incidents/:id/actions' },
    positional: ['id', 'title'],
    decision: true,
  },
  'action.edit': {
    name: 'action.edit',
    summary: 'Change an action item, or say that it is done or dropped',
    input: z.strictObject({
      id,
      action: z.string().min(1).max(100).describe('id of the action item'),
      version,
      title: title.optional(),
      owner: owner.optional(),
      dueOn: day.nullable().optional(),
      state: z.enum(['open', 'done', 'dropped']).optional(),
    }),
    output: action,
    need: 'respond',
    effect: 'write',
    versioned: true,
    http: { method: 'PUT', path: '/incidents/:id/actions/:action' },
    positional: ['id', 'action'],
    decision: true,
  },
} as const satisfies Record<string, Operation>
