// `npm run build`: the page, from web/ into web/dist, beside it compressed, with what a first visit loads.
import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  globSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { brotliCompressSync, constants } from 'node:zlib'

const root = path.resolve(import.meta.dirname, '..')
const web = path.join(root, 'web')
const dist = path.join(web, 'dist')
const FIRST_LOAD_LIMIT = 200 * 1024

/** Over everything the build reads. */
function sourcesHash() {
  const hash = createHash('sha256')
  const files = ['web/index.html', 'web/vite.config.ts', 'web/tsconfig.json', 'package-lock.json']
  files.push(...globSync('web/{src,public}/**/*.*', { cwd: root }).toSorted())
  for (const file of files) hash.update(file).update(readFileSync(path.join(root, file)))
  return hash.digest('hex')
}

/** Builds unless what is there was made from these very sources. */
async function buildWeb({ force }) {
  const log = console.error
  const stamp = path.join(dist, '.sources')
  const hash = sourcesHash()
  if (!force && existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return
  log('erlmcp: building the page (some seconds) …')
  // beside the place it takes in the end: several builds at once do not meet, and nobody is served half of one
  const fresh = mkdtempSync(path.join(web, '.dist-'))
  chmodSync(fresh, 0o755)
  try {
    // a test runner's `test` would bring React's development build
    process.env.NODE_ENV = 'production'
    const { build } = await import('vite')
    await build({
      configFile: path.join(web, 'vite.config.ts'),
      logLevel: 'warn',
      build: { outDir: fresh },
    })
    compress(fresh)
    const bytes = firstLoad(fresh)
    log(`erlmcp: the page is built; a first visit loads ${(bytes / 1024).toFixed(0)} KB compressed`)
    if (bytes > FIRST_LOAD_LIMIT)
      throw new Error(
        `a first visit loads ${bytes} bytes, more than the ${FIRST_LOAD_LIMIT} that are allowed`,
      )
    writeFileSync(path.join(fresh, '.sources'), hash)
    rmSync(dist, { recursive: true, force: true })
    renameSync(fresh, dist)
  } finally {
    rmSync(fresh, { recursive: true, force: true })
  }
}

function compress(folder) {
  for (const file of globSync('**/*.{html,js,css,svg,webmanifest}', { cwd: folder })) {
    const body = readFileSync(path.join(folder, file))
    const packed = brotliCompressSync(body, {
      params: { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_SIZE_HINT]: body.length },
    })
    if (packed.length < body.length) writeFileSync(path.join(folder, `${file}.br`), packed)
  }
}

/** What somebody who opens an incident for the first time gets: the shell, that page, its chart, the font. */
function firstLoad(folder) {
  const manifest = JSON.parse(readFileSync(path.join(folder, '.vite', 'manifest.json'), 'utf8'))
  const files = new Set(['index.html'])
  const add = (key) => {
    const chunk = manifest[key]
    if (chunk === undefined || files.has(chunk.file)) return
    for (const file of [chunk.file, ...(chunk.css ?? []), ...(chunk.assets ?? [])]) files.add(file)
    for (const other of chunk.imports ?? []) add(other)
  }
  for (const key of ['index.html', 'src/incident/page.tsx', 'src/ui/chart.tsx']) add(key)
  return [...files].reduce((sum, file) => {
    const packed = path.join(folder, `${file}.br`)
    return sum + readFileSync(existsSync(packed) ? packed : path.join(folder, file)).length
  }, 0)
}

if (process.argv[1] === import.meta.filename) await buildWeb({ force: !process.argv.includes('--if-stale') })
