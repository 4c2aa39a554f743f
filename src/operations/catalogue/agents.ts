import { z } from 'zod'
import type { Operation } from '../operation.ts'

/** On the command line values are JSON text. */
const parsed = (value: unknown): unknown => {
  if (typeof value !== 'string') return value
  try {
    return JSON.parse(value)
  } catch {
    return value
  }
}
const service = z
  .string()
  .min(1)
  .max(253)
  .optional()
  .describe('which service it is for; default the page says')
const severity = z.enum(['P1', 'P2', 'P3', 'P4']).optional().describe('default: the page says, else P3')
export const planInputs = z
  .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,99}$/), z.string().max(1_000))
  .refine((values) => Object.keys(values).length <= 50, 'at most 50')

const command = z.looseObject({
  text: z.string().describe('as the page has it'),
  script: z.string().describe('as it runs; inputs are variables'),
  risk: z.enum(['read', 'change', 'destructive']),
  identity: z.string(),
  gate: z.enum(['none', 'approve', 'person']).describe('none: runs by itself; person: a person does it'),
  hash: z.string(),
})
const step = z.looseObject({
  id: z.string(),
  title: z.string(),
  option: z.number().int().nullable().describe('its number, where a person chooses'),
  commands: z.array(command),
})

export const agentOperations = {
  'run.plan': {
    name: 'run.plan',
    summary: 'What a runbook would do here and now: exact commands with risk and gate; nothing runs',
    input: z.strictObject({
      page: z.string().min(1).max(1_100).describe('path, as page.list shows it'),
      procedure: z.string().min(1).max(500).optional().describe('its id, where the page has several'),
      service,
      severity,
      inputs: z.preprocess(parsed, planInputs).default({}).describe('values of placeholders, by name'),
    }),
    output: z.looseObject({
      planHash: z.string().describe('for run.start, within 15 minutes, once'),
      expiresAt: z.iso.datetime(),
      page: z.looseObject({ path: z.string(), contentHash: z.string() }),
      procedure: z.looseObject({ id: z.string(), title: z.string() }),
      severity: z.string(),
      target: z.unknown(),
      steps: z.array(step),
      missingInputs: z.array(z.string()),
    }),
    need: 'propose',
    effect: 'read',
    http: { method: 'POST', path: '/run-plans' },
    positional: ['page'],
    decision: false,
  },
  'run.start': {
    name: 'run.start',
    summary:
      'Start a plan that you were shown: what only reads runs, what changes anything waits for a person',
    input: z.strictObject({
      planHash: z
        .string()
        .regex(/^[0-9a-f]{64}$/, 'not a plan hash')
        .describe('of run.plan'),
      reason: z.string().trim().min(1).max(2_000).describe('why now; it stands in the timeline'),
    }),
    output: z.looseObject({ incident: z.string(), started: z.boolean(), next: z.string() }),
    need: 'propose',
    effect: 'write',
    http: { method: 'POST', path: '/run-plans/:planHash/start' },
    positional: ['planHash'],
    decision: false,
  },
  'incident.open': {
    name: 'incident.open',
    summary: 'Open an incident by hand; whoever is on call for its severity is asked',
    input: z.strictObject({
      title: z.string().trim().min(1).max(300),
      service: z.string().min(1).max(253).describe('which service is concerned'),
      severity: z.enum(['P1', 'P2', 'P3', 'P4']),
      dedupeKey: z
        .string()
        .regex(/^[\x21-\x7e]{1,200}$/, '1 to 200 visible ASCII characters')
        .describe('of your choice; while an incident with this key is open, no other is'),
    }),
    output: z.looseObject({ incident: z.string(), opened: z.boolean().describe('false: it was open') }),
    need: 'propose',
    effect: 'write',
    http: { method: 'POST', path: '/incidents/open' },
    positional: ['title'],
    decision: false,
  },
} as const satisfies Record<string, Operation>
