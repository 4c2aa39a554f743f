/**
 * The signals that erlmcp knows: the words by which pages name them and the PromQL that measures them.
 * Everything else (triggers, rules, verification, charts) reads this one table.
 */
import type { Condition, Signal } from './model.ts'

export interface SignalEntry {
  /** The words of a page. The first entry that matches is taken, so special ones stand first. */
  words: RegExp
  unit: Exclude<Condition['unit'], null>
  /** For people: "error rate". */
  label: string
  /**
   * PromQL of the value, one series per thing that can be at fault. `selector` is label matchers without
   * braces, `window` a PromQL duration for rates, `quantile` counts for latency only.
   */
  value: (selector: string, window: string, quantile?: number) => string
  /** For rates: four samples at a scrape every 15 s, longer where the value is noisy. */
  window: string
  /** The `service` label can narrow it; metrics of containers have none. */
  hasService: boolean
  /** Labels that the value keeps. */
  by: string[]
  /** Rules for the alert, where the value alone would mislead. `threshold` is PromQL text. */
  alert?: (comparison: string, threshold: string, selector: string) => string
  /** When the page names the signal but gives no number: 1 of 1 for states. */
  defaultThreshold: number | null
  /** `for` when the page gives none. */
  defaultForSeconds: number
}

const braces = (...matchers: string[]): string =>
  `{${matchers.filter((matcher) => matcher !== '').join(',')}}`
const CONTAINER = 'namespace, pod, container'
const POOL = 'namespace, pod, db_client_connection_pool_name'

/**
 * A ratio of 5xx to all, never a rate of errors. Without traffic it is NaN, which fires nothing. Where no request has
 * ever failed there is no series of failures: that is a ratio of 0, not one that cannot be measured.
 */
const errorRatio = (selector: string, window: string): string => {
  const all = `sum by (namespace, service) (rate(http_requests_total${braces(selector)}[${window}]))`
  return [
    '(',
    `  sum by (namespace, service) (rate(http_requests_total${braces(selector, 'code=~"5.."')}[${window}]))`,
    '    or',
    `  ${all} * 0`,
    ')',
    '  /',
    all,
  ].join('\n')
}

/** Usage of a container against its own limit; containers without a limit have no value. */
const ofLimit = (usage: string, resource: string, unit: string, selector: string): string =>
  [
    usage,
    `  / on (${CONTAINER})`,
    `max by (${CONTAINER}) (`,
    `  kube_pod_container_resource_limits${braces(selector, `resource="${resource}"`, `unit="${unit}"`)} > 0`,
    ')',
  ].join('\n')

const poolRatio = (selector: string): string =>
  [
    `sum by (${POOL}) (`,
    `  db_client_connection_count${braces(selector, 'db_client_connection_state="used"')}`,
    ')',
    '  /',
    `max by (${POOL}) (`,
    `  ${braces('__name__=~"db_client_connection_(limit|max)"', selector)} > 0`,
    ')',
  ].join('\n')

/** A state that only shows while it lasts: containers without it count as 0, not as unknown. */
const elseZero = (selector: string): string =>
  `  max by (${CONTAINER}) (kube_pod_container_status_restarts_total${braces(selector)}) * 0`

const crashLooping = (selector: string, window: string): string =>
  [
    `max by (${CONTAINER}) (`,
    `  max_over_time(kube_pod_container_status_waiting_reason${braces(selector, 'reason="CrashLoopBackOff"')}[${window}])`,
    '    or',
    `  max_over_time(kube_pod_init_container_status_waiting_reason${braces(selector, 'reason="CrashLoopBackOff"')}[${window}])`,
    '    or',
    elseZero(selector),
    ')',
  ].join('\n')

const oomKills = (selector: string, window: string): string =>
  [
    `max by (${CONTAINER}) (`,
    `  increase(kube_pod_container_status_restarts_total${braces(selector)}[${window}])`,
    `    and on (${CONTAINER})`,
    `  kube_pod_container_status_last_terminated_reason${braces(selector, 'reason="OOMKilled"')}`,
    '    or',
    elseZero(selector),
    ')',
  ].join('\n')

/** Of a rollout that does not get on, also where the old pods still serve; else what is not available. */
const replicasMissing = (selector: string): string =>
  [
    'max by (namespace, deployment) (',
    `  kube_deployment_spec_replicas${braces(selector)} - kube_deployment_status_replicas_updated${braces(selector)} > 0`,
    '    or',
    `  kube_deployment_status_replicas_unavailable${braces(selector)}`,
    ')',
  ].join('\n')

export const SIGNAL_TABLE: Record<Signal, SignalEntry> = {
  db_pool_exhausted: {
    words:
      /\b(?:connection\s+)?pool\b.{0,40}\b(?:exhaust|full|saturat|deplet)|\bexhaust\w*\b.{0,40}\bpool\b|\bconnection pool\b/i,
    unit: 'ratio',
    label: 'database connection pool use',
    value: poolRatio,
    window: '1m',
    hasService: false,
    by: ['namespace', 'pod', 'db_client_connection_pool_name'],
    // A full pool alone is healthy; exhaustion is a full pool with callers waiting, or callers that gave up.
    alert: (_comparison, threshold, selector) =>
      [
        '(',
        indent(`${poolRatio(selector)} >= ${threshold}`, 2),
        `    and on (${POOL})`,
        `  sum by (${POOL}) (db_client_connection_pending_requests${braces(selector)}) > 0`,
        ')',
        '  or',
        `sum by (${POOL}) (increase(db_client_connection_timeouts_total${braces(selector)}[1m])) > 0`,
      ].join('\n'),
    defaultThreshold: 1,
    defaultForSeconds: 30,
  },
  crash_looping: {
    words:
      /\bcrash[- ]?loop|\bcontinuously restart|\brestart(?:s|ing)? (?:continuously|repeatedly|loop)|\brepeatedly restart|\bkeeps? (?:crashing|restarting)/i,
    unit: 'count',
    label: 'containers in CrashLoopBackOff',
    value: crashLooping,
    window: '5m',
    hasService: false,
    by: ['namespace', 'pod', 'container'],
    defaultThreshold: 1,
    defaultForSeconds: 60,
  },
  oom_kills: {
    words: /\bOOM[- ]?kill|\bkilled (?:for|out of) memory\b/i,
    unit: 'count',
    label: 'containers killed for memory',
    value: oomKills,
    window: '5m',
    hasService: false,
    by: ['namespace', 'pod', 'container'],
    defaultThreshold: 1,
    defaultForSeconds: 60,
  },
  database_down: {
    words: /\bdatabase\b.{0,20}\b(?:down|unreachable|gone|refus)/i,
    unit: 'count',
    label: 'databases that do not answer',
    // of the exporters of databases, and of services that look themselves
    value: (selector) =>
      `max by (namespace, service) (1 - ${braces('__name__=~"pg_up|mysql_up|erlmcp_db_up"', selector)})`,
    window: '1m',
    hasService: true,
    by: ['namespace', 'service'],
    defaultThreshold: 1,
    defaultForSeconds: 60,
  },
  error_rate: {
    words:
      /\berror(?:s)?[- ]?(?:rate|ratio|percentage|budget burn)|\b(?:5xx|failed|failing|failure)[- ](?:requests?|responses?|rate|ratio)|\brate of (?:errors|5xx)|\b5xx\b|\bErrorRate/i,
    unit: 'ratio',
    label: 'error rate',
    value: errorRatio,
    window: '1m',
    hasService: true,
    by: ['namespace', 'service'],
    // One failure of two requests a minute is no outage: below 0.1 requests a second nothing fires.
    alert: (comparison, threshold, selector) =>
      [
        errorRatio(selector, '1m'),
        `  ${comparison} ${threshold}`,
        'and',
        `sum by (namespace, service) (rate(http_requests_total${braces(selector)}[1m])) > 0.1`,
      ].join('\n'),
    defaultThreshold: null,
    defaultForSeconds: 60,
  },
  latency: {
    words: /\blatency\b|\bresponse[- ]times?\b|\bp(?:50|90|95|99|999)\b|\brequest duration/i,
    unit: 'seconds',
    label: 'latency',
    value: (selector, window, quantile = 0.95) =>
      [
        `histogram_quantile(${quantile}, sum by (namespace, service, le) (`,
        `  rate(http_request_duration_seconds_bucket${braces(selector)}[${window}])`,
        '))',
      ].join('\n'),
    window: '5m',
    hasService: true,
    by: ['namespace', 'service'],
    defaultThreshold: null,
    defaultForSeconds: 300,
  },
  memory_usage: {
    words: /\bmemory\b|\bheap\b|\bRAM\b|\bOOM\b/i,
    unit: 'ratio',
    label: 'memory use of the limit',
    value: (selector) =>
      ofLimit(
        [
          `max by (${CONTAINER}) (`,
          `  container_memory_working_set_bytes${braces(selector, 'container!=""', 'container!="POD"')}`,
          ')',
        ].join('\n'),
        'memory',
        'byte',
        selector,
      ),
    window: '1m',
    hasService: false,
    by: ['namespace', 'pod', 'container'],
    defaultThreshold: null,
    defaultForSeconds: 180,
  },
  cpu_usage: {
    words: /\bCPU\b|\bprocessor (?:load|use|usage)/i,
    unit: 'ratio',
    label: 'CPU use of the limit',
    value: (selector, window) =>
      ofLimit(
        [
          `sum by (${CONTAINER}) (`,
          `  rate(container_cpu_usage_seconds_total${braces(selector, 'container!=""', 'container!="POD"')}[${window}])`,
          ')',
        ].join('\n'),
        'cpu',
        'core',
        selector,
      ),
    window: '2m',
    hasService: false,
    by: ['namespace', 'pod', 'container'],
    defaultThreshold: null,
    defaultForSeconds: 300,
  },
  replicas_missing: {
    words:
      /\breplicas? (?:are |is )?(?:missing|unavailable)\b|\bmissing replicas?\b|\brollout (?:is )?stuck\b/i,
    unit: 'count',
    label: 'replicas that are missing',
    value: replicasMissing,
    window: '1m',
    hasService: false,
    by: ['namespace', 'deployment'],
    defaultThreshold: 1,
    defaultForSeconds: 300,
  },
  probe_failing: {
    words: /\bprobes? (?:fail(?:s|ing|ed)?|failures?)\b|\bfailing probes?\b|\bservice (?:is )?unreachable\b/i,
    unit: 'count',
    label: 'failing probe of the service',
    value: (selector) => `1 - min by (namespace, service, instance) (probe_success${braces(selector)})`,
    window: '1m',
    hasService: false,
    by: ['namespace', 'service', 'instance'],
    defaultThreshold: 1,
    defaultForSeconds: 60,
  },
  disk_usage: {
    words: /\b(?:disk|file ?system|volume|storage|PVC?|persistent volume)\b/i,
    unit: 'ratio',
    label: 'disk use',
    value: (selector) =>
      [
        `max by (namespace, persistentvolumeclaim) (kubelet_volume_stats_used_bytes${braces(selector)})`,
        '  /',
        `max by (namespace, persistentvolumeclaim) (kubelet_volume_stats_capacity_bytes${braces(selector)} > 0)`,
      ].join('\n'),
    window: '1m',
    hasService: false,
    by: ['namespace', 'persistentvolumeclaim'],
    defaultThreshold: null,
    defaultForSeconds: 300,
  },
}

/** The signal that a text names; `null` when its words name none. */
export function signalOf(text: string): Signal | null {
  for (const [signal, entry] of Object.entries(SIGNAL_TABLE)) {
    if (entry.words.test(text)) return signal as Signal
  }
  return null
}

function indent(text: string, width: number): string {
  return text.replace(/^/gm, ' '.repeat(width))
}
