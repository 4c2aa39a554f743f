// `npm test`: every test. Arguments go to Vitest. Ends with the plain line that CI counts.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

const root = path.resolve(import.meta.dirname, '..')
const folder = mkdtempSync(path.join(tmpdir(), 'erlmcp-report-'))
const report = path.join(folder, 'report.json')
const vitest = path.join(root, 'node_modules', '.bin', 'vitest')
const args = [
  'run',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${report}`,
  ...process.argv.slice(2),
]
const result = spawnSync(vitest, args, { cwd: root, stdio: 'inherit' })
let passed = 0
let failed = 0
let skipped = 0
try {
  const summary = JSON.parse(readFileSync(report, 'utf8'))
  passed = summary.numPassedTests
  failed = summary.numFailedTests
  skipped = summary.numPendingTests
} catch {
  console.error('the test runner wrote no report')
}
rmSync(folder, { recursive: true, force: true })
if (result.status !== 0 && failed === 0) failed = 1
if (skipped > 0) console.log(`${skipped} skipped: something that they need is not on this machine`)
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed > 0 || passed === 0 ? 1 : 0)
