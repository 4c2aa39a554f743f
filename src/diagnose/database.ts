import type { Pod, Service } from 'kubernetes-types/core/v1.js'
import { isPodReady, nameOf, selects } from '../kubernetes/index.ts'
import type { CauseName } from './causes.ts'
import { containerFindings, finding } from './containers.ts'
import type { Facts, Finding } from './model.ts'

const DATABASE_IMAGE =
  /(?:^|[/])(?:[a-z0-9-]*)(postgres|postgresql|mysql|mariadb|cockroach|mongo)(?:[a-z0-9-]*)(?::|@|$)/i
const DATABASE_NAME = /postgres|postgresql|mysql|mariadb|cockroach|mongo|^db$|-db$|database/i
const EXPORTER = /exporter|backup|pgbouncer/i

export const isDatabasePod = (pod: Pod): boolean =>
  (pod.spec?.containers ?? []).some(({ image = '' }) => DATABASE_IMAGE.test(image) && !EXPORTER.test(image))

/** Whether a service stands before a database, by its name or by what it selects. */
export const isDatabaseService = (service: Service, pods: readonly Pod[]): boolean =>
  (DATABASE_NAME.test(nameOf(service)) && !EXPORTER.test(nameOf(service))) ||
  pods.some((pod) => isDatabasePod(pod) && selects(service.spec?.selector, pod.metadata?.labels))

/** The pods of the database, and the service before them. */
export function databaseFindings(facts: Facts): Finding[] {
  const { databasePods: pods, databaseServices: services } = facts
  const inCluster = services.filter((service) => service.spec?.selector !== undefined)
  const findings: Finding[] = []
  if (pods.length === 0 && inCluster.length > 0 && facts.snapshot.pods.read) {
    findings.push(
      ...inCluster.map((service) =>
        finding('database-gone', 'certain', `service/${nameOf(service)}`, [
          `its selector matches no pod: ${JSON.stringify(service.spec?.selector)}`,
        ]),
      ),
    )
  }
  if (pods.length > 0 && !pods.some(isPodReady))
    findings.push(
      ...pods.map((pod) =>
        finding('database-not-ready', 'certain', `pod/${nameOf(pod)}`, [
          `phase ${pod.status?.phase ?? 'unknown'}`,
          ...unmet(pod),
        ]),
      ),
    )
  for (const service of inCluster) {
    const behind = pods.filter((pod) => selects(service.spec?.selector, pod.metadata?.labels))
    if (pods.some(isPodReady) && !behind.some(isPodReady))
      findings.push(
        finding('database-no-endpoints', 'certain', `service/${nameOf(service)}`, [
          `its selector matches ${behind.length} pods, none is ready`,
        ]),
      )
  }
  return [...findings, ...containerFindings(facts, pods).filter(({ cause }) => cause !== 'not-ready')]
}

const unmet = (pod: Pod): string[] =>
  (pod.status?.conditions ?? [])
    .filter(({ status }) => status !== 'True')
    .map(({ type, message }) => `${type}: ${message ?? 'False'}`)

/** What programs write when the database does not do what they want. Several lines of one kind are one finding. */
const LINES: readonly (readonly [RegExp, CauseName, few?: number])[] = [
  [/too many clients already|remaining connection slots|too many connections|sorry, too many clients/i, 'database-full'],
  [/password authentication failed|access denied for user|authentication failed for user|28P01/i, 'database-password'],
  [/database "[^"]+" does not exist|unknown database|3D000/i, 'database-missing'],
  [/pool (?:is )?(?:exhausted|timeout|timed out)|(?:connection )?pool.{0,40}(?:exhausted|timeout)|timeout exceeded when trying to connect|no (?:free|available) connections?|queuepool limit/i, 'pool-exhausted'],
  [/(?:ENOTFOUND|EAI_AGAIN|could not translate host name|no such host|name or service not known).{0,80}|getaddrinfo/i, 'database-name'],
  [/(?:postgres|5432|3306|database|sql).{0,80}(?:ECONNREFUSED|connection refused)|(?:ECONNREFUSED|connection refused).{0,80}(?:5432|3306|postgres|database)/i, 'database-refused'],
  [/(?:database|postgres|sql|5432).{0,80}(?:timed? ?out|ETIMEDOUT)|statement timeout|canceling statement due to/i, 'database-timeout'],
  [/deadlock detected|lock timeout|still waiting for (?:share|exclusive|access)|duration: \d{4,}/i, 'slow-queries'],
  // one now and then is no cause of anything
  [/slow query/i, 'slow-queries', 5],
  [/connection limit reached|too many open connections|max(?:imum)? connections reached|EMFILE/i, 'connection-limit'],
  [/no space left on device|ENOSPC/i, 'disk-full'],
] // prettier-ignore

/** Lines of the pods' logs that name a cause; one finding for each cause and pod. */
export function logFindings(facts: Facts): Finding[] {
  const found = new Map<string, Finding & { count: number; few: number }>()
  for (const { pod, lines } of facts.logs) {
    for (const line of lines) {
      const known = LINES.find(([pattern]) => pattern.test(line))
      if (known === undefined) continue
      const [, cause, few = 1] = known
      const key = `${cause} ${pod}`
      const earlier = found.get(key)
      if (earlier === undefined)
        found.set(key, { ...finding(cause, 'likely', `pod/${pod}`, [line]), count: 1, few })
      else {
        earlier.count += 1
        earlier.few = Math.min(earlier.few, few)
      }
    }
  }
  const told = [...found.values()].filter(({ count, few }) => count >= few)
  return told.map(({ count, few: _few, ...each }) =>
    count === 1 ? { ...each, certainty: 'possible' as const } : { ...each, evidence: [`${count} lines like this`, ...each.evidence] }) // prettier-ignore
}
