import { z } from 'zod'
import { limit } from '../operation.ts'
import type { Operation } from '../operation.ts'

const service = z.string().trim().min(1).max(253)
const deployment = z.looseObject({ service: z.string(), version: z.string(), at: z.iso.datetime() })

export const deploymentOperations = {
  'deployment.record': {
    name: 'deployment.record',
    summary: 'Say that a version was rolled out: it is marked on the chart of the service',
    input: z.strictObject({
      service,
      version: z.string().trim().min(1).max(200),
      note: z.string().trim().min(1).max(1_000).optional().describe('what is in it, a link'),
      at: z.iso.datetime({ offset: true }).optional().describe('when; default now'),
    }),
    output: deployment,
    // a pipeline's token may; it decides nothing
    need: 'propose',
    effect: 'write',
    http: { method: 'POST', path: '/deployments' },
    positional: ['service', 'version'],
    decision: false,
  },
  'deployment.list': {
    name: 'deployment.list',
    summary: 'What was rolled out, newest first',
    input: z.strictObject({ service: service.optional(), limit }),
    output: z.looseObject({ deployments: z.array(deployment) }),
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/deployments' },
    decision: false,
  },
} as const satisfies Record<string, Operation>
