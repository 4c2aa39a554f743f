// `npm run check`: format, lint, types, dead code, unit and architecture tests. No database.
import { spawn } from 'node:child_process'
import path from 'node:path'

const root = path.resolve(import.meta.dirname, '..')
const bin = (name) => path.join(root, 'node_modules', '.bin', name)
const tests = [
  'unit and architecture',
  bin('vitest'),
  ['run', '--project', 'unit', '--project', 'architecture'],
]
const others = [
  ['format', bin('oxfmt'), ['--check', '.']],
  ['lint', bin('oxlint'), ['--type-aware', '--deny-warnings']],
  ['types', bin('tsc'), ['-p', '.']],
  ['types of the page', bin('tsc'), ['-p', 'web']],
  ['dead code', bin('knip'), ['--no-progress']],
]

/** Prints what a step said when it ends, whole: two run beside each other. */
const step = ([name, command, args]) =>
  new Promise((resolve) => {
    const started = Date.now()
    const said = []
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    child.stdout.on('data', (chunk) => said.push(chunk))
    child.stderr.on('data', (chunk) => said.push(chunk))
    child.on('error', (error) => said.push(Buffer.from(`${error.message}\n`)))
    child.on('close', (code) => {
      process.stdout.write(Buffer.concat(said))
      console.log(
        `${code === 0 ? 'ok    ' : 'FAILED'}  ${name}  ${((Date.now() - started) / 1000).toFixed(1)} s`,
      )
      resolve(code === 0)
    })
  })

async function inTurn(steps) {
  const results = []
  for (const each of steps) results.push(await step(each))
  return results
}

const started = Date.now()
const results = (await Promise.all([inTurn([tests]), inTurn(others)])).flat()
console.log(
  `${results.every(Boolean) ? 'ok' : 'FAILED'} after ${((Date.now() - started) / 1000).toFixed(1)} s`,
)
process.exit(results.every(Boolean) ? 0 : 1)
