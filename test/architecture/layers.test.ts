import assert from 'node:assert/strict'
import { globSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'vitest'

/** Folders of `src/`, lowest first. A file may import its own folder or any folder listed before it. */
const LAYERS = [
  'base', 'db', 'workflow', 'kubernetes', 'access',
  'alert', 'incident', 'oncall', 'command', 'runbook', 'run', 'step', 'verification', 'communication',
  'review', 'response',
  'backup', 'diagnose', 'rollout', 'maintenance', 'rehearsal',
  'operations', 'http', 'mcp', 'cli',
] // prettier-ignore
/** An edge may import only these, beside its own folder. */
const EDGES: Record<string, readonly string[]> = {
  http: ['operations', 'access', 'base'],
  mcp: ['operations', 'access', 'base'],
  cli: ['operations', 'access', 'base', 'runbook', 'command'],
}
/** Only these files stand directly in `src/`; they wire everything. */
const ROOT_FILES = ['app.ts', 'main.ts']
/** The wiring in parts: like them it imports everything; only they import it. */
const WIRING = 'app'
const isWiring = (file: string): boolean =>
  ROOT_FILES.includes(path.relative('src', file)) || folderOf(file) === WIRING
/** A package that may be imported only in the folders named (path prefixes under `src/`). */
const FENCES: { module: RegExp; allowed: string[] }[] = [
  { module: /^pg$/, allowed: ['db/', 'workflow/', 'rehearsal/workload/'] },
  { module: /^@dbos-inc\//, allowed: ['workflow/'] },
  { module: /^fastify$|^@fastify\//, allowed: ['http/'] },
  { module: /^@modelcontextprotocol\//, allowed: ['mcp/'] },
  {
    module: /^(node:)?child_process$/,
    allowed: [
      'step/executors/',
      'rehearsal/',
      'db/embedded',
      'runbook/sources/',
      'backup/process',
      'kubernetes/',
      'cli/show.ts',
    ],
  },
  { module: /^markdown-it$|^mdast|^micromark/, allowed: ['runbook/'] },
  { module: /^unbash$/, allowed: ['command/'] },
  { module: /^libpg-query$/, allowed: ['command/'] },
]
const SPECIFIER = /(?:\bfrom|\bimport)\s*\(?\s*['"]([^'"]+)['"]/g

const sources = globSync('src/**/*.ts').filter((file) => !file.endsWith('.test.ts'))
const folderOf = (file: string): string => path.relative('src', file).split(path.sep)[0] ?? ''
const imports = (file: string): string[] =>
  [...readFileSync(file, 'utf8').matchAll(SPECIFIER)].map(([, specifier = '']) => specifier)

test('every folder of src has a place in the layer list, and only app.ts and main.ts stand outside one', () => {
  const entries = readdirSync('src', { withFileTypes: true })
  const unknown = entries.filter(
    (entry) => entry.isDirectory() && entry.name !== WIRING && !LAYERS.includes(entry.name),
  )
  assert.deepEqual(
    unknown.map((entry) => entry.name),
    [],
  )
  const files = entries.filter((entry) => entry.isFile() && !ROOT_FILES.includes(entry.name))
  assert.deepEqual(
    files.map((entry) => entry.name),
    [],
  )
})

test('every src file imports only its own layer or lower ones, and the edges not each other', () => {
  assert.ok(sources.length > 10)
  const wrong = sources
    .filter((file) => !isWiring(file))
    .flatMap((file) => {
      const folder = folderOf(file)
      return imports(file)
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => path.join(path.dirname(file), specifier))
        .filter((target) => {
          const other = folderOf(target)
          if (other === folder) return false
          const edge = EDGES[folder]
          if (edge !== undefined) return !edge.includes(other)
          return LAYERS.indexOf(other) === -1 || LAYERS.indexOf(other) > LAYERS.indexOf(folder)
        })
        .map((target) => `${file} -> ${target}`)
    })
  assert.deepEqual(wrong, [])
})

test('fenced packages are imported only where they are allowed', () => {
  const wrong = sources.flatMap((file) =>
    imports(file)
      .filter((specifier) =>
        FENCES.some(
          (fence) =>
            fence.module.test(specifier) &&
            !fence.allowed.some((prefix) => path.relative('src', file).startsWith(prefix)),
        ),
      )
      .map((specifier) => `${file} -> ${specifier}`),
  )
  assert.deepEqual(wrong, [])
})

test('process.env is read only in main.ts, and process.exit called only in main.ts and cli', () => {
  const wrong = sources.filter((file) => {
    const relative = path.relative('src', file)
    const text = readFileSync(file, 'utf8')
    const reads = /\bprocess\.env\b/.test(text) && relative !== 'main.ts'
    const exits = /\bprocess\.exit\(/.test(text) && relative !== 'main.ts' && !relative.startsWith('cli/')
    return reads || exits
  })
  assert.deepEqual(wrong, [])
})

test('between folders only index.ts, schema files and operations/catalogue.ts are imported', () => {
  const wrong = sources
    .filter((file) => !isWiring(file))
    .flatMap((file) =>
      imports(file)
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => path.relative('src', path.join(path.dirname(file), specifier)))
        .filter(
          (target) => target.split(path.sep)[0] !== folderOf(file) && folderOf(`src/${target}`) !== 'base',
        )
        .filter((target) => !/(index|schema|catalogue)\.ts$/.test(target))
        .map((target) => `${file} -> ${target}`),
    )
  assert.deepEqual(wrong, [])
})
