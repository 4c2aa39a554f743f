import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Pod } from 'kubernetes-types/core/v1.js'
import { annotationsOf, canonical, isDeleting, nameOf, namespaceOf } from '../object.ts'
import type { Ports } from '../network/ports.ts'
import type { Store } from '../store.ts'

export interface Target {
  targets: string[]
  labels: Record<string, string>
}

/**
 * Keeps the file from which Prometheus learns what to scrape: every pod with the usual annotations. A real cluster
 * would be asked by Prometheus itself, but not every build of it can. `others` are scraped beside the pods.
 */
export function writeTargets(
  store: Store,
  dir: string,
  ports: Ports,
  others: readonly Target[] = [],
): { stop(): void } {
  mkdirSync(dir, { recursive: true })
  let last = ''
  const write = (): void => {
    const text = canonical([
      ...store
        .list('pods')
        .filter(isTarget)
        .map((pod) => targetOf(pod, ports)),
      ...others,
    ])
    if (text === last) return
    last = text
    writeFileSync(path.join(dir, 'pods.tmp'), text)
    renameSync(path.join(dir, 'pods.tmp'), path.join(dir, 'pods.json'))
  }
  write()
  const unsubscribe = store.subscribe((change) => {
    if (change.resource === 'pods') write()
  })
  return { stop: unsubscribe }
}

const isTarget = (pod: Pod): boolean =>
  annotationsOf(pod)['prometheus.io/scrape'] === 'true' &&
  !isDeleting(pod) &&
  (pod.status?.podIP ?? '') !== ''

const targetOf = (pod: Pod, ports: Ports): Target => ({
  targets: [
    `${pod.status?.podIP ?? ''}:${ports.actual(Number(annotationsOf(pod)['prometheus.io/port'] ?? '80'))}`,
  ],
  labels: { namespace: namespaceOf(pod), pod: nameOf(pod), ...serviceOf(pod) },
})

/** The service that the pod's series are about, as a ServiceMonitor would name it. */
const serviceOf = (pod: Pod): Record<string, string> => {
  const service = annotationsOf(pod)['prometheus.io/service']
  return service === undefined ? {} : { service }
}
