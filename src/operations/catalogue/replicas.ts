import { z } from 'zod'
import { id, reason } from '../operation.ts'
import type { Operation } from '../operation.ts'

const seconds = z.coerce.number().int().min(1).max(20).describe('how long to sample, 1 to 20')

/** What those who run erlmcp look at. All but the list are about the replica that answers. */
export const replicaOperations = {
  'replica.list': {
    name: 'replica.list',
    summary: 'The processes that serve this database, and how each is doing',
    input: z.strictObject({}),
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/replicas' },
    decision: false,
  },
  'replica.observe': {
    name: 'replica.observe',
    summary: 'All replicas, the pool, sessions, runs and queues: one look at everything that moves',
    input: z.strictObject({}),
    need: 'administer',
    effect: 'read',
    http: { method: 'GET', path: '/replicas/observe' },
    decision: false,
  },
  'replica.memory': {
    name: 'replica.memory',
    summary: 'What the memory of the replica that answers is used for, and how it grew',
    input: z.strictObject({}),
    need: 'administer',
    effect: 'read',
    http: { method: 'GET', path: '/replicas/memory' },
    decision: false,
  },
  'replica.pool': {
    name: 'replica.pool',
    summary: 'Who holds connections to the database, for how long, doing what, and who waits for whom',
    input: z.strictObject({}),
    need: 'administer',
    effect: 'read',
    http: { method: 'GET', path: '/replicas/pool' },
    decision: false,
  },
  'replica.top': {
    name: 'replica.top',
    summary: 'The functions that use the processor now, by samples of the replica that answers',
    input: z.strictObject({ seconds }),
    need: 'administer',
    effect: 'read',
    http: { method: 'GET', path: '/replicas/top' },
    decision: false,
  },
  'replica.profile': {
    name: 'replica.profile',
    summary: 'A profile of the processor, as a .cpuprofile, of the replica that answers',
    input: z.strictObject({ seconds }),
    need: 'administer',
    effect: 'write',
    http: { method: 'POST', path: '/replicas/profile' },
    decision: true,
  },
  'replica.heap-snapshot': {
    name: 'replica.heap-snapshot',
    summary:
      'Write all memory to a file beside the data of the replica; it holds secrets, and stops the process meanwhile',
    input: z.strictObject({ id: id.describe('of the replica that is asked, from `list`'), reason }),
    need: 'administer',
    effect: 'write',
    http: { method: 'POST', path: '/replicas/:id/heap-snapshot' },
    positional: ['id'],
    decision: true,
  },
} as const satisfies Record<string, Operation>
