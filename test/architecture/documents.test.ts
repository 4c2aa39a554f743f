import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { test } from 'vitest'

test('every path that the architecture, readme and contributing pages name exists', () => {
  const missing = ['ARCHITECTURE.md', 'README.md', 'CONTRIBUTING.md', 'SECURITY.md'].flatMap((page) =>
    [
      ...readFileSync(page, 'utf8').matchAll(
        /`((?:src|test|docs|bench|scripts|runbooks|web|deploy|bin)\/[\w./-]+)`/g,
      ),
    ]
      .map(([, path = '']) => path)
      .filter((path) => !existsSync(path))
      .map((path) => `${page}: ${path}`),
  )
  assert.deepEqual(missing, [])
})

test('every folder of src is described in the architecture page', () => {
  const text = readFileSync('ARCHITECTURE.md', 'utf8')
  const folders = [
    ...new Set(globSync('src/*/').map((folder) => folder.replace(/^src\//, '').replace(/\/$/, ''))),
  ]
  assert.deepEqual(
    folders.filter((folder) => !folder.endsWith('.ts') && !text.includes(`${folder}/`)),
    [],
  )
})

test('every test that the pages on guarantees and threats name is there', () => {
  const missing = ['docs/guide/guarantees.md', 'docs/guide/threat-model.md'].flatMap((page) =>
    [...readFileSync(page, 'utf8').matchAll(/`((?:src|test)\/[\w./-]+\.test\.ts)`(?:: ([^|]+?))? \|$/gm)]
      .filter(([, file = '', title = '']) => !existsSync(file) || !readFileSync(file, 'utf8').includes(title))
      .map(([, file = '', title = '']) => `${page}: ${file}: ${title}`),
  )
  assert.deepEqual(missing, [])
})
