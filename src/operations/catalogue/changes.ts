import { z } from 'zod'
import { id, limit, reason } from '../operation.ts'
import type { Operation } from '../operation.ts'
import { serviceInput, targetInput } from './cluster.ts'

const cpu = z.string().regex(/^(?:\d{1,6}m|\d{1,3}(?:\.\d{1,3})?)$/).describe('cores: 250m, 1.5').optional() // prettier-ignore
const memory = z.string().regex(/^\d{1,9}(?:Mi|Gi|M|G)$/).describe('512Mi, 2Gi').optional() // prettier-ignore
const container = z
  .string()
  .min(1)
  .max(63)
  .optional()
  .describe('which of the containers; needed where there are several')
const hash = z.string().regex(/^[0-9a-f]{64}$/).optional().describe('of `change show`: approve only exactly this') // prettier-ignore

const note = z.looseObject({ level: z.enum(['info', 'warn', 'stop']), text: z.string() })
const change = z.looseObject({
  id: z.string(),
  change: z.string(),
  state: z.string(),
  title: z.string(),
  hash: z.string(),
  command: z.string(),
  diff: z.string(),
  notes: z.array(note),
})

export const changeOperations = {
  'rollout.history': {
    name: 'rollout.history',
    summary: 'The revisions of a Deployment: what, when, why, who; and how two of them differ',
    input: z.strictObject({
      target: targetInput,
      service: serviceInput,
      from: z.coerce.number().int().min(1).optional().describe('compare this revision'),
      to: z.coerce.number().int().min(1).optional().describe('with this one; default: the current'),
    }),
    output: z.looseObject({
      workload: z.string(),
      revisions: z.array(z.looseObject({ revision: z.number().int(), current: z.boolean() })),
      diff: z.string().nullable(),
    }),
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/rollouts' },
    decision: false,
  },
  'rollout.undo': {
    name: 'rollout.undo',
    summary: 'Propose a return to an earlier revision; it shows what changes and waits for an approval',
    input: z.strictObject({
      target: targetInput,
      service: serviceInput,
      toRevision: z.coerce
        .number()
        .int()
        .min(1)
        .optional()
        .describe('default: the one before, unless that was rolled back'),
      reason,
    }),
    output: change,
    need: 'respond',
    effect: 'write',
    http: { method: 'POST', path: '/rollouts/undo' },
    decision: false,
  },
  'guard.list': {
    name: 'guard.list',
    summary: 'The rollouts that the guard has watched, and what it did',
    input: z.strictObject({ target: targetInput, limit }),
    output: z.looseObject({ rollouts: z.array(z.looseObject({ workload: z.string(), state: z.string() })) }),
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/guarded-rollouts' },
    decision: false,
  },
  'scale.horizontal': {
    name: 'scale.horizontal',
    summary: 'Propose another number of pods; it shows what will really happen and waits for an approval',
    input: z.strictObject({
      replicas: z.coerce.number().int().min(0).max(10_000).describe('pods wanted'),
      target: targetInput,
      service: serviceInput,
      reason,
    }),
    output: change,
    need: 'respond',
    effect: 'write',
    http: { method: 'POST', path: '/scaling/horizontal' },
    positional: ['replicas'],
    decision: false,
  },
  'scale.vertical': {
    name: 'scale.vertical',
    summary: 'Propose other requests and limits; it shows what will really happen and waits for an approval',
    input: z.strictObject({
      target: targetInput,
      service: serviceInput,
      container,
      cpuRequest: cpu,
      cpuLimit: cpu,
      memoryRequest: memory,
      memoryLimit: memory,
      reason,
    }),
    output: change,
    need: 'respond',
    effect: 'write',
    http: { method: 'POST', path: '/scaling/vertical' },
    decision: false,
  },
  'scale.recommend': {
    name: 'scale.recommend',
    summary:
      'Requests and limits from measured usage (95th percentile, from Prometheus), with the arithmetic',
    input: z.strictObject({
      target: targetInput,
      service: serviceInput,
      container,
      days: z.coerce.number().int().min(1).max(90).default(7).describe('of usage, 1 to 90'),
    }),
    output: z.looseObject({ container: z.string(), arithmetic: z.array(z.string()) }),
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/scaling/recommendation' },
    decision: false,
  },
  'change.list': {
    name: 'change.list',
    summary: 'Changes of workloads that were proposed, newest first',
    input: z.strictObject({ target: targetInput, limit }),
    output: z.looseObject({ changes: z.array(z.looseObject({ change: z.string(), state: z.string() })) }),
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/planned-changes' },
    decision: false,
  },
  'change.show': {
    name: 'change.show',
    summary: 'A change: command, difference, what to know before, who approved, what happened',
    input: z.strictObject({ id }),
    output: change,
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/planned-changes/:id' },
    positional: ['id'],
    decision: false,
  },
  'change.approve': {
    name: 'change.approve',
    summary: 'Approve a change exactly as it is shown; with the last approval that is needed it is applied',
    input: z.strictObject({ id, hash, reason: reason.optional() }),
    output: z.looseObject({
      change: z.string(),
      started: z.boolean(),
      needed: z.number(),
      given: z.number(),
    }),
    need: 'respond',
    effect: 'write',
    http: { method: 'POST', path: '/planned-changes/:id/approve' },
    positional: ['id'],
    decision: true,
  },
  'change.break-glass': {
    name: 'change.break-glass',
    summary: 'Approve a change in an emergency, past role and number; loud, with a reason',
    input: z.strictObject({ id, hash, reason: z.string().trim().min(20).max(2_000).describe('20 characters or more') }), // prettier-ignore
    output: z.looseObject({ change: z.string(), started: z.boolean() }),
    need: 'respond',
    effect: 'write',
    http: { method: 'POST', path: '/planned-changes/:id/break-glass' },
    positional: ['id'],
    decision: true,
  },
  'change.cancel': {
    name: 'change.cancel',
    summary: 'Withdraw a change that is not applied yet',
    input: z.strictObject({ id, reason }),
    output: z.looseObject({ change: z.string(), cancelled: z.boolean() }),
    need: 'respond',
    effect: 'write',
    http: { method: 'POST', path: '/planned-changes/:id/cancel' },
    positional: ['id'],
    decision: true,
  },
} as const satisfies Record<string, Operation>
