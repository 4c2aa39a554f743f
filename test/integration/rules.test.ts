import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadCommandGrammars } from '../../src/command/index.ts'
import { alertingRules, readRunbook } from '../../src/runbook/index.ts'
import type { AlertingRules } from '../../src/runbook/index.ts'

const PROMTOOL = spawnSync('promtool', ['--version']).status === 0
const PAGE = path.resolve('test/support/pages/tickets-service.md')
const SEED = path.resolve('../shared/seed/OPERATIONAL_RUNBOOKS.md')

const CPU = 'container_cpu_usage_seconds_total'
const LIMIT = 'kube_pod_container_resource_limits'
const MEMORY = 'container_memory_working_set_bytes'

/** `alert` must fire at `firing` for the series with these labels, and nowhere at `quiet`. */
interface Case {
  name: string
  alert: string
  series: [string, string][]
  firing: string
  labels: Record<string, string>
  quiet: string
}

function cases(
  names: Record<'errors' | 'memory' | 'cpu' | 'pool' | 'restarts', string>,
  service: string,
): Case[] {
  const requests = (code: string, rest: string): string =>
    `http_requests_total{namespace="n",service="${rest}",code="${code}"}`
  const pod = (name: string, more: string): string => `{namespace="n",pod="${name}",container="c"${more}}`
  const pool = (name: string, more = ''): string =>
    `{namespace="n",pod="${name}",db_client_connection_pool_name="main"${more}}`
  const waiting = 'kube_pod_container_status_waiting_reason'
  return [
    {
      name: 'twenty per cent of a few requests fire; four of a thousand do not',
      alert: names.errors, firing: '12m', quiet: '1m',
      series: [
        [requests('200', service), '0+12x80'], [requests('500', service), '0+3x80'],
        [requests('200', `${service}-other`), '0+15000x80'], [requests('500', `${service}-other`), '0+60x80'],
      ],
      labels: { namespace: 'n', service },
    },
    {
      name: 'memory of ninety per cent of the limit fires; eighty and no limit do not',
      alert: names.memory, firing: '10m', quiet: '2m45s',
      series: [
        [MEMORY + pod('hot', ''), '900x80'], [LIMIT + pod('hot', ',resource="memory",unit="byte"'), '1000x80'],
        [MEMORY + pod('warm', ''), '800x80'], [LIMIT + pod('warm', ',resource="memory",unit="byte"'), '1000x80'],
        [MEMORY + pod('free', ''), '99999x80'],
      ],
      labels: { namespace: 'n', pod: 'hot', container: 'c' },
    },
    {
      name: 'nine tenths of a processor fire; seven tenths, and of a larger limit, do not',
      alert: names.cpu, firing: '10m', quiet: '5m',
      series: [
        [CPU + pod('hot', ''), '0+13.5x80'], [LIMIT + pod('hot', ',resource="cpu",unit="core"'), '1x80'],
        [CPU + pod('warm', ''), '0+10.5x80'], [LIMIT + pod('warm', ',resource="cpu",unit="core"'), '1x80'],
        [CPU + pod('big', ''), '0+13.5x80'], [LIMIT + pod('big', ',resource="cpu",unit="core"'), '2.5x80'],
      ],
      labels: { namespace: 'n', pod: 'hot', container: 'c' },
    },
    {
      name: 'a full pool with callers waiting fires; a full pool alone does not',
      alert: names.pool, firing: '5m', quiet: '15s',
      series: [
        [`db_client_connection_count${pool('full', ',db_client_connection_state="used"')}`, '20x80'],
        [`db_client_connection_max${pool('full')}`, '20x80'],
        [`db_client_connection_pending_requests${pool('full')}`, '3x80'],
        [`db_client_connection_count${pool('busy', ',db_client_connection_state="used"')}`, '20x80'],
        [`db_client_connection_limit${pool('busy')}`, '20x80'],
        [`db_client_connection_pending_requests${pool('busy')}`, '0x80'],
      ],
      labels: { namespace: 'n', pod: 'full', db_client_connection_pool_name: 'main' },
    },
    {
      name: 'a container in and out of back-off fires; one that is being created does not',
      alert: names.restarts, firing: '6m', quiet: '45s',
      series: [
        [waiting + pod('bad', ',reason="CrashLoopBackOff"'), '_x2 1 1 stale _x4 1 1 stale _x4 1 1 stale _x4 1 1'],
        [waiting + pod('new', ',reason="ContainerCreating"'), '1x80'],
      ],
      labels: { namespace: 'n', pod: 'bad', container: 'c' },
    },
  ] // prettier-ignore
}

/** promtool compares annotations too; they are ours, so they are taken from what it found. */
function promtoolTest(rulesFile: string, each: Case): object {
  const at = (time: string, alerts: object[]): object => ({
    eval_time: time,
    alertname: each.alert,
    exp_alerts: alerts,
  })
  return {
    rule_files: [rulesFile],
    evaluation_interval: '15s',
    tests: [
      {
        name: each.name,
        interval: '15s',
        input_series: each.series.map(([series, values]) => ({ series, values })),
        alert_rule_test: [at(each.quiet, [])],
        promql_expr_test: [
          {
            eval_time: each.firing,
            expr: `count by (${Object.keys(each.labels).join(', ')}) (ALERTS{alertname="${each.alert}",alertstate="firing"})`,
            exp_samples: [{ labels: labelText(each.labels), value: 1 }],
          },
        ],
      },
    ],
  }
}

const labelText = (labels: Record<string, string>): string =>
  `{${Object.entries(labels)
    .map(([name, value]) => `${name}="${value}"`)
    .join(', ')}}`

function promtool(...args: string[]): { status: number | null; output: string } {
  const run = spawnSync('promtool', args, { encoding: 'utf8', timeout: 30_000 })
  return { status: run.status, output: run.stdout + run.stderr }
}

const read = (file: string, options = {}): AlertingRules =>
  alertingRules(
    [{ path: path.basename(file), runbook: readRunbook(readFileSync(file), { path: path.basename(file) }) }],
    options,
  )

describe.skipIf(!PROMTOOL)('the rules that pages state, under promtool', () => {
  let folder = ''
  beforeAll(async () => {
    await loadCommandGrammars()
    folder = mkdtempSync(path.join(os.tmpdir(), 'erlmcp-rules-'))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  function write(name: string, text: string): string {
    const file = path.join(folder, name)
    writeFileSync(file, text)
    return file
  }

  function prove(rules: AlertingRules, all: Case[]): void {
    const file = write('rules.yml', rules.yaml)
    expect(promtool('check', 'rules', '--lint=all', '--lint-fatal', file)).toMatchObject({ status: 0 })
    for (const each of all) {
      const result = promtool('test', 'rules', write('test.yml', JSON.stringify(promtoolTest(file, each))))
      expect(result, each.name).toMatchObject({ status: 0 })
    }
  }

  test('fire and stay silent as the triggers of a page say', () => {
    const rules = read(PAGE, { baseUrl: 'https://pages.example.org/' })
    expect(rules.alerts).toEqual([
      'TicketsPaymentsFailing',
      'Memory',
      'Processor',
      'Pool',
      'Restarts',
      'SlowAnswers',
    ])
    expect(rules.skipped.map(({ procedureId, reason }) => [procedureId, reason])).toEqual([
      ['queue', '"Error rate rises" gives no number'],
    ])
    const names = {
      errors: 'TicketsPaymentsFailing',
      memory: 'Memory',
      cpu: 'Processor',
      pool: 'Pool',
      restarts: 'Restarts',
    }
    prove(rules, cases(names, 'tickets'))
    expect(rules.yaml).toContain('runbook_url: https://pages.example.org/tickets-service.md#failing')
    expect(rules.yaml).toContain('priority: P1')
  })

  test('measure a percentile as the page names it', () => {
    const file = write('rules.yml', read(PAGE).yaml)
    const bucket = (le: string): string =>
      `http_request_duration_seconds_bucket{namespace="n",service="tickets",le="${le}"}`
    const slow: Case = {
      name: 'two per cent slower than a second are beyond the 99th percentile',
      alert: 'SlowAnswers', firing: '12m', quiet: '4m',
      series: [[bucket('0.5'), '0+98x80'], [bucket('1'), '0+98x80'], [bucket('2'), '0+100x80'], [bucket('+Inf'), '0+100x80']],
      labels: { namespace: 'n', service: 'tickets' },
    } // prettier-ignore
    expect(
      promtool('test', 'rules', write('slow.yml', JSON.stringify(promtoolTest(file, slow)))),
    ).toMatchObject({ status: 0 })
  })

  test.skipIf(!existsSync(SEED))(
    'fire and stay silent for the five alerts of the operational runbooks',
    () => {
      const rules = read(SEED)
      const names = {
      errors: 'HighErrorRate', memory: 'HighMemoryUsage', cpu: 'HighCPUUsage', pool: 'DatabaseConnectionFailures',
      restarts: 'PodCrashLoopBackOff',
    } // prettier-ignore
      expect(rules.alerts).toEqual(Object.values(names))
      prove(rules, cases(names, 'erlmcp'))
    },
  )
})
