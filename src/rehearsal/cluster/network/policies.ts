import type { Pod } from 'kubernetes-types/core/v1.js'
import type { NetworkPolicy, NetworkPolicyPort } from 'kubernetes-types/networking/v1.js'
import { labelsOf, namespaceOf } from '../object.ts'
import { matchesSelector } from '../selector.ts'
import type { Store } from '../store.ts'

/**
 * Whether the policies let a connection in to this port of the pod. Where a rule says from whom, everybody counts: on
 * loopback nobody knows which pod a connection comes from.
 */
export function letsIn(store: Store, podIp: string, port: number): boolean {
  const pod = store.list('pods').find((candidate) => candidate.status?.podIP === podIp)
  if (pod === undefined) return true
  const policies = policiesFor(store, pod)
  return (
    policies.length === 0 ||
    policies.some((policy) =>
      (policy.spec?.ingress ?? []).some(
        ({ ports = [] }) => ports.length === 0 || ports.some((item) => covers(item, pod, port)),
      ),
    )
  )
}

function policiesFor(store: Store, pod: Pod): NetworkPolicy[] {
  const policies = store.list('networkpolicies.networking.k8s.io', namespaceOf(pod)) as NetworkPolicy[]
  return policies.filter(
    ({ spec }) =>
      (spec?.policyTypes ?? ['Ingress']).includes('Ingress') &&
      matchesSelector(spec?.podSelector, labelsOf(pod)),
  )
}

function covers({ protocol = 'TCP', port, endPort }: NetworkPolicyPort, pod: Pod, wanted: number): boolean {
  if (protocol !== 'TCP') return false
  if (port === undefined) return true
  if (typeof port === 'number')
    return endPort === undefined ? port === wanted : wanted >= port && wanted <= endPort
  return (pod.spec?.containers ?? []).some((container) =>
    (container.ports ?? []).some((item) => item.name === port && item.containerPort === wanted),
  )
}
