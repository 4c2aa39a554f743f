import type { EndpointAddress, Pod, Service } from 'kubernetes-types/core/v1.js'
import { labelsOf, metaOf, nameOf, nameSuffix, namespaceOf } from '../object.ts'
import { matchesSelector } from '../selector.ts'
import { isActive, isReady } from './deps.ts'
import type { ControllerDeps } from './deps.ts'

export interface ServicePort {
  name: string | undefined
  port: number
  targetPort: number
}

/** Keeps Endpoints and EndpointSlices of every service with a selector. */
export function syncEndpoints(deps: ControllerDeps): void {
  const { store } = deps.context
  for (const service of store.list('services')) {
    if (service.spec?.selector === undefined) continue
    const pods = podsOf(deps, service)
    writeEndpoints(deps, service, pods)
    writeSlice(deps, service, pods)
  }
  for (const resource of ['endpoints', 'endpointslices.discovery.k8s.io'] as const) {
    for (const object of store.list(resource)) {
      const name =
        resource === 'endpoints' ? nameOf(object) : (labelsOf(object)['kubernetes.io/service-name'] ?? '')
      if (store.find('services', namespaceOf(object), name) === undefined) store.remove(resource, namespaceOf(object), nameOf(object)) // prettier-ignore
    }
  }
}

function podsOf(deps: ControllerDeps, service: Service): Pod[] {
  return deps.context.store
    .list('pods', namespaceOf(service))
    .filter((pod) => isActive(pod) && (pod.status?.podIP ?? '') !== '')
    .filter((pod) => matchesSelector({ matchLabels: service.spec?.selector ?? {} }, labelsOf(pod)))
}

export function portsOf(service: Service, pod: Pod | undefined): ServicePort[] {
  return (service.spec?.ports ?? []).map((port) => {
    const target = port.targetPort ?? port.port
    const named = pod?.spec?.containers.flatMap((item) => item.ports ?? []).find((item) => item.name === target)
    return { name: port.name, port: port.port, targetPort: typeof target === 'number' ? target : (named?.containerPort ?? port.port) }
  })
} // prettier-ignore

function address(pod: Pod): EndpointAddress {
  return {
    ip: pod.status?.podIP ?? '',
    nodeName: pod.spec?.nodeName ?? '',
    targetRef: { kind: 'Pod', namespace: namespaceOf(pod), name: nameOf(pod), uid: metaOf(pod).uid ?? '' },
  }
}

function writeEndpoints(deps: ControllerDeps, service: Service, pods: readonly Pod[]): void {
  const { store } = deps.context
  const [namespace, name] = [namespaceOf(service), nameOf(service)]
  if (store.find('endpoints', namespace, name) === undefined) {
    store.create('endpoints', { metadata: { name, namespace, labels: labelsOf(service) } })
  }
  const ready = pods.filter(isReady).map(address)
  const waiting = pods.filter((pod) => !isReady(pod)).map(address)
  const ports = portsOf(service, pods[0]).map((port) => ({
    ...(port.name === undefined ? {} : { name: port.name }),
    port: port.targetPort,
    protocol: 'TCP',
  }))
  store.update('endpoints', namespace, name, (draft) => {
    if (pods.length === 0) delete draft.subsets
    else {
      draft.subsets = [
        {
          ...(ready.length > 0 ? { addresses: ready } : {}),
          ...(waiting.length > 0 ? { notReadyAddresses: waiting } : {}),
          ports,
        },
      ]
    }
  })
}

function writeSlice(deps: ControllerDeps, service: Service, pods: readonly Pod[]): void {
  const { store } = deps.context
  const namespace = namespaceOf(service)
  const labels = {
    'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
    'kubernetes.io/service-name': nameOf(service),
  }
  const found = store
    .list('endpointslices.discovery.k8s.io', namespace)
    .find((slice) => labelsOf(slice)['kubernetes.io/service-name'] === nameOf(service))
  const name = found === undefined ? `${nameOf(service)}-${nameSuffix()}` : nameOf(found)
  if (found === undefined) {
    const owner = { apiVersion: 'v1', kind: 'Service', name: nameOf(service), uid: metaOf(service).uid ?? '', controller: true, blockOwnerDeletion: true } // prettier-ignore
    const slice = { metadata: { name, namespace, generateName: `${nameOf(service)}-`, labels, ownerReferences: [owner] }, addressType: 'IPv4', endpoints: [], ports: [] } // prettier-ignore
    store.create('endpointslices.discovery.k8s.io', slice)
  }
  store.update('endpointslices.discovery.k8s.io', namespace, name, (draft) => {
    draft.endpoints = pods.map((pod) => {
      const { ip, ...rest } = address(pod)
      const ready = isReady(pod)
      return { addresses: [ip], conditions: { ready, serving: ready, terminating: false }, ...rest }
    })
    draft.ports = portsOf(service, pods[0]).map((port) => ({
      name: port.name ?? '',
      port: port.targetPort,
      protocol: 'TCP',
    }))
  })
}
