import { z } from 'zod'
import { DRAINS, REPEATS, WINDOW_KINDS } from '../../maintenance/schema.ts'
import { id, reason } from '../operation.ts'
import type { Operation } from '../operation.ts'

const wall = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d$/)
  .describe('wall clock in the zone: 2026-12-24T22:00')
const names = z.union([z.array(z.string().min(1).max(253)).min(1).max(50), z.string().min(1).max(2_000).transform((text) => text.split(',').map((name) => name.trim()).filter((name) => name !== ''))]).describe('services, separated by commas') // prettier-ignore
const flag = z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')])

const shown = z.looseObject({
  id: z.string(),
  window: z.string(),
  kind: z.enum(WINDOW_KINDS),
  title: z.string(),
  services: z.array(z.string()),
  state: z.string(),
})

export const maintenanceOperations = {
  'maintenance.plan': {
    name: 'maintenance.plan',
    summary: 'Plan a maintenance window, or a change freeze; it says what it overlaps',
    input: z.strictObject({
      title: z.string().trim().min(1).max(200),
      services: names,
      starts: wall,
      minutes: z.coerce.number().int().min(5).max(43_200).describe('how long, 5 to 43200'),
      zone: z.string().min(1).max(64).default('UTC').describe('IANA name: Europe/Berlin'),
      repeats: z.enum(REPEATS).default('never').describe(REPEATS.join(', ')),
      until: z
        .string()
        .regex(/^\d{4}-\d\d-\d\d$/)
        .optional()
        .describe('the last day on which it may begin'),
      kind: z.enum(WINDOW_KINDS).default('maintenance').describe('freeze: nothing is deployed then'),
      rollbackPlan: z.string().trim().max(4_000).default('').describe('the way back, in words or as a link'),
      drain: z
        .enum(DRAINS)
        .default('selector')
        .describe('selector: traffic is taken off the services; none: it stays'),
      keepReplicas: z.coerce.number().int().min(0).max(1_000).optional().describe('pods that stay while it is on'), // prettier-ignore
      announcement: z
        .string()
        .trim()
        .min(1)
        .max(4_000)
        .optional()
        .describe('for the public status page, at once, and when it begins; its end is told there too'),
      components: z
        .union([z.array(z.string().min(1).max(100)).max(50), z.string().max(2_000).transform((text) => text.split(',').map((name) => name.trim()).filter((name) => name !== ''))])
        .default([])
        .describe('components of the status page, separated by commas'), // prettier-ignore
    }),
    output: shown,
    need: 'respond',
    effect: 'write',
    http: { method: 'POST', path: '/maintenance' },
    positional: ['title'],
    decision: false,
  },
  'maintenance.list': {
    name: 'maintenance.list',
    summary: 'Windows and freezes with their next time',
    input: z.strictObject({ service: z.string().min(1).max(253).optional() }),
    output: z.looseObject({ windows: z.array(shown) }),
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/maintenance' },
    decision: false,
  },
  'maintenance.show': {
    name: 'maintenance.show',
    summary: 'A window: checklists, the commands it would run, what happened',
    input: z.strictObject({ id }),
    output: shown,
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/maintenance/:id' },
    positional: ['id'],
    decision: false,
  },
  'maintenance.tick': {
    name: 'maintenance.tick',
    summary: 'Tick an item of its checklist, with your name',
    input: z.strictObject({
      id,
      item: z.string().min(1).max(100).describe('id of the item, of `maintenance show`'),
      note: z.string().trim().max(1_000).optional(),
      done: flag.default(true).describe('false takes the tick back'),
    }),
    output: z.looseObject({ item: z.string(), done: z.boolean() }),
    need: 'respond',
    effect: 'write',
    http: { method: 'POST', path: '/maintenance/:id/tick' },
    positional: ['id', 'item'],
    decision: true,
  },
  'maintenance.start': {
    name: 'maintenance.start',
    summary: 'Start a window: pages held back, traffic drained, pods scaled down, then it is yours',
    input: z.strictObject({
      id,
      hash: z.string().regex(/^[0-9a-f]{64}$/).describe('of `maintenance show`: what you saw, and only that'),
      reason: reason.optional(),
    }), // prettier-ignore
    output: z.looseObject({ window: z.string(), started: z.boolean(), needed: z.number(), given: z.number() }), // prettier-ignore
    need: 'respond',
    effect: 'write',
    http: { method: 'POST', path: '/maintenance/:id/start' },
    positional: ['id'],
    decision: true,
  },
  'maintenance.end': {
    name: 'maintenance.end',
    summary: 'The work is done: pods back to their number, then traffic, once they are ready',
    input: z.strictObject({ id, reason }),
    output: z.looseObject({ window: z.string(), ending: z.boolean() }),
    need: 'respond',
    effect: 'write',
    http: { method: 'POST', path: '/maintenance/:id/end' },
    positional: ['id'],
    decision: true,
  },
  'maintenance.cancel': {
    name: 'maintenance.cancel',
    summary: 'Take a window that is not on out of the plan, with all its repetitions',
    input: z.strictObject({ id, reason }),
    output: z.looseObject({ window: z.string(), cancelled: z.boolean() }),
    need: 'respond',
    effect: 'write',
    http: { method: 'POST', path: '/maintenance/:id/cancel' },
    positional: ['id'],
    decision: true,
  },
  'maintenance.calendar': {
    name: 'maintenance.calendar',
    summary: 'Windows and freezes as an iCalendar file',
    input: z.strictObject({ service: z.string().min(1).max(253).optional() }),
    output: z.looseObject({ calendar: z.string() }),
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/maintenance-calendar' },
    decision: false,
  },
  'gate.deploy': {
    name: 'gate.deploy',
    summary: 'Whether a service may be deployed now; exits 3 in a freeze or while a P1 or P2 of it is open',
    input: z.strictObject({ service: z.string().min(1).max(253).describe('which service') }),
    output: z.looseObject({ service: z.string(), open: z.boolean(), reasons: z.array(z.string()) }),
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/gate/deploy' },
    decision: false,
  },
} as const satisfies Record<string, Operation>
