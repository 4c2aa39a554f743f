import { z } from 'zod'
import { id } from '../operation.ts'
import type { Operation } from '../operation.ts'

const option = z.string().min(1).max(200).describe('its number or id')
const input = z.looseObject({
  name: z.string(),
  value: z.string().nullable(),
  from: z.string().nullable(),
  description: z.string().nullable(),
  choices: z.array(z.looseObject({ value: z.string(), from: z.string() })),
  pattern: z.string().nullable(),
})

export const inputOperations = {
  'run.inputs': {
    name: 'run.inputs',
    summary: 'What an option wants to know, with what it could be: from the page, and from what was read',
    input: z.strictObject({ id, option }),
    output: z.looseObject({ option: z.string(), inputs: z.array(input) }),
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/runs/:id/inputs' },
    positional: ['id', 'option'],
    decision: false,
  },
  'run.set-input': {
    name: 'run.set-input',
    summary:
      'Give an option a value that it wants; its commands have other hashes then, and are approved anew',
    input: z.strictObject({
      id,
      name: z.string().min(1).max(100).describe('as the page names it: POD_NAME'),
      value: z
        .string()
        .min(1)
        .max(1_000)
        .regex(/^[^\u0000-\u001f\u007f]*$/, 'without control characters'),
    }),
    output: z.looseObject({ run: z.string(), name: z.string(), value: z.string() }),
    need: 'respond',
    effect: 'write',
    http: { method: 'POST', path: '/runs/:id/inputs' },
    positional: ['id', 'name', 'value'],
    decision: true,
  },
} as const satisfies Record<string, Operation>
