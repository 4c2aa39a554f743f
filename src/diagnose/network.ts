import type { Pod, Service, ServicePort } from 'kubernetes-types/core/v1.js'
import type { NetworkPolicy } from 'kubernetes-types/networking/v1.js'
import { isPodReady, itemsOf, matchesSelector, nameOf, selects } from '../kubernetes/index.ts'
import { finding } from './containers.ts'
import type { Facts, Finding } from './model.ts'

/** Labels that a drain puts into a selector. */
const DRAIN = /maintenance|drain/i

/** Why traffic does not arrive at pods that may be well. */
export function serviceFindings(facts: Facts): Finding[] {
  if (facts.services.length === 0) {
    const unread = !facts.snapshot.services.read
    return unread
      ? []
      : [
          finding('service-missing', 'possible', `workload/${facts.workload}`, [
            'no service selects its pods',
          ]),
        ]
  }
  return facts.services.flatMap((service) => [
    ...selectorFindings(facts, service),
    ...portFindings(facts, service),
    ...policyFindings(facts, service),
  ])
}

function selectorFindings(facts: Facts, service: Service): Finding[] {
  const about = `service/${nameOf(service)}`
  const selector = service.spec?.selector ?? {}
  const selected = facts.pods.filter((pod) => selects(selector, pod.metadata?.labels))
  const text = `selector ${Object.entries(selector).map(([key, value]) => `${key}=${value}`).join(',')}` // prettier-ignore
  if (selected.length === 0 && facts.pods.length > 0) {
    const drained = Object.keys(selector).some((key) => DRAIN.test(key))
    return [
      finding(drained ? 'service-drained' : 'selector-mismatch', 'certain', about, [
        `${text} matches none of ${facts.pods.length} pods`,
      ]),
    ]
  }
  if (selected.some(isPodReady)) return []
  return [finding('no-endpoints', 'certain', about, [`${text} matches ${selected.length} pods, none is ready`])] // prettier-ignore
}

function portFindings(facts: Facts, service: Service): Finding[] {
  const pods = facts.pods.filter((pod) => declaredPorts(pod).length > 0)
  if (pods.length === 0) return []
  return (service.spec?.ports ?? []).flatMap((port) => {
    const target = port.targetPort ?? port.port
    if (pods.some((pod) => hasPort(pod, target))) return []
    const declared = [...new Set(pods.flatMap(declaredPorts).map(({ containerPort }) => containerPort))]
    // a number that is not declared may be listened on all the same
    const certainty = typeof target === 'string' ? 'certain' : 'likely'
    return [
      finding('port-mismatch', certainty, `service/${nameOf(service)}`, [
        `targetPort ${target} of port ${port.port}; the containers have ${declared.join(', ')}`,
      ]),
    ]
  })
}

const declaredPorts = (pod: Pod) => (pod.spec?.containers ?? []).flatMap((container) => container.ports ?? [])
const hasPort = (pod: Pod, target: string | number): boolean =>
  declaredPorts(pod).some(({ containerPort, name }) => containerPort === target || name === target)

/** Policies add up: a port is closed when one selects the pod for ingress and none lets the port in. */
function policyFindings(facts: Facts, service: Service): Finding[] {
  const pod = facts.pods.find((each) => selects(service.spec?.selector, each.metadata?.labels))
  if (pod === undefined) return []
  const policies = itemsOf(facts.snapshot.networkpolicies).filter(
    ({ spec }) =>
      matchesSelector(spec?.podSelector, pod.metadata?.labels) &&
      (spec?.policyTypes ?? ['Ingress']).includes('Ingress'),
  )
  if (policies.length === 0) return []
  return (service.spec?.ports ?? []).flatMap((port) => {
    const number = containerPortOf(pod, port)
    // nothing listens there: that is the cause, and named as such
    if (number !== null && declaredPorts(pod).length > 0 && !hasPort(pod, number)) return []
    if (number === null || policies.some((policy) => admits(policy, pod, number))) return []
    const names = policies.map(nameOf)
    return [
      finding('policy-denies', 'certain', `service/${nameOf(service)}`, [
        `network policy ${names.join(', ')} selects the pods and lets in no traffic to port ${number}`,
      ]),
    ]
  })
}

function containerPortOf(pod: Pod, port: ServicePort): number | null {
  const target = port.targetPort ?? port.port
  if (typeof target === 'number') return target
  return declaredPorts(pod).find(({ name }) => name === target)?.containerPort ?? null
}

const admits = ({ spec }: NetworkPolicy, pod: Pod, number: number): boolean =>
  (spec?.ingress ?? []).some(
    ({ ports }) =>
      ports === undefined ||
      ports.length === 0 ||
      ports.some(({ port, endPort, protocol }) => {
        if (protocol !== undefined && protocol !== 'TCP') return false
        if (port === undefined) return true
        if (typeof port === 'string')
          return declaredPorts(pod).some(({ name, containerPort }) => name === port && containerPort === number) // prettier-ignore
        return endPort === undefined ? port === number : number >= port && number <= endPort
      }),
  )
