import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadPages } from './load.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'erlmcp-pages-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const put = (name: string, text: string | Uint8Array): string => {
  const file = path.join(folder, name)
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, text)
  return file
}

test('pages are found in sub-folders, other files and dependencies are not', async () => {
  put('a.md', '## A\n\n1. x\n')
  put('deep/er/b.html.md.erb', '## B\n\n1. x\n')
  put('c.txt', 'x')
  put('node_modules/d.md', '# D')
  const { pages, findings } = await loadPages(folder)
  expect(pages.map((page) => [page.path, page.runbook.procedures.map((each) => each.id)])).toEqual([
    ['a.md', ['a']],
    ['deep/er/b.html.md.erb', ['b']],
  ])
  expect(findings).toEqual([])
})

test('a loop of symbolic links is reported and left', async () => {
  put('a/b/page.md', '# P')
  symlinkSync('..', path.join(folder, 'a/b/up'))
  const { pages, findings } = await loadPages(folder)
  expect(pages.map((page) => page.path)).toEqual(['a/b/page.md'])
  expect(findings).toMatchObject([{ path: 'a/b/up', code: 'loop' }])
})

test('a folder that is linked twice is read once', async () => {
  put('real/page.md', '# P')
  symlinkSync('real', path.join(folder, 'alias'))
  expect((await loadPages(folder)).pages).toHaveLength(1)
})

test('what cannot be read is said, and the rest is read', async () => {
  put('good.md', '# G')
  put('binary.md', new Uint8Array([0, 1, 2]))
  put('huge.md', 'a'.repeat(2_000_000))
  symlinkSync('nowhere.md', path.join(folder, 'dead.md'))
  const { pages, findings } = await loadPages(folder)
  expect(pages.map((page) => page.path)).toEqual(['good.md'])
  expect(Object.fromEntries(findings.map((each) => [each.path, each.code]))).toEqual({
    'binary.md': 'not_text', 'dead.md': 'broken_link', 'huge.md': 'too_large',
  }) // prettier-ignore
})

test.skipIf(process.getuid?.() === 0)('a page without permission is a finding', async () => {
  chmodSync(put('secret.md', '# S'), 0)
  expect((await loadPages(folder)).findings).toMatchObject([{ path: 'secret.md', code: 'unreadable' }])
})

test('one file is one page', async () => {
  expect((await loadPages(put('x/one.md', '# One'))).pages.map((page) => page.path)).toEqual(['one.md'])
})

test('a path that does not exist is refused with a code', async () => {
  await expect(loadPages(path.join(folder, 'none'))).rejects.toMatchObject({ code: 'not_found' })
})
