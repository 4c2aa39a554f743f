import { spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parser } from '@prometheus-io/lezer-promql'
import { afterAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { deployFiles } from '../../scripts/generate-deploy.ts'
import { createMetrics } from '../../src/http/index.ts'

const has = (tool: string): boolean => spawnSync(tool, ['--version']).status === 0
const RULES = 'deploy/monitoring/rules.yml'
const folder = mkdtempSync(path.join(tmpdir(), 'erlmcp-monitoring-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Rule {
  alert: string
  expr: string
  labels?: Record<string, string>
  annotations?: Record<string, string>
}
interface Dashboard {
  uid: string
  panels: { id: number; title: string; gridPos: { x: number; y: number; w: number; h: number }; targets: { expr: string }[] }[]
} // prettier-ignore

const rules = (): Rule[] =>
  (parse(readFileSync(RULES, 'utf8')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
    (group) => group.rules,
  )
const dashboard = (): Dashboard =>
  JSON.parse(readFileSync('deploy/dashboards/erlmcp-overview.json', 'utf8')) as Dashboard
const expressions = (): { place: string; expr: string }[] => [
  ...rules().map(({ alert, expr }) => ({ place: alert, expr })),
  ...dashboard().panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ place: title, expr }))),
]
/** As Grafana puts the variables in before it asks. */
const filled = (expr: string): string =>
  expr.replaceAll('$__rate_interval', '1m').replaceAll('$namespace', 'erlmcp')

function run(tool: string, ...args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(tool, args, { encoding: 'utf8', timeout: 60_000 })
  return { status, output: stdout + stderr }
}

test('the rules and the dashboard are what the pages and the builder say', async () => {
  for (const [file, text] of Object.entries(await deployFiles()))
    expect(readFileSync(file, 'utf8'), `run \`node scripts/generate-deploy.ts\` for ${file}`).toBe(text)
})

describe('every query', () => {
  test('of rules and dashboard is PromQL', () => {
    const faults = expressions().filter(({ expr }) => hasFault(filled(expr)))
    expect(faults).toEqual([])
    expect(hasFault('sum(rate(x[1m])')).toBe(true)
  })

  test('asks erlmcp only for numbers that it has', async () => {
    const known = await ownMetrics()
    const asked = expressions().flatMap(({ place, expr }) =>
      metricNames(filled(expr))
        .filter((name) => /^(?:erlmcp|http|db_client|nodejs|process)_/.test(name))
        .map((name) => ({ place, name })),
    )
    expect(asked.length).toBeGreaterThan(20)
    expect(asked.filter(({ name }) => !known.has(name))).toEqual([])
  })
})

test('no two panels overlap, and each says what it shows', () => {
  const { uid, panels } = dashboard()
  expect(uid).toBe('erlmcp-overview')
  const cells = panels.map(({ gridPos: { x, y } }) => `${x},${y}`)
  expect(new Set(cells).size).toBe(panels.length)
  expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length)
  expect(panels.map(({ title }) => title)).toContain('Error Rate')
})

test('every alert names its severity and a page, and the page and its heading are there', () => {
  for (const { alert, labels = {}, annotations = {} } of rules()) {
    expect(labels['severity'], alert).toMatch(/^(?:critical|warning|info|none)$/)
    const link = /^https:\/\/erlmcp\.example\/(runbooks|docs)\/([^#]+)#(.+)$/.exec(
      annotations['runbook_url'] ?? '',
    )
    const [, kind, page = '', heading = ''] = link ?? []
    const text = readFileSync(path.join(kind === 'docs' ? 'docs/guide' : 'runbooks', page), 'utf8')
    const headings = [...text.matchAll(/^#+ (.+?)(?: \{#([\w-]+)\})?$/gm)].map(
      ([, title = '', id]) => id ?? title.toLowerCase().replaceAll(' ', '-'),
    )
    expect(headings, alert).toContain(heading)
  }
})

test('every alert has a case in which it fires', { skip: !has('promtool') }, () => {
  const cases = readFileSync('deploy/monitoring/rules.test.yml', 'utf8')
  // the others measure what is not erlmcp's, and have no case here
  const elsewhere = [
    'ErlmcpDatabaseDown',
    'ErlmcpHighLatency',
    'ErlmcpOomKilled',
    'ErlmcpReplicasMissing',
    'ErlmcpServiceUnreachable',
  ]
  const untried = rules()
    .map(({ alert }) => alert)
    .filter((name) => !cases.includes(`alertname="${name}"`))
  expect(untried.toSorted()).toEqual(elsewhere)
  expect(run('promtool', 'check', 'rules', '--lint=all', '--lint-fatal', RULES)).toMatchObject({ status: 0 })
  expect(run('promtool', 'test', 'rules', 'deploy/monitoring/rules.test.yml')).toMatchObject({ status: 0 })
})

test('an alert that never fires is noticed', { skip: !has('promtool') }, () => {
  const text = readFileSync(RULES, 'utf8')
  const deaf = text.replace('erlmcp_escalations_due) > 0', 'erlmcp_escalations_due) > 9')
  expect(deaf).not.toBe(text)
  writeFileSync(path.join(folder, 'rules.yml'), deaf)
  writeFileSync(path.join(folder, 'rules.test.yml'), readFileSync('deploy/monitoring/rules.test.yml', 'utf8'))
  expect(run('promtool', 'test', 'rules', path.join(folder, 'rules.test.yml'))).toMatchObject({ status: 1 })
})

test('Alertmanager takes its part of the configuration', { skip: !has('amtool') }, () => {
  expect(run('amtool', 'check-config', 'deploy/monitoring/alertmanager.yml')).toMatchObject({ status: 0 })
})

function hasFault(expr: string): boolean {
  let found = false
  parser.parse(expr).iterate({ enter: ({ type }) => void (found ||= type.isError) })
  return found
}

function metricNames(expr: string): string[] {
  const names: string[] = []
  parser.parse(expr).iterate({
    enter: ({ name, from, to, node }) => {
      if (name === 'Identifier' && node.parent?.name === 'VectorSelector') names.push(expr.slice(from, to))
    },
  })
  return names
}

/** What a process exposes, and the names of what it reads from its store at a scrape. */
async function ownMetrics(): Promise<Set<string>> {
  const metrics = createMetrics({ version: '0', maxConnections: 1, read: [] })
  const exposed = [...(await metrics.text()).matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(
    ([, name = '', type]) => (type === 'histogram' ? [name, `${name}_bucket`, `${name}_count`, `${name}_sum`] : [name]),
  ) // prettier-ignore
  const read = globSync('src/app/*.ts').flatMap((file) => {
    const text = readFileSync(file, 'utf8')
    const whole = [...text.matchAll(/name: '((?:erlmcp|db_client)_\w+)'/g)].map(([, name = '']) => name)
    return [
      ...whole,
      ...[...text.matchAll(/\bone\(\s*'(\w+)'/g)].map(([, name]) => `db_client_connection_${name}`),
    ]
  })
  return new Set([...exposed, ...read])
}
