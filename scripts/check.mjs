// `npm run check`: format, lint, types, dead code, unit and architecture tests. No database.
import { spawnSync } from 'node:child_process'
import path from 'node:path'

const root = path.resolve(import.meta.dirname, '..')
const bin = (name) => path.join(root, 'node_modules', '.bin', name)
const steps = [
  ['format', bin('oxfmt'), ['--check', '.']],
  ['lint', bin('oxlint'), ['--type-aware', '--deny-warnings']],
  ['types', bin('tsc'), ['-p', '.']],
  ['types of the page', bin('tsc'), ['-p', 'web']],
  ['dead code', bin('knip'), ['--no-progress']],
  ['unit and architecture', bin('vitest'), ['run', '--project', 'unit', '--project', 'architecture']],
]
let failed = 0
for (const [name, command, args] of steps) {
  const started = Date.now()
  const result = spawnSync(command, args, { cwd: root, stdio: 'inherit' })
  const ok = result.status === 0
  if (!ok) failed += 1
  console.log(`${ok ? 'ok    ' : 'FAILED'}  ${String(name)}  ${((Date.now() - started) / 1000).toFixed(1)} s`)
}
process.exit(failed === 0 ? 0 : 1)
