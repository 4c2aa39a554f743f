// Makes dist/ from src/: the same files as plain JavaScript, for an installation below node_modules, where Node takes no types.
import { globSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { stripTypeScriptTypes } from 'node:module'
import path from 'node:path'

const root = path.resolve(import.meta.dirname, '..')
/** `from './x.ts'` and `import('./x.ts')`, at a place where only code can stand. */
const SPECIFIER = /(\bfrom\s*|\bimport\(\s*|^import\s+)(['"])(\.{1,2}\/[^'"\n]+)\.ts\2/gm
const JSON_IMPORT = /\bfrom\s*['"](\.{1,2}\/[^'"\n]+\.json)['"]/g

/** Compiles into `dist`, beside its place first, so that nobody runs half of it. */
export async function buildPackage(dist = path.join(root, 'dist')) {
  const fresh = await mkdtemp(`${dist}-`)
  try {
    const files = globSync('**/*', { cwd: path.join(root, 'src'), withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.endsWith('.test.ts'))
      .map((entry) => path.relative(path.join(root, 'src'), path.join(entry.parentPath, entry.name)))
    const used = new Set()
    for (const file of files.filter((each) => each.endsWith('.ts'))) {
      const source = await readFile(path.join(root, 'src', file), 'utf8')
      for (const [, name] of source.matchAll(JSON_IMPORT)) used.add(path.join(path.dirname(file), name))
      await put(fresh, `${file.slice(0, -3)}.js`, compile(source))
    }
    for (const file of files.filter((each) => !each.endsWith('.ts')))
      if (!file.endsWith('.json') || used.has(file)) await copy(fresh, file)
    await rm(dist, { recursive: true, force: true })
    await rename(fresh, dist)
  } finally {
    await rm(fresh, { recursive: true, force: true })
  }
}

/** Types become blanks, so that line and column of a fault are those of the source. */
const compile = (source) =>
  stripTypeScriptTypes(source)
    .replaceAll(SPECIFIER, '$1$2$3.js$2')
    .replaceAll(/[ \t]+$/gm, '')

async function put(folder, file, text) {
  await mkdir(path.dirname(path.join(folder, file)), { recursive: true })
  await writeFile(path.join(folder, file), text)
}

async function copy(folder, file) {
  await mkdir(path.dirname(path.join(folder, file)), { recursive: true })
  await cp(path.join(root, 'src', file), path.join(folder, file))
}

if (process.argv[1] === import.meta.filename) await buildPackage()
