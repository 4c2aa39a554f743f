import type { z } from 'zod'
import { accessOperations } from './catalogue/access.ts'
import { agentOperations } from './catalogue/agents.ts'
import { auditOperations } from './catalogue/audit.ts'
import { clusterOperations } from './catalogue/cluster.ts'
import { incidentOperations } from './catalogue/incidents.ts'
import { liveOperations } from './catalogue/live.ts'
import { oncallOperations } from './catalogue/oncall.ts'
import { pageOperations } from './catalogue/pages.ts'
import { rehearsalOperations } from './catalogue/rehearsals.ts'
import { runOperations } from './catalogue/runs.ts'
import type { Operation } from './operation.ts'

export type { Operation } from './operation.ts'

/** Every verb, by area: one file in `catalogue/` for each. */
const operations = {
  ...incidentOperations,
  ...runOperations,
  ...liveOperations,
  ...auditOperations,
  ...accessOperations,
  ...agentOperations,
  ...oncallOperations,
  ...pageOperations,
  ...rehearsalOperations,
  ...clusterOperations,
} as const satisfies Record<string, Operation>

export type OperationName = keyof typeof operations
export const OPERATIONS: { readonly [Name in OperationName]: (typeof operations)[Name] } = operations
export const OPERATION_NAMES = Object.keys(operations) as OperationName[]
export type InputOf<Name extends OperationName> = z.output<(typeof operations)[Name]['input']>
