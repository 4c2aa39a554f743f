/** Writes what deploy/ takes from the pages and the code. `--check` writes nothing and exits 1 when a file is old. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parse, stringify } from 'yaml'
import { loadCommandGrammars } from '../src/command/index.ts'
import { alertingRules, loadPages } from '../src/runbook/index.ts'
import { overviewDashboard } from './dashboards.ts'

const ROOT = path.resolve(import.meta.dirname, '..')
const PAGES = 'https://erlmcp.example/runbooks/'
const WRITTEN =
  '# Written by scripts/generate-deploy.ts from the triggers of runbooks/ and from own.rules.yml.\n'

/** Every generated file by its path in the repository. */
export async function deployFiles(): Promise<Record<string, string>> {
  const groups = await ruleGroups()
  return {
    'deploy/monitoring/rules.yml': `${WRITTEN}${stringify({ groups }, { lineWidth: 0 })}`,
    'deploy/monitoring/prometheusrule.yaml': `${WRITTEN}${stringify(
      {
        apiVersion: 'monitoring.coreos.com/v1',
        kind: 'PrometheusRule',
        metadata: { name: 'erlmcp', namespace: 'erlmcp', labels: { app: 'erlmcp' } },
        spec: { groups },
      },
      { lineWidth: 0 },
    )}`,
    'deploy/dashboards/erlmcp-overview.json': `${JSON.stringify(overviewDashboard(), null, 2)}\n`,
  }
}

/** The examples are for a service of this machine, not for the cluster. */
async function ruleGroups(): Promise<unknown[]> {
  await loadCommandGrammars()
  const { pages } = await loadPages(path.join(ROOT, 'runbooks'))
  const shipped = pages.filter((page) => !page.path.startsWith('examples/'))
  const { yaml } = alertingRules(shipped, { baseUrl: PAGES })
  const own = readFileSync(path.join(ROOT, 'deploy/monitoring/own.rules.yml'), 'utf8')
  return [yaml, own].flatMap((text) => (parse(text) as { groups: unknown[] }).groups)
}

if (process.argv[1] === import.meta.filename) {
  const old: string[] = []
  for (const [name, text] of Object.entries(await deployFiles())) {
    const file = path.join(ROOT, name)
    if (existsSync(file) && readFileSync(file, 'utf8') === text) continue
    old.push(name)
    if (!process.argv.includes('--check')) writeFileSync(file, text)
  }
  if (process.argv.includes('--check') && old.length > 0) {
    process.stderr.write(`not up to date: ${old.join(', ')}\n`)
    process.exitCode = 1
  }
}
