import { z } from 'zod'
import { id, reason } from '../operation.ts'
import type { Operation } from '../operation.ts'

const text = z.string().trim().min(1).max(8_000)
const facts = z
  .record(z.string().regex(/^[a-z][a-z0-9_]{0,63}$/), z.string().trim().min(1).max(2_000))
  .or(z.string().max(8_000))
  .describe('what nobody has said yet: an object, or lines `root_cause=the pool was exhausted`')
const draft = z.string().min(1).max(100).describe('of `message list`')

export const messageOperations = {
  'incident.update': {
    name: 'incident.update',
    summary: "Tell people how an incident stands, in the page's own words for that",
    input: z.strictObject({
      id,
      text: text.describe('how it stands; it takes the place of {update}'),
      facts: facts.optional(),
    }),
    need: 'respond',
    effect: 'write',
    http: { method: 'POST', path: '/incidents/:id/updates' },
    positional: ['id'],
    decision: true,
  },
  'message.list': {
    name: 'message.list',
    summary: 'Messages of an incident that wait for a person: what they say, what they lack, where they go',
    input: z.strictObject({ id }),
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/incidents/:id/messages' },
    positional: ['id'],
    decision: false,
  },
  'message.preview': {
    name: 'message.preview',
    summary: 'What a message of an incident would say now, what it lacks, and where it would go',
    input: z.strictObject({
      id,
      kind: z.enum(['acknowledgement', 'status-update', 'resolution', 'summary']),
    }),
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/incidents/:id/messages/:kind' },
    positional: ['id', 'kind'],
    decision: false,
  },
  'message.send': {
    name: 'message.send',
    summary: 'Send a message that waits: as it is, with what it lacked, or in your own words',
    input: z.strictObject({
      id: draft,
      facts: facts.optional(),
      text: text.optional().describe('instead of the text of the template'),
    }),
    need: 'respond',
    effect: 'write',
    http: { method: 'POST', path: '/messages/:id/send' },
    positional: ['id'],
    decision: true,
  },
  'message.discard': {
    name: 'message.discard',
    summary: 'Say that a message that waits is not sent',
    input: z.strictObject({ id: draft, reason }),
    need: 'respond',
    effect: 'write',
    http: { method: 'POST', path: '/messages/:id/discard' },
    positional: ['id'],
    decision: true,
  },
} as const satisfies Record<string, Operation>
