import type { PersistentVolumeClaim } from 'kubernetes-types/core/v1.js'
import { isDeleting, metaOf, nameOf, namespaceOf } from '../object.ts'
import type { ControllerDeps } from './deps.ts'

/** Binds every claim at once: the sandbox has one disk, and room on it for all of them. */
export function syncClaims({ context }: ControllerDeps): void {
  for (const found of context.store.list('persistentvolumeclaims' as string)) {
    const claim = found as PersistentVolumeClaim
    if (isDeleting(claim) || claim.status?.phase === 'Bound') continue
    context.store.update('persistentvolumeclaims' as string, namespaceOf(claim), nameOf(claim), (draft) => {
      const { accessModes, resources } = claim.spec ?? {}
      draft['spec'] = {
        ...claim.spec,
        volumeName: `pvc-${metaOf(claim).uid ?? ''}`,
        volumeMode: 'Filesystem',
      }
      draft['status'] = {
        phase: 'Bound',
        accessModes,
        capacity: { storage: resources?.requests?.['storage'] },
      }
    })
  }
}
