import { z } from 'zod'
import { id, limit, reason } from '../operation.ts'
import type { Operation } from '../operation.ts'

const target = z
  .string()
  .min(1)
  .max(63)
  .describe('as it is named under `backup.targets`; `own` is erlmcp itself')
const waitSeconds = z.coerce
  .number()
  .min(0)
  .max(600)
  .default(0)
  .describe('how long to wait for its end, 0 to 600; it goes on anyway')

export const backupOperations = {
  'backup.create': {
    name: 'backup.create',
    summary: 'Back a database up now, and restore the backup into a scratch database to verify it',
    input: z.strictObject({
      target,
      verify: z
        .enum(['true', 'false'])
        .default('true')
        .describe('whether it is restored to see that it is good'),
      waitSeconds,
    }),
    positional: ['target'],
    need: 'respond',
    effect: 'write',
    http: { method: 'POST', path: '/backups' },
    decision: false,
  },
  'backup.list': {
    name: 'backup.list',
    summary: 'Backups, newest first: of what, how large, and when each was last restored to verify it',
    input: z.strictObject({ target: target.optional(), limit }),
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/backups' },
    decision: false,
  },
  'backup.show': {
    name: 'backup.show',
    summary: 'One backup: its manifest, and what its verification found',
    input: z.strictObject({ id }),
    positional: ['id'],
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/backups/:id' },
    decision: false,
  },
  'backup.verify': {
    name: 'backup.verify',
    summary: 'Restore a backup into a scratch database, compare it, and drop it',
    input: z.strictObject({ id, waitSeconds }),
    positional: ['id'],
    need: 'respond',
    effect: 'write',
    http: { method: 'POST', path: '/backups/:id/verify' },
    decision: false,
  },
  'backup.prune': {
    name: 'backup.prune',
    summary: 'Remove the backups that the retention lets go; never the last verified one',
    input: z.strictObject({
      target,
      dryRun: z.enum(['true', 'false']).default('false').describe('only say which'),
    }),
    positional: ['target'],
    need: 'lead',
    effect: 'write',
    http: { method: 'POST', path: '/backups/prune' },
    decision: true,
  },
  'backup.schedule': {
    name: 'backup.schedule',
    summary: 'What is backed up: schedule, retention, store, and the age of the last verified backup',
    input: z.strictObject({}),
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/backups/schedule' },
    decision: false,
  },
  'backup.restore': {
    name: 'backup.restore',
    summary: 'Ask for a restore; it begins when a lead has approved it',
    input: z.strictObject({ id, reason }),
    positional: ['id'],
    need: 'propose',
    effect: 'write',
    http: { method: 'POST', path: '/backups/:id/restore' },
    decision: false,
  },
  'restore.list': {
    name: 'restore.list',
    summary: 'Restores, newest first',
    input: z.strictObject({ limit }),
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/restores' },
    decision: false,
  },
  'restore.show': {
    name: 'restore.show',
    summary: 'One restore: its plan with the hash that is approved, and every step so far',
    input: z.strictObject({ id }),
    positional: ['id'],
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/restores/:id' },
    decision: false,
  },
  'restore.approve': {
    name: 'restore.approve',
    summary: 'Approve exactly the plan that is shown; with enough approvals it begins',
    input: z.strictObject({
      id,
      hash: z.string().length(64).describe('of the plan, as `restore show` has it'),
    }),
    positional: ['id'],
    need: 'lead',
    effect: 'write',
    http: { method: 'POST', path: '/restores/:id/approve' },
    decision: true,
  },
  'restore.reject': {
    name: 'restore.reject',
    summary: 'Reject a restore that waits for approval',
    input: z.strictObject({ id, reason }),
    positional: ['id'],
    need: 'respond',
    effect: 'write',
    http: { method: 'POST', path: '/restores/:id/reject' },
    decision: true,
  },
  'restore.revert': {
    name: 'restore.revert',
    summary: 'Swap the database from before the restore back in',
    input: z.strictObject({ id, reason }),
    positional: ['id'],
    need: 'lead',
    effect: 'write',
    http: { method: 'POST', path: '/restores/:id/revert' },
    decision: true,
  },
  'restore.release': {
    name: 'restore.release',
    summary: 'Drop the database that a restore put aside; after this there is no way back',
    input: z.strictObject({ id, reason }),
    positional: ['id'],
    need: 'lead',
    effect: 'write',
    http: { method: 'POST', path: '/restores/:id/release' },
    decision: true,
  },
} as const satisfies Record<string, Operation>
