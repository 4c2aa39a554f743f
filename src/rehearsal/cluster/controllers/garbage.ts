import { removeObject } from '../api/remove.ts'
import { isDeleting, metaOf, nameOf, namespaceOf } from '../object.ts'
import type { KubeObject } from '../object.ts'
import { RESOURCES, storageName } from '../resources.ts'
import type { ControllerDeps } from './deps.ts'

const QUIETLY = { gracePeriodSeconds: undefined, propagation: 'Background', dryRun: false }

/** Removes what belonged to objects that are gone. */
export function collectGarbage(deps: ControllerDeps): void {
  const { store } = deps.context
  const alive = new Set(
    store.resources().flatMap((resource) => store.list(resource).map((object) => metaOf(object).uid)),
  )
  for (const [type, object] of everything(deps)) {
    const owners = metaOf(object).ownerReferences ?? []
    if (owners.length === 0 || isDeleting(object) || owners.some((owner) => alive.has(owner.uid))) continue
    removeObject(deps.context, type, object, QUIETLY, undefined)
  }
}

/** Gives new namespaces what every one has, and empties those that are to go. */
export function syncNamespaces(deps: ControllerDeps): void {
  const { store } = deps.context
  for (const namespace of store.list('namespaces')) {
    const name = nameOf(namespace)
    if (!isDeleting(namespace)) {
      if (store.find('serviceaccounts', name, 'default') === undefined) {
        store.create('serviceaccounts', { metadata: { name: 'default', namespace: name } })
        store.create('configmaps', {
          metadata: { name: 'kube-root-ca.crt', namespace: name },
          data: { 'ca.crt': '' },
        })
      }
      continue
    }
    const rest = everything(deps).filter(([, object]) => namespaceOf(object) === name)
    for (const [type, object] of rest)
      if (!isDeleting(object)) removeObject(deps.context, type, object, QUIETLY, undefined)
    if (rest.length === 0) store.remove('namespaces', '', name)
  }
}

function everything(deps: ControllerDeps): [(typeof RESOURCES)[number], KubeObject][] {
  const { store } = deps.context
  return store.resources().flatMap((resource) => {
    const type = RESOURCES.find((item) => storageName(item) === resource)
    return type === undefined
      ? []
      : store.list(resource).map((object): [typeof type, KubeObject] => [type, object])
  })
}
