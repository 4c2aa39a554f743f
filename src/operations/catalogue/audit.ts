import { z } from 'zod'
import { limit } from '../operation.ts'
import type { Operation } from '../operation.ts'
import * as outputs from './outputs.ts'

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
    summary: 'Audit rows, newest first',
    input: z.strictObject({ limit, before: z.coerce.number().int().min(1).optional() }),
    output: outputs.auditList,
    need: 'respond',
    effect: 'read',
    http: { method: 'GET', path: '/audit' },
    decision: false,
  },
} as const satisfies Record<string, Operation>
