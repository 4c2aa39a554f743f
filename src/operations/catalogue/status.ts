import { z } from 'zod'
import { id } from '../operation.ts'
import type { Operation } from '../operation.ts'

const STATES = [
  'investigating',
  'identified',
  'monitoring',
  'resolved',
  'scheduled',
  'in-progress',
  'cancelled',
  'completed',
] as const
const moment = z.iso.datetime({ offset: true }).describe('2026-12-24T22:00:00Z')

export const statusOperations = {
  'status-page.show': {
    name: 'status-page.show',
    summary: 'What the public status page tells, with who released each text',
    input: z.strictObject({}),
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/status-page' },
    decision: false,
  },
  'status-page.post': {
    name: 'status-page.post',
    summary: 'Release a text on the public status page; everybody can read it at once',
    input: z.strictObject({
      text: z.string().trim().min(1).max(4_000).describe('plain text, for customers'),
      state: z.enum(STATES).describe('resolved, cancelled and completed close the entry'),
      incident: id.optional().describe('INC-7: its open entry is continued, else one is opened'),
      entry: id.optional().describe('of `status-page show`: the entry that is continued'),
      title: z.string().trim().min(1).max(200).optional().describe('of a new entry, or a better one'),
      kind: z.enum(['incident', 'maintenance']).default('incident'),
      from: moment.optional().describe('when a maintenance begins'),
      to: moment.optional().describe('when it ends'),
      components: z
        .record(z.string().max(100), z.string().max(30))
        .or(z.string().max(4_000))
        .optional()
        .describe(
          'what is affected: an object, or lines `Checkout=degraded`; operational, maintenance, degraded, partial-outage or major-outage',
        ),
    }),
    need: 'respond',
    effect: 'write',
    http: { method: 'POST', path: '/status-page/posts' },
    decision: true,
  },
  'status-page.files': {
    name: 'status-page.files',
    summary: 'The public status page as files for another web server',
    input: z.strictObject({}),
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/status-page/files' },
    decision: false,
  },
} as const satisfies Record<string, Operation>
