import { z } from 'zod'
import { id } from '../operation.ts'
import type { Operation } from '../operation.ts'

export const liveOperations = {
  'desk.show': {
    name: 'desk.show',
    summary: 'What waits for you, what is open, what was resolved lately, and which reviews are overdue',
    input: z.strictObject({}),
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/desk' },
    decision: false,
  },
  'incident.signal': {
    name: 'incident.signal',
    summary: 'The signal of an incident over time, with its threshold and what was done meanwhile',
    input: z.strictObject({ id }),
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/incidents/:id/signal' },
    positional: ['id'],
    decision: false,
  },
  'incident.note': {
    name: 'incident.note',
    summary: 'Write a note into the timeline of an incident',
    input: z.strictObject({
      id,
      text: z.string().trim().min(1).max(4_000).describe('what you saw or did; it stands in the timeline'),
    }),
    // an agent may write down what it saw; it stands under its name
    need: 'propose',
    effect: 'write',
    http: { method: 'POST', path: '/incidents/:id/notes' },
    positional: ['id', 'text'],
    decision: false,
  },
  'run.page': {
    name: 'run.page',
    summary: 'The text of the page that a run follows, as it was when the run began',
    input: z.strictObject({ id }),
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/runs/:id/page' },
    positional: ['id'],
    decision: false,
  },
  'run.tick': {
    name: 'run.tick',
    summary: 'Say that a manual step or an item of a checklist is done, or take that back',
    input: z.strictObject({
      id,
      step: z.string().min(1).max(200).describe('id of the step'),
      item: z.coerce
        .number()
        .int()
        .min(-1)
        .max(999)
        .default(-1)
        .describe('place in the checklist, from 0; -1: the step itself'),
      done: z.stringbool().or(z.boolean()).default(true),
    }),
    need: 'respond',
    effect: 'write',
    http: { method: 'POST', path: '/runs/:id/tick' },
    positional: ['id', 'step'],
    // whoever did it says so
    decision: true,
  },
} as const satisfies Record<string, Operation>
