import { z } from 'zod'
import { id, limit, reason } from '../operation.ts'
import type { Operation } from '../operation.ts'
import * as outputs from './outputs.ts'

export const incidentOperations = {
  'incident.list': {
    name: 'incident.list',
    summary: 'Incidents, newest first',
    input: z.strictObject({
      state: z
        .enum(['open', 'acknowledged', 'mitigating', 'monitoring', 'resolved', 'closed', 'active'])
        .optional()
        .describe('active: all but resolved and closed'),
      limit,
      before: z
        .string()
        .regex(/^\d{1,18}$/, 'not a number')
        .optional()
        .describe('a number from `next` of the page before'),
    }),
    output: outputs.incidentList,
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/incidents' },
    decision: false,
  },
  'incident.show': {
    name: 'incident.show',
    summary: 'One incident with its timeline, runs and alerts',
    input: z.strictObject({ id: id.describe('INC-7, 7, or the id') }),
    output: outputs.incidentShown,
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/incidents/:id' },
    positional: ['id'],
    decision: false,
  },
  'incident.declare': {
    name: 'incident.declare',
    summary: 'Declare an incident that no alert has seen',
    input: z.strictObject({
      title: z.string().trim().min(1).max(300).describe('what is wrong, in one line'),
      severity: z.enum(['P1', 'P2', 'P3', 'P4']),
      service: z.string().trim().min(1).max(253).optional(),
      alert: z.string().trim().min(1).max(200).optional().describe('the alert whose runbook is to be used'),
      description: z.string().trim().min(1).max(4_000).optional(),
    }),
    output: outputs.declared,
    need: 'respond',
    effect: 'write',
    http: { method: 'POST', path: '/incidents' },
    decision: true,
  },
  'incident.acknowledge': {
    name: 'incident.acknowledge',
    summary: 'Say that you have taken an incident',
    input: z.strictObject({ id }),
    output: outputs.acknowledged,
    need: 'respond',
    effect: 'write',
    http: { method: 'POST', path: '/incidents/:id/acknowledge' },
    positional: ['id'],
    decision: true,
  },
  'incident.resolve': {
    name: 'incident.resolve',
    summary: 'Say that an incident is over',
    input: z.strictObject({ id, reason }),
    output: outputs.resolved,
    need: 'respond',
    effect: 'write',
    http: { method: 'POST', path: '/incidents/:id/resolve' },
    positional: ['id'],
    decision: true,
  },
  'review.show': {
    name: 'review.show',
    summary: 'The post-incident review of an incident',
    input: z.strictObject({ id }),
    output: outputs.review,
    need: 'look',
    effect: 'read',
    versioned: true,
    http: { method: 'GET', path: '/incidents/:id/review' },
    positional: ['id'],
    decision: false,
  },
} as const satisfies Record<string, Operation>
