import { z } from 'zod'
import { proofSchema } from '../../rehearsal/proof/index.ts'
import { id, limit } from '../operation.ts'
import type { Operation } from '../operation.ts'

/** On the command line the proofs are JSON text. */
const parsed = (value: unknown): unknown => {
  if (typeof value !== 'string') return value
  try {
    return JSON.parse(value)
  } catch {
    return value
  }
}

export const rehearsalOperations = {
  'rehearsal.list': {
    name: 'rehearsal.list',
    summary: 'Rehearsals, newest first: which page was proved, on which text, and how fast',
    input: z.strictObject({
      page: z.string().min(1).max(1_100).optional().describe('path of the page, as it was rehearsed'),
      procedure: z.string().min(1).max(500).optional(),
      scenario: z.string().min(1).max(200).optional(),
      passed: z.enum(['true', 'false']).optional(),
      limit,
    }),
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/rehearsals' },
    decision: false,
  },
  'rehearsal.show': {
    name: 'rehearsal.show',
    summary: 'One rehearsal: times against the response time, commands, why it passed or not',
    input: z.strictObject({ id }),
    positional: ['id'],
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/rehearsals/:id' },
    decision: false,
  },
  'rehearsal.status': {
    name: 'rehearsal.status',
    summary: 'How every procedure stands: proved on its text, stale, changed since, failed, or never',
    input: z.strictObject({}),
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/rehearsals/status' },
    decision: false,
  },
  'rehearsal.record': {
    name: 'rehearsal.record',
    summary: 'Store proofs that were made elsewhere, as the file of `rehearse --proofs` has them',
    input: z.strictObject({
      proofs: z
        .preprocess(parsed, z.array(proofSchema).max(1_000))
        .default([])
        .describe('what stands under `proofs` in the file'),
    }),
    need: 'lead',
    effect: 'write',
    http: { method: 'POST', path: '/rehearsals' },
    // a program must not be able to claim that a page is proved
    decision: true,
  },
} as const satisfies Record<string, Operation>
