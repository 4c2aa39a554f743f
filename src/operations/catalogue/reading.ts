import { z } from 'zod'
import type { Operation } from '../operation.ts'

const path = z.string().min(1).max(1_100).describe('as page.list shows it')
const source = z.string().min(1).max(100)

const finding = z.looseObject({
  rule: z.string(),
  severity: z.enum(['error', 'warning', 'info']),
  line: z.number().int(),
  column: z.number().int(),
  message: z.string(),
  remedy: z.string(),
})

export const readingOperations = {
  'page.read': {
    name: 'page.read',
    summary:
      'A runbook as it is read: its text as a tree, what lint says of each line, its procedures and proofs',
    input: z.strictObject({ path, source: source.optional() }),
    output: z.looseObject({
      path: z.string(),
      blocks: z.array(z.unknown()),
      findings: z.array(finding),
      procedures: z.array(z.looseObject({ id: z.string(), title: z.string(), line: z.number().int() })),
    }),
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/pages/read' },
    positional: ['path'],
    decision: false,
  },
  'page.findings': {
    name: 'page.findings',
    summary: 'How much lint has to say of each runbook, in the order of page.list',
    input: z.strictObject({
      source: source.optional(),
      offset: z.coerce.number().int().min(0).max(1_000_000).default(0),
      limit: z.coerce.number().int().min(1).max(200).default(200),
    }),
    output: z.looseObject({
      pages: z.array(
        z.looseObject({
          source: z.string(),
          path: z.string(),
          error: z.number().int(),
          warning: z.number().int(),
          info: z.number().int(),
        }),
      ),
      next: z.number().int().nullable().describe('`offset` of the next page'),
    }),
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/pages/findings' },
    decision: false,
  },
} as const satisfies Record<string, Operation>
