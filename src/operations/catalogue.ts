import type { z } from 'zod'
import { accessOperations } from './catalogue/access.ts'
import { agentOperations } from './catalogue/agents.ts'
import { attachmentOperations } from './catalogue/attachments.ts'
import { auditOperations } from './catalogue/audit.ts'
import { backupOperations } from './catalogue/backups.ts'
import { clusterOperations } from './catalogue/cluster.ts'
import { changeOperations } from './catalogue/changes.ts'
import { deploymentOperations } from './catalogue/deployments.ts'
import { incidentOperations } from './catalogue/incidents.ts'
import { inputOperations } from './catalogue/inputs.ts'
import { liveOperations } from './catalogue/live.ts'
import { maintenanceOperations } from './catalogue/maintenance.ts'
import { messageOperations } from './catalogue/messages.ts'
import { oncallOperations } from './catalogue/oncall.ts'
import { pageOperations } from './catalogue/pages.ts'
import { readingOperations } from './catalogue/reading.ts'
import { rehearsalOperations } from './catalogue/rehearsals.ts'
import { reviewOperations } from './catalogue/reviews.ts'
import { replicaOperations } from './catalogue/replicas.ts'
import { runOperations } from './catalogue/runs.ts'
import { statusOperations } from './catalogue/status.ts'
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
  ...messageOperations,
  ...statusOperations,
  ...pageOperations,
  ...rehearsalOperations,
  ...clusterOperations,
  ...changeOperations,
  ...maintenanceOperations,
  ...readingOperations,
  ...reviewOperations,
  ...attachmentOperations,
  ...deploymentOperations,
  ...inputOperations,
  ...replicaOperations,
  ...backupOperations,
} as const satisfies Record<string, Operation>

export type OperationName = keyof typeof operations
export const OPERATIONS: { readonly [Name in OperationName]: (typeof operations)[Name] } = operations
export const OPERATION_NAMES = Object.keys(operations) as OperationName[]
export type InputOf<Name extends OperationName> = z.output<(typeof operations)[Name]['input']>
