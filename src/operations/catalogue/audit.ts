import { z } from 'zod'
import { limit } from '../operation.ts'
import type { Operation } from '../operation.ts'
import * as outputs from './outputs.ts'

const text = z.string().trim().min(1).max(200)

export const auditOperations = {
  'audit.verify': {
    name: 'audit.verify',
    summary: 'Check the whole audit chain for changed, removed or reordered rows',
    input: z.strictObject({}),
    output: outputs.auditVerdict,
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/audit/verify' },
    decision: false,
  },
  'audit.list': {
    name: 'audit.list',
    summary: 'Audit rows, newest first; what is given narrows them',
    input: z.strictObject({
      limit,
      before: z.coerce.number().int().min(1).optional(),
      actor: text.optional().describe('who: person:ada; * stands for any letters'),
      operation: text.optional().describe('what: run.approve, run.*'),
      subject: text.optional().describe('to what: an id; * stands for any letters'),
      outcome: z.enum(['done', 'refused', 'failed']).optional(),
      since: z.iso.datetime({ offset: true }).optional(),
      until: z.iso.datetime({ offset: true }).optional(),
    }),
    output: outputs.auditList,
    need: 'respond',
    effect: 'read',
    http: { method: 'GET', path: '/audit' },
    decision: false,
  },
} as const satisfies Record<string, Operation>
