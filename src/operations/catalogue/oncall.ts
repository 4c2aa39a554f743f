import { z } from 'zod'
import { id, reason } from '../operation.ts'
import type { Operation } from '../operation.ts'

const rotation = z.string().min(1).max(100).describe('a rotation of the on-call file')
const moment = z
  .string()
  .min(10)
  .max(40)
  .describe(
    'an instant (2026-12-24T12:00:00Z), or a wall-clock time in the zone of the file (2026-12-24T12:00)',
  )
const person = z.string().min(1).max(100).describe('a person of the on-call file')

export const oncallOperations = {
  'oncall.who': {
    name: 'oncall.who',
    summary: 'Who is on call, and who is asked for each severity',
    input: z.strictObject({
      at: moment.optional().describe('when; default now'),
      service: z.string().min(1).max(253).optional().describe('for the links of one service'),
    }),
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/oncall' },
    decision: false,
  },
  'oncall.shifts': {
    name: 'oncall.shifts',
    summary: 'The shifts of a rotation, its gaps among them',
    input: z.strictObject({
      rotation,
      from: moment.optional().describe('default now'),
      days: z.coerce.number().int().min(1).max(366).default(28).describe('1 to 366'),
    }),
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/oncall/:rotation/shifts' },
    positional: ['rotation'],
    decision: false,
  },
  'oncall.calendar': {
    name: 'oncall.calendar',
    summary: 'A rotation as an iCalendar file',
    input: z.strictObject({ rotation, person: person.optional().describe('only their shifts') }),
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/oncall/:rotation/calendar' },
    positional: ['rotation'],
    decision: false,
  },
  'oncall.check': {
    name: 'oncall.check',
    summary: 'What would go wrong with the rotations: gaps, people without a way, words that nobody is',
    input: z.strictObject({
      days: z.coerce.number().int().min(1).max(366).default(60).describe('how far to look, 1 to 366'),
    }),
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/oncall-check' },
    decision: false,
  },
  'oncall.override': {
    name: 'oncall.override',
    summary: 'Put somebody else on call for a time',
    input: z.strictObject({ rotation, person, from: moment, to: moment, reason }),
    need: 'respond',
    effect: 'write',
    http: { method: 'POST', path: '/oncall/:rotation/overrides' },
    positional: ['rotation', 'person'],
    decision: true,
  },
  'oncall.restore': {
    name: 'oncall.restore',
    summary: 'Take an override back',
    input: z.strictObject({ id: id.describe('of `oncall who`'), reason }),
    need: 'respond',
    effect: 'write',
    http: { method: 'POST', path: '/oncall-overrides/:id/restore' },
    positional: ['id'],
    decision: true,
  },
  'severity.list': {
    name: 'severity.list',
    summary: 'The severity matrix that holds, and the ranges on pages with the rule a person confirmed',
    input: z.strictObject({}),
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/severities' },
    decision: false,
  },
  'severity.confirm': {
    name: 'severity.confirm',
    summary: 'Say what a range such as "P2-P3" on a page means',
    input: z.strictObject({
      page: z.string().min(1).max(4_096).describe('path of the page, of `severity list`'),
      procedure: z.string().min(1).max(300).describe('id of the procedure'),
      rule: z
        .enum(['highest', 'lowest', 'lowest-in-business-hours', 'highest-in-business-hours'])
        .describe('highest is the more urgent one; the last two mean the other one outside business hours'),
    }),
    need: 'lead',
    effect: 'write',
    http: { method: 'POST', path: '/severities/confirm' },
    positional: ['page', 'procedure'],
    decision: true,
  },
  'incident.severity': {
    name: 'incident.severity',
    summary: 'Change the severity of an incident; who is asked next is planned anew',
    input: z.strictObject({ id, severity: z.enum(['P1', 'P2', 'P3', 'P4']), reason }),
    need: 'respond',
    effect: 'write',
    http: { method: 'POST', path: '/incidents/:id/severity' },
    positional: ['id', 'severity'],
    decision: true,
  },
  'integration.list': {
    name: 'integration.list',
    summary: 'The ways to reach people, and how those places do that messages went to',
    input: z.strictObject({}),
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/integrations' },
    decision: false,
  },
  'integration.test': {
    name: 'integration.test',
    summary: 'Try a channel out: its settings, its login, one test message',
    input: z.strictObject({
      channel: z.string().min(1).max(50).describe('console, email (or smtp), webhook, ...'),
      target: z.string().min(1).max(300).optional().describe('where the test message goes'),
    }),
    need: 'lead',
    effect: 'write',
    http: { method: 'POST', path: '/integrations/:channel/test' },
    positional: ['channel'],
    decision: true,
  },
} as const satisfies Record<string, Operation>
