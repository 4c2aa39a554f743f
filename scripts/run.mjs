// `node scripts/run.mjs FILE ARGS…`: sets up, then runs FILE under the project's Node 24, with its tools first on PATH.
import { spawn } from 'node:child_process'
import path from 'node:path'
import { setUp, setUpPage } from './setup.mjs'

const root = path.resolve(import.meta.dirname, '..')
const node = setUp()
const [file, ...args] = process.argv.slice(2)
// only what serves the page waits for it
if (['start', 'serve'].includes(args[0]) || file === 'scripts/test.mjs') setUpPage(node)
const env = {
  ...process.env,
  PATH: [path.dirname(node), path.join(root, 'node_modules', '.bin'), process.env.PATH].join(path.delimiter),
}
const child = spawn(node, [path.join(root, file), ...args], { stdio: 'inherit', env })
// the terminal sends Ctrl-C to both; the child decides how to end
process.on('SIGINT', () => undefined)
process.on('SIGTERM', () => child.kill('SIGTERM'))
child.on('exit', (code, signal) => process.exit(signal === null ? (code ?? 1) : 1))
