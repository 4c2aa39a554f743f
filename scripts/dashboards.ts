/** The Grafana dashboard `erlmcp-overview`, in the classic format that Grafana 9 to 13 load. */

interface Query {
  expr: string
  legend: string
}

interface PanelOptions {
  title: string
  description: string
  unit: string
  queries: readonly Query[]
  /** `stat` shows the newest value in large figures. Default `timeseries`. */
  type?: 'timeseries' | 'stat'
  /** Where red begins; nothing is coloured without it. */
  limit?: number
  /** The end of the scale. */
  max?: number
  links?: readonly { title: string; url: string }[]
}

const SOURCE = { type: 'prometheus', uid: '${datasource}' }
const IN = 'namespace="$namespace"'
const SERVICE = `${IN},service="erlmcp-tcps"`
const CONTAINER = `${IN},pod=~"erlmcp-tcps-.*",container="erlmcp"`
const WIDTH = 24
const page = (name: string): { title: string; url: string }[] => [
  { title: 'runbook', url: `https://erlmcp.example/runbooks/${name}` },
]

const PANELS: readonly PanelOptions[] = [
  {
    title: 'Error Rate', description: 'Share of requests that were answered 5xx. The alert is at 5 %.',
    unit: 'percentunit', limit: 0.05, links: page('high-error-rate.md'),
    queries: [{
      expr: `(sum(rate(http_requests_total{${SERVICE},code=~"5.."}[$__rate_interval])) or vector(0)) / sum(rate(http_requests_total{${SERVICE}}[$__rate_interval]))`,
      legend: 'errors' }],
  },
  {
    title: 'Requests', description: 'Answers a second, by status code.', unit: 'reqps',
    queries: [{ expr: `sum by (code) (rate(http_requests_total{${SERVICE}}[$__rate_interval]))`, legend: '{{code}}' }],
  },
  {
    title: 'Latency', description: 'Time to the end of the answer, without probes and scrapes. The alert is at 500 ms for p95.',
    unit: 's', limit: 0.5, links: page('high-latency.md'),
    queries: [0.5, 0.95, 0.99].map((quantile) => ({
      expr: `histogram_quantile(${quantile}, sum by (le) (rate(http_request_duration_seconds_bucket{${SERVICE}}[$__rate_interval])))`,
      legend: `p${quantile * 100}` })),
  },
  {
    title: 'Connections of the limit', description: 'Open connections of ERLMCP_MAX_CONNECTIONS. Past the limit requests are answered 503.',
    unit: 'percentunit', limit: 0.8, max: 1, links: page('high-error-rate.md'),
    queries: [{ expr: `erlmcp_connections_open{${IN}} / erlmcp_connections_limit{${IN}}`, legend: '{{pod}}' }],
  },
  {
    title: 'Memory of the limit', description: 'Working set of the container. The alert is at 85 %.',
    unit: 'percentunit', limit: 0.85, max: 1, links: page('high-memory.md'),
    queries: [{
      expr: `max by (pod) (container_memory_working_set_bytes{${CONTAINER}}) / on (pod) max by (pod) (kube_pod_container_resource_limits{${CONTAINER},resource="memory"})`,
      legend: '{{pod}}' }],
  },
  {
    title: 'CPU of the limit', description: 'The alert is at 80 %.', unit: 'percentunit', limit: 0.8, max: 1,
    links: page('high-cpu.md'),
    queries: [{
      expr: `sum by (pod) (rate(container_cpu_usage_seconds_total{${CONTAINER}}[$__rate_interval])) / on (pod) max by (pod) (kube_pod_container_resource_limits{${CONTAINER},resource="cpu"})`,
      legend: '{{pod}}' }],
  },
  {
    title: 'Database pool of the limit', description: 'Connections in use of ERLMCP_DB_POOL_SIZE, and callers that wait for one.',
    unit: 'percentunit', limit: 1, links: page('database-failures.md'),
    queries: [{
      expr: `sum by (pod) (db_client_connection_count{${IN},db_client_connection_state="used"}) / sum by (pod) (db_client_connection_limit{${IN}})`,
      legend: '{{pod}}' }],
  },
  {
    title: 'Callers waiting for the database', description: 'Waiting now, and the mean wait.', unit: 'short',
    links: page('database-failures.md'),
    queries: [
      { expr: `sum by (pod) (db_client_connection_pending_requests{${IN}})`, legend: '{{pod}} waiting' },
      {
        expr: `sum by (pod) (rate(db_client_connection_wait_time_seconds_total{${IN}}[$__rate_interval])) / sum by (pod) (rate(db_client_connection_acquired_total{${IN}}[$__rate_interval]))`,
        legend: '{{pod}} mean wait (s)' },
    ],
  },
  {
    title: 'Event loop', description: 'How late the 99th of 100 turns is.', unit: 's', limit: 0.5,
    queries: [{ expr: `nodejs_eventloop_lag_p99_seconds{${IN}}`, legend: '{{pod}}' }],
  },
  {
    title: 'Incidents', description: 'Not resolved, by severity. Every replica reads the same store: the maximum, not the sum.',
    unit: 'short', type: 'stat', limit: 1,
    queries: [{ expr: `sum by (severity) (max by (severity, state) (erlmcp_incidents_open{${IN}}))`, legend: '{{severity}}' }],
  },
  {
    title: 'Runs', description: 'Not ended, by state.', unit: 'short', type: 'stat',
    queries: [{ expr: `max by (state) (erlmcp_runs_open{${IN}})`, legend: '{{state}}' }],
  },
  {
    title: 'Oldest open question', description: 'How long a run has waited for a person.', unit: 's', type: 'stat', limit: 900,
    queries: [{ expr: `max(erlmcp_pending_decision_age_seconds{${IN}})`, legend: 'oldest' }],
  },
  {
    title: 'Late or undelivered', description: 'Escalations whose time has come, and messages that wait, by channel.',
    unit: 'short', limit: 1,
    queries: [
      { expr: `max(erlmcp_escalations_due{${IN}})`, legend: 'escalations due' },
      { expr: `max by (channel) (erlmcp_messages_waiting{${IN}})`, legend: '{{channel}}' },
    ],
  },
  {
    title: 'Proofs', description: 'Procedures that an alert can start, by the state of their proof.', unit: 'short', type: 'stat',
    queries: [{ expr: `max by (state) (erlmcp_procedures_by_proof{${IN}})`, legend: '{{state}}' }],
  },
] // prettier-ignore

/** As Grafana imports it: the panels in rows of three, with the variables `datasource` and `namespace`. */
export function overviewDashboard(): Record<string, unknown> {
  return {
    uid: 'erlmcp-overview',
    title: 'erlmcp-overview',
    tags: ['erlmcp'],
    schemaVersion: 39,
    editable: false,
    graphTooltip: 1,
    refresh: '30s',
    time: { from: 'now-1h', to: 'now' },
    timezone: 'utc',
    templating: { list: [sourceVariable(), namespaceVariable()] },
    annotations: { list: [] },
    links: [{ type: 'link', title: 'erlmcp', url: 'https://erlmcp.example', targetBlank: true }],
    panels: PANELS.map((options, index) => panel(options, index)),
  }
}

function panel(options: PanelOptions, index: number): Record<string, unknown> {
  const width = WIDTH / 3
  const steps = [{ color: 'green', value: null }]
  const limit = options.limit === undefined ? [] : [{ color: 'red', value: options.limit }]
  const custom =
    options.type === 'stat' || options.limit === undefined
      ? {}
      : { custom: { thresholdsStyle: { mode: 'line' } } }
  return {
    id: index + 1,
    type: options.type ?? 'timeseries',
    title: options.title,
    description: options.description,
    datasource: SOURCE,
    gridPos: { x: (index % 3) * width, y: Math.floor(index / 3) * width, w: width, h: width },
    links: options.links?.map((link) => ({ ...link, targetBlank: true })) ?? [],
    fieldConfig: {
      defaults: {
        unit: options.unit,
        min: 0,
        ...(options.max === undefined ? {} : { max: options.max }),
        color: { mode: options.type === 'stat' ? 'thresholds' : 'palette-classic' },
        thresholds: { mode: 'absolute', steps: [...steps, ...limit] },
        ...custom,
      },
      overrides: [],
    },
    options:
      options.type === 'stat'
        ? { reduceOptions: { calcs: ['lastNotNull'] }, colorMode: 'value', textMode: 'value_and_name' }
        : {
            legend: { displayMode: 'list', placement: 'bottom' },
            tooltip: { mode: 'multi', sort: 'desc' },
          },
    targets: options.queries.map(({ expr, legend }, target) => ({
      refId: String.fromCodePoint(65 + target),
      datasource: SOURCE,
      expr,
      legendFormat: legend,
      range: true,
    })),
  }
}

const sourceVariable = (): Record<string, unknown> => ({
  name: 'datasource',
  label: 'Prometheus',
  type: 'datasource',
  query: 'prometheus',
})

const namespaceVariable = (): Record<string, unknown> => ({
  name: 'namespace',
  type: 'query',
  datasource: SOURCE,
  query: { query: 'label_values(erlmcp_build_info, namespace)', refId: 'namespace' },
  definition: 'label_values(erlmcp_build_info, namespace)',
  current: { text: 'erlmcp', value: 'erlmcp' },
  refresh: 2,
})
