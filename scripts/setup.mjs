// Runs under whatever Node the machine has (20 or newer): brings the dependencies, with Node 24 among them.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { createHash } from 'node:crypto'

const root = path.resolve(import.meta.dirname, '..')
const modules = path.join(root, 'node_modules')
const stamp = path.join(modules, '.erlmcp-setup')

/** @returns {string | null} path of the Node 24 that the `node` package brought */
export function node24() {
  const platform = process.platform === 'win32' ? 'win' : process.platform
  return (
    [
      path.join(modules, 'node', 'bin', 'node'),
      path.join(modules, `node-${platform}-${process.arch}`, 'bin', 'node'),
      path.join(modules, 'node', 'node_modules', `node-${platform}-${process.arch}`, 'bin', 'node'),
    ].find((file) => existsSync(file) && statSync(file).size > 1_000_000) ?? null
  )
}

/** Installs what package-lock.json says unless it is there. @returns {string} path of Node 24 */
export function setUp() {
  const lock = createHash('sha256')
    .update(readFileSync(path.join(root, 'package-lock.json')))
    .digest('hex')
  const known = existsSync(stamp) && readFileSync(stamp, 'utf8') === lock
  const done = (known || isInstalled()) && node24() !== null
  if (!done) {
    console.error('erlmcp: installing dependencies (once, about a minute) …')
    run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'])
    // where install scripts are blocked, the node package has not fetched its binary yet
    if (node24() === null)
      run(process.execPath, ['installArchSpecificPackage.js'], path.join(modules, 'node'))
    if (node24() === null)
      fail('Node 24 could not be installed: the npm package `node` brought no binary for this platform')
  }
  if (!known) writeFileSync(stamp, lock)
  return node24()
}

/** Whether all that package-lock.json names is there already, for example after `npm install NAME`. */
function isInstalled() {
  const hidden = path.join(modules, '.package-lock.json')
  if (!existsSync(hidden)) return false
  const wanted = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')).packages
  const found = JSON.parse(readFileSync(hidden, 'utf8')).packages
  return Object.entries(wanted).every(
    ([name, { version, optional }]) =>
      name === '' || (found[name] === undefined ? optional === true : found[name].version === version),
  )
}

/** Builds web/dist when it is missing or older than its sources; under the project's own Node. */
export function setUpPage(node) {
  run(node, [path.join(root, 'scripts', 'build-web.mjs'), '--if-stale'])
}

function run(command, args, cwd = root) {
  const result = spawnSync(command, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] })
  if (result.status !== 0)
    fail(`\`${command} ${args.join(' ')}\` failed (${result.error?.message ?? `exit ${result.status}`})`)
}

function fail(message) {
  console.error(`erlmcp: ${message}`)
  process.exit(1)
}
