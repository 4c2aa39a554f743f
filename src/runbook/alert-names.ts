/** Alert names in titles, file names, labels and sentences. */
import { plainText } from './inline.ts'

/** CamelCase of two words or more: `HighErrorRate`, `etcdInsufficientMembers`, `CNPGClusterHACritical`. */
const NAME =
  /^(?:[A-Z][A-Za-z0-9]*[a-z0-9][A-Z][A-Za-z0-9]*|[a-z]+[a-z0-9]*(?:[A-Z][A-Za-z0-9]*)+|[A-Z]{2,}[a-z0-9]+[A-Za-z0-9]*)(?:_[A-Za-z0-9]+)*$/
const PRODUCTS =
  /^(?:PostgreSQL|MySQL|MariaDB|MongoDB|RabbitMQ|GitLab|GitHub|OpenShift|OpenStack|OpenSearch|CoreDNS|HAProxy|PgBouncer|ClickHouse|CouchDB|DynamoDB|JavaScript|TypeScript|GraphQL|NodeJS|DevOps|CloudFront|CloudWatch|ElasticSearch|LogIt|VPNs?|CLIs?|APIs?|README|FAQs?|PagerDuty|CloudSQL|BigQuery|YouTube|LinkedIn|InfluxDB|ArgoCD|ScyllaDB|VictoriaMetrics|AlertManager|KubeVirt|IOPs|IDs|URLs|SREs|SLOs|SLIs|OnCall|RunBook|ReadMe)$/

export const isAlertName = (text: string): boolean =>
  text.length <= 120 && NAME.test(text) && !PRODUCTS.test(text)

/** The alert a heading names: itself, "Alert: X", "`X`", "X alert", "[X]". */
export function alertInTitle(title: string): string | null {
  const bare = plainText(title)
    .replace(/^alert(?: name)?\s*[:–—-]\s*/i, '')
    .replace(/\s+alerts?$/i, '')
    .replace(/^\[(.*)\]$/, '$1')
    .trim()
  return isAlertName(bare) ? bare : null
}

/** The alert a file is named after: `content/KubePodCrashLooping.md`. Underscores and hyphens make it a document. */
export function alertInPath(path: string): string | null {
  const base = path.split(/[\\/]/).pop() ?? ''
  const name = base.replace(/(?:\.html)?\.(?:md|markdown|mdx)(?:\.erb)?$/i, '')
  return isAlertName(name) ? name : null
}

/** Names in a label's value: "`A`, `B`", "A and B", or list items joined by ";". */
export function alertsInLabel(value: string): string[] {
  const quoted = [...value.matchAll(/`([A-Za-z_:][\w:]*)`/g)].map((match) => match[1] ?? '')
  if (quoted.length > 0) return quoted
  return plainText(value)
    .replace(/\([^()]*\)/g, ' ')
    .split(/\s*(?:,|;|\band\b|\bor\b|\/)\s*/)
    .map((name) => name.trim())
    .filter((name) => /^[A-Za-z_:][\w:]*$/.test(name))
}

/** "The alert `X` is triggered", "`X` alert", "triggering X alerts". */
export function alertsInSentence(text: string): string[] {
  const found = [
    ...text.matchAll(/\balerts?\s+`([A-Za-z]\w*)`/gi),
    ...text.matchAll(/`([A-Za-z]\w*)`\s+alerts?\b/gi),
    ...text.matchAll(/\btrigger(?:ing|s)?\s+(?:the\s+)?([A-Za-z]\w*)\s+alerts?\b/g),
  ].map((match) => match[1] ?? '')
  return [...new Set(found.filter((name) => isAlertName(name)))]
}

/** "High Error Rate Alert" is for `HighErrorRate`, word for word. */
export function headingNames(title: string, alert: string): boolean {
  const heading = squeezed(title).replace(/alerts?$/, '')
  return heading.length >= 6 && heading === squeezed(alert).replace(/alerts?$/, '')
}

const squeezed = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]/g, '')
