export { createKubectl, failureOf } from './kubectl.ts'
export type { ClusterAccess, Kubectl, KubectlOptions, KubectlResult } from './kubectl.ts'
export {
  annotationOf,
  CHANGE_CAUSE,
  isPodReady,
  matchesSelector,
  nameOf,
  ownedBy,
  RESOURCE_NAMES,
  REVISION,
  selects,
} from './objects.ts'
export type { Objects, PodMetrics, ResourceName } from './objects.ts'
export { bytesText, coresText, quantityOf } from './quantity.ts'
export { asSnapshot, itemsOf, takeSnapshot } from './snapshot.ts'
export type { Reading, Snapshot, SnapshotOptions } from './snapshot.ts'
