// `node scripts/run.mjs scripts/pack.mjs [FOLDER]`: the tarball of a release: what `npm pack` gives, with the versions of everything it
// needs as package-lock.json has them, so that an installation is what was tested.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { buildPackage } from './build-package.mjs'

const root = path.resolve(import.meta.dirname, '..')

/** @returns path of the tarball in `into` */
export async function pack(into) {
  const stage = mkdtempSync(path.join(tmpdir(), 'erlmcp-pack-'))
  try {
    const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
    for (const name of [...manifest.files, 'README.md', 'LICENSE']) {
      if (name === 'dist' || name.startsWith('!') || name === 'npm-shrinkwrap.json') continue
      if (!existsSync(path.join(root, name)))
        throw new Error(`${name} is missing; \`npm run build\` makes web/dist`)
      cpSync(path.join(root, name), path.join(stage, name), { recursive: true })
    }
    await buildPackage(path.join(stage, 'dist'))
    const { devDependencies: _dev, scripts: _scripts, allowScripts: _allow, ...published } = manifest
    writeJson(path.join(stage, 'package.json'), published)
    writeJson(path.join(stage, 'npm-shrinkwrap.json'), pinned(published))
    mkdirSync(into, { recursive: true })
    const args = ['pack', '--ignore-scripts', '--json', '--loglevel=error', '--pack-destination', into]
    const { status, stdout, stderr } = spawnSync('npm', args, { cwd: stage, encoding: 'utf8' })
    if (status !== 0) throw new Error(`npm pack failed: ${stderr}`)
    return path.join(into, JSON.parse(stdout)[0].filename)
  } finally {
    rmSync(stage, { recursive: true, force: true })
  }
}

/** package-lock.json without what only developers need. */
function pinned(manifest) {
  const lock = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8'))
  const kept = Object.entries(lock.packages).filter(
    ([name, { dev, devOptional }]) => name !== '' && dev !== true && devOptional !== true,
  )
  const { name, version, license, dependencies, optionalDependencies, bin, engines } = manifest
  const own = { name, version, license, dependencies, optionalDependencies, bin, engines }
  return { ...lock, packages: { '': own, ...Object.fromEntries(kept) } }
}

const writeJson = (file, value) => writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`)

if (process.argv[1] === import.meta.filename)
  process.stdout.write(`${await pack(path.resolve(process.argv[2] ?? '.'))}\n`)
