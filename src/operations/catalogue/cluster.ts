import { z } from 'zod'
import { SYMPTOMS } from '../../diagnose/schema.ts'
import type { Operation } from '../operation.ts'

export const serviceInput = z
  .string()
  .min(1)
  .max(253)
  .optional()
  .describe('a service of the configuration; needed where several run in a cluster')
export const targetInput = z
  .string()
  .min(1)
  .max(300)
  .optional()
  .describe('deployment/NAME; default: the one of the service')
const namespaceInput = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/)
  .optional()
  .describe('only where no service is configured')

const check = z.looseObject({ check: z.string(), done: z.boolean(), reason: z.string().nullable() })
const section = z.looseObject({
  page: z.string(),
  procedure: z.string(),
  option: z.string().nullable(),
  line: z.number().int(),
})

export const clusterOperations = {
  'cluster.diagnose': {
    name: 'cluster.diagnose',
    summary:
      'Why a symptom shows: read-only checks in parallel, causes ranked with evidence and what mends them',
    input: z.strictObject({
      symptom: z.enum(SYMPTOMS).describe(SYMPTOMS.join(', ')),
      target: targetInput,
      service: serviceInput,
      namespace: namespaceInput,
    }),
    output: z.looseObject({
      symptom: z.enum(SYMPTOMS),
      workload: z.string(),
      namespace: z.string(),
      findings: z.array(
        z.looseObject({
          cause: z.string(),
          says: z.string(),
          certainty: z.enum(['certain', 'likely', 'possible']),
          about: z.string(),
          evidence: z.array(z.string()),
          mend: section.nullable(),
        }),
      ),
      checks: z.array(check),
    }),
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/diagnosis/:symptom' },
    positional: ['symptom'],
    words: ['diagnose'],
    decision: false,
  },
  'cluster.status': {
    name: 'cluster.status',
    summary: 'One screen: workloads, pods, services, usage, health, rollouts, open incidents, who is on call',
    input: z.strictObject({ service: serviceInput, namespace: namespaceInput }),
    output: z.looseObject({
      namespace: z.string(),
      workloads: z.array(z.looseObject({ name: z.string(), state: z.string() })),
      pods: z.array(z.looseObject({ name: z.string(), status: z.string() })),
      services: z.array(z.looseObject({ name: z.string() })),
      signals: z.array(z.looseObject({ service: z.string(), signal: z.string() })),
      incidents: z.array(z.looseObject({ incident: z.string(), severity: z.string() })),
      onCall: z.array(z.looseObject({ rotation: z.string() })),
      checks: z.array(check),
    }),
    need: 'look',
    effect: 'read',
    http: { method: 'GET', path: '/cluster-status' },
    words: ['status'],
    decision: false,
  },
} as const satisfies Record<string, Operation>
