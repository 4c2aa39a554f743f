import { z } from 'zod'
import { id } from '../operation.ts'
import type { Operation } from '../operation.ts'

/** Of what is attached, before it is encoded. */
export const MAX_ATTACHMENT_BYTES = 4 * 1_048_576
const MAX_ENCODED = Math.ceil(MAX_ATTACHMENT_BYTES / 3) * 4

const attachment = z.looseObject({
  id: z.string(),
  incident: z.string(),
  name: z.string(),
  type: z.string().describe('found from the content'),
  bytes: z.number().int(),
  addedAt: z.iso.datetime(),
  addedBy: z.string(),
})

export const attachmentOperations = {
  'attachment.list': {
    name: 'attachment.list',
    summary: 'What people have attached to an incident',
    input: z.strictObject({ id }),
    output: z.looseObject({ attachments: z.array(attachment) }),
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/incidents/:id/attachments' },
    positional: ['id'],
    decision: false,
  },
  'attachment.show': {
    name: 'attachment.show',
    summary: 'One attachment with its content',
    input: z.strictObject({ id, attachment: z.string().min(1).max(100) }),
    output: z.looseObject({ ...attachment.shape, content: z.string().describe('base64') }),
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/incidents/:id/attachments/:attachment' },
    positional: ['id', 'attachment'],
    decision: false,
  },
  'attachment.add': {
    name: 'attachment.add',
    summary: 'Attach a picture or a text to an incident: PNG, JPEG, GIF, WebP or UTF-8, at most 4 MB',
    input: z.strictObject({
      id,
      name: z
        .string()
        .trim()
        .min(1)
        .max(200)
        .regex(/^[^/\\]+$/, 'a file name without a folder'),
      content: z
        .string()
        .min(4)
        .max(MAX_ENCODED)
        // a search for what must not be there: nothing to go back over in a text of megabytes
        .refine((text) => !/[^A-Za-z0-9+/]/.test(text.replace(/={1,2}$/, '')), 'not base64')
        .describe('base64'),
    }),
    output: attachment,
    need: 'respond',
    effect: 'write',
    bodyLimitBytes: MAX_ENCODED + 4_096,
    http: { method: 'POST', path: '/incidents/:id/attachments' },
    positional: ['id', 'name'],
    decision: true,
  },
} as const satisfies Record<string, Operation>
