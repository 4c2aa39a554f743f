import { z } from 'zod'
import { id, reason } from '../operation.ts'
import type { Operation } from '../operation.ts'

const login = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, 'lower-case letters, digits, . _ and -, at most 63')
  .describe('what they sign in with')
const label = z
  .string()
  .max(300)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*=[^=,\s][^=,]{0,200}$/, 'not name=value')
/** `team=payments,env=prod` */
const scope = z
  .string()
  .max(1_000)
  .transform((text) =>
    text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== ''),
  )
  .pipe(z.array(label).max(10))
  .optional()
  .describe('where the role holds: team=payments,service=orders; default everywhere')
const personRole = z.enum(['viewer', 'responder', 'lead', 'admin'])

export const accessOperations = {
  'run.propose': {
    name: 'run.propose',
    summary: 'Ask for one option; somebody else then approves it where the policy says so',
    input: z.strictObject({ id, option: z.string().min(1).max(200).describe('its number or id'), reason }),
    need: 'propose',
    effect: 'write',
    http: { method: 'POST', path: '/runs/:id/propose' },
    positional: ['id', 'option'],
    decision: false,
  },
  'run.break-glass': {
    name: 'run.break-glass',
    summary: 'Approve one option alone, against the policy: loud, told to all leads, and a review is owed',
    input: z.strictObject({
      id,
      option: z.string().min(1).max(200).describe('its number or id'),
      hashes: z.array(z.string().length(64)).max(100).optional().describe('of the commands that you saw'),
      reason,
    }),
    need: 'respond',
    effect: 'write',
    http: { method: 'POST', path: '/runs/:id/break-glass' },
    positional: ['id', 'option'],
    decision: true,
  },
  'person.list': {
    name: 'person.list',
    summary: 'People, their roles and how they sign in',
    input: z.strictObject({}),
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/people' },
    decision: false,
  },
  'person.invite': {
    name: 'person.invite',
    summary: 'Add a person, or give one a new link; the link is shown once',
    input: z.strictObject({ login, name: z.string().trim().min(1).max(100), role: personRole, scope }),
    need: 'administer',
    effect: 'write',
    answersSecret: true,
    http: { method: 'POST', path: '/people' },
    positional: ['login'],
    decision: true,
  },
  'person.disable': {
    name: 'person.disable',
    summary: 'Take a person out: their sessions and tokens end now',
    input: z.strictObject({ id: id.describe('person:ada, or ada'), reason }),
    need: 'administer',
    effect: 'write',
    http: { method: 'POST', path: '/people/:id/disable' },
    positional: ['id'],
    decision: true,
  },
  'person.role': {
    name: 'person.role',
    summary: 'Give a person a role, or take it away',
    input: z.strictObject({
      id: id.describe('person:ada, or ada'),
      role: personRole,
      scope,
      remove: z.stringbool().or(z.boolean()).default(false).describe('true: take it away'),
      reason,
    }),
    need: 'administer',
    effect: 'write',
    http: { method: 'POST', path: '/people/:id/role' },
    positional: ['id', 'role'],
    decision: true,
  },
  'token.create': {
    name: 'token.create',
    summary: 'Make a token for yourself or for an agent; it is shown once',
    input: z.strictObject({
      name: z.string().trim().min(1).max(100).describe('what it is for'),
      role: z.enum(['viewer', 'agent', 'responder', 'lead', 'admin']).describe('at most your own'),
      agent: login.optional().describe('for this agent, which may look and propose; needs an administrator'),
      scope,
      days: z.coerce.number().int().min(1).max(366).default(30).describe('until it expires'),
    }),
    need: 'respond',
    effect: 'write',
    answersSecret: true,
    http: { method: 'POST', path: '/tokens' },
    positional: ['name'],
    decision: true,
  },
  'token.list': {
    name: 'token.list',
    summary: 'Tokens: your own, or all for an administrator',
    input: z.strictObject({}),
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/tokens' },
    decision: false,
  },
  'token.revoke': {
    name: 'token.revoke',
    summary: 'End a token now',
    input: z.strictObject({ id }),
    need: 'respond',
    effect: 'write',
    http: { method: 'POST', path: '/tokens/:id/revoke' },
    positional: ['id'],
    decision: true,
  },
  'session.list': {
    name: 'session.list',
    summary: 'Signed-in browsers: your own, or all for an administrator',
    input: z.strictObject({}),
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/sessions' },
    decision: false,
  },
  'session.revoke': {
    name: 'session.revoke',
    summary: 'Sign a browser out now',
    input: z.strictObject({ id }),
    need: 'respond',
    effect: 'write',
    http: { method: 'POST', path: '/sessions/:id/revoke' },
    positional: ['id'],
    decision: true,
  },
  'policy.show': {
    name: 'policy.show',
    summary: 'The policy that holds, and where it comes from',
    input: z.strictObject({}),
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/policy' },
    decision: false,
  },
  'policy.explain': {
    name: 'policy.explain',
    summary: 'What a command may do, and whether somebody may approve it here and now, in words',
    input: z.strictObject({
      command: z.string().min(1).max(8_192),
      as: z.string().max(100).optional().describe('person:ada; default yourself'),
      severity: z.enum(['P1', 'P2', 'P3', 'P4']).default('P3'),
      service: z.string().max(253).optional(),
      requester: z.string().max(100).default('system:erlmcp').describe('who proposed it'),
    }),
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/policy/explain' },
    positional: ['command'],
    decision: false,
  },
  'audit.export': {
    name: 'audit.export',
    summary: 'Rows of the audit for checking elsewhere, with a signed checkpoint at their end',
    input: z.strictObject({
      after: z.coerce.number().int().min(0).default(0).describe('sequence number of the last row had'),
      limit: z.coerce.number().int().min(1).max(5_000).default(2_000).describe('rows at most, 1 to 5000'),
    }),
    need: 'lead',
    effect: 'read',
    http: { method: 'GET', path: '/audit/export' },
    decision: false,
  },
} as const satisfies Record<string, Operation>
