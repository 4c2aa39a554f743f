import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadScenarios } from '../../src/rehearsal/index.ts'
import type { Proof } from '../../src/rehearsal/index.ts'
import { hasKubectl } from '../support/sandbox.ts'

/** Scenarios mostly wait for each other's times to pass: two fit on two cores. */
const JOBS = Math.max(2, Math.min(4, availableParallelism()))
const LIMIT_MS = 20 * 60_000
/**
 * Some pages, and each way in which a fault is mended; ERLMCP_REHEARSE=all plays every one that is shipped, and
 * names with commas between play those. Two more are proved elsewhere in these tests: bad-release by `npm start`,
 * service-drained on a kubeconfig's namespace.
 */
const REPRESENTATIVE = ['database-dead', 'long-query', 'network-denied']
const shipped = await loadScenarios(path.resolve('runbooks/scenarios'))
const asked = process.env['ERLMCP_REHEARSE']
const names = asked === 'all' ? shipped.map(({ name }) => name) : (asked?.split(',') ?? REPRESENTATIVE)
const scenarios = shipped.filter(({ name }) => names.includes(name))
const dataDir = mkdtempSync(path.join(tmpdir(), 'erlmcp-rehearse-'))
// the user that PostgreSQL runs as for root goes through it
chmodSync(dataDir, 0o755)
let proofs: Proof[] = []

/** The command that a person gives, with a folder of its own. */
function rehearse(names: readonly string[], jobs: number): Promise<Proof[]> {
  const child = spawn(
    process.execPath,
    ['src/main.ts', 'rehearse', ...names, '--speed', '30', '--jobs', String(jobs), '--json'],
    { env: { ...process.env, ERLMCP_DATA_DIR: dataDir }, stdio: ['ignore', 'pipe', 'inherit'] },
  )
  let out = ''
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  const timer = setTimeout(() => child.kill('SIGTERM'), LIMIT_MS - 60_000)
  return new Promise((resolve, reject) => {
    child.once('close', () => {
      clearTimeout(timer)
      try {
        resolve(JSON.parse(out) as Proof[])
      } catch {
        reject(new Error(`no proofs were printed: ${out.slice(0, 500)}`))
      }
    })
  })
}

describe.skipIf(!hasKubectl)('the shipped pages are rehearsed', () => {
  beforeAll(async () => {
    proofs = await rehearse(names, JOBS)
  }, LIMIT_MS)

  afterAll(() => rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 }))

  test.each(scenarios.map(({ name, title }) => ({ name, title })))('$name: $title', async ({ name }) => {
    let proof = proofs.find((candidate) => candidate.scenario === name)
    // alone, a second time: a slow machine is told from a page that does not help
    if (proof?.passed !== true) [proof] = await rehearse([name], 1)
    expect(proof).toMatchObject({ passed: true })
    // a proof without a command that was run would prove nothing
    expect(proof?.commands.length).toBeGreaterThan(0)
  })

  test("a team's own page and scenario, as the guide has them, are proved", async () => {
    const own = path.join(dataDir, 'own')
    const guide = readFileSync(path.resolve('docs/guide/rehearsal.md'), 'utf8')
    const blockOf = (start: RegExp): string => start.exec(guide)?.[1] ?? ''
    for (const folder of ['pages', 'scenarios']) mkdirSync(path.join(own, folder), { recursive: true })
    writeFileSync(path.join(own, 'scenarios/new-release.yaml'), blockOf(/```yaml\n(# scenarios\/new-release[\s\S]*?)\n```\n/))
    writeFileSync(path.join(own, 'pages/errors.md'), blockOf(/````markdown\n([\s\S]*?)\n````\n/))
    const folders = ['--runbooks', path.join(own, 'pages'), '--scenarios', path.join(own, 'scenarios')]
    const [proof] = await rehearse(['new-release', ...folders], 1)
    expect(proof).toMatchObject({ passed: true, page: 'errors.md', procedure: 'too-many-errors' })
  }) // prettier-ignore
})
