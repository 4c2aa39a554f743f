import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { sha256 } from '../../src/base/id.ts'
import { loadCommandGrammars } from '../../src/command/index.ts'
import { createPageService, folderSources } from '../../src/runbook/sources/index.ts'
import type { PageService } from '../../src/runbook/sources/index.ts'
import { testDatabase } from '../support/database.ts'
import type { TestDatabase } from '../support/database.ts'
import { git } from '../support/git.ts'
import { silentLog } from '../support/log.ts'

let store: TestDatabase
let root: string
let number = 0

beforeAll(async () => {
  store = await testDatabase()
  await loadCommandGrammars()
})
afterAll(() => store.drop())
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'erlmcp-folder-'))
  number += 1
  return () => rmSync(root, { recursive: true, force: true })
})

const page = (title: string, command = 'kubectl get pods'): string =>
  `# ${title}\n\n## Diagnosis\n\n\`\`\`bash\n${command}\n\`\`\`\n`

const write = (name: string, content: string | Buffer): void => {
  mkdirSync(path.dirname(path.join(root, name)), { recursive: true })
  writeFileSync(path.join(root, name), content)
}

const serviceOf = (...folders: string[]): PageService =>
  createPageService({
    database: store.database,
    clock: { now: () => new Date() },
    log: silentLog,
    sources: folderSources(folders, []).map((source) => ({ ...source, name: `${source.name}-${number}` })),
    dataDir: root,
  })

const read = async (service: PageService, name = 'pages'): Promise<Record<string, string>> => {
  await service.refresh(`${name}-${number}`)
  return Object.fromEntries((await service.pages()).map((each) => [each.path, each.content.toString()]))
}

test('a folder is read as it is, and what its pages said before is kept by content', async () => {
  write('pages/pool.md', page('Pool', 'echo one'))
  const service = serviceOf(path.join(root, 'pages'))
  expect(await read(service)).toEqual({ 'pool.md': page('Pool', 'echo one') })
  write('pages/pool.md', page('Pool', 'echo two'))
  write('pages/deep/errors.md', page('Errors'))
  expect(Object.keys(await read(service))).toEqual(['deep/errors.md', 'pool.md'])
  write('pages/pool.md', page('Pool', 'echo one'))
  rmSync(path.join(root, 'pages/deep'), { recursive: true })
  expect(await read(service)).toEqual({ 'pool.md': page('Pool', 'echo one') })
  const kept = await store.database.kysely
    .selectFrom('page_revision')
    .select(['content_hash', 'commit_id'])
    .where('source', '=', `pages-${number}`)
    .where('path', '=', 'pool.md')
    .orderBy('id')
    .execute()
  expect(kept.map((row) => row.content_hash)).toEqual(
    ['echo one', 'echo two', 'echo one'].map((command) => sha256(page('Pool', command))),
  )
})

test('a page broken by an edit keeps its last good text, also for a process that starts after it', async () => {
  write('pages/pool.md', page('Pool'))
  write('pages/errors.md', page('Errors'))
  const folder = path.join(root, 'pages')
  const service = serviceOf(folder)
  await read(service)
  write('pages/pool.md', Buffer.from([0, 1, 2]))
  for (const each of [service, serviceOf(folder)]) {
    expect(await read(each)).toEqual({ 'errors.md': page('Errors'), 'pool.md': page('Pool') })
    const broken = (await each.catalogue()).filter(({ head }) => head.refused !== null)
    expect(broken).toMatchObject([{ head: { path: 'pool.md', refused: { reason: 'pool.md is not text' } } }])
  }
  write('pages/pool.md', page('Pool', 'echo mended'))
  expect((await read(service))['pool.md']).toBe(page('Pool', 'echo mended'))
  expect(await service.statuses()).toMatchObject([{ state: 'good', broken: 0 }])
})

test('a folder that is away or empty keeps its last good pages, says since when, and comes back', async () => {
  write('pages/pool.md', page('Pool'))
  const folder = path.join(root, 'pages')
  const service = serviceOf(folder)
  const good = await read(service)
  renameSync(folder, `${folder}.away`)
  for (const each of [service, serviceOf(folder)]) {
    expect(await read(each)).toEqual(good)
    expect(await each.statuses()).toMatchObject([
      { state: 'stale', reason: expect.stringContaining('cannot be read') as unknown, pages: 1 },
    ])
  }
  mkdirSync(folder)
  expect(await read(service)).toEqual(good)
  expect((await service.statuses())[0]?.reason).toContain('holds no page any more')
  rmSync(folder, { recursive: true })
  renameSync(`${folder}.away`, folder)
  expect(await read(service)).toEqual(good)
  expect(await service.statuses()).toMatchObject([{ state: 'good', reason: null, staleSince: null }])
})

test('pages in a git work tree have its commit and a link, unless they differ from it', async () => {
  write('repo/docs/pages/pool.md', page('Pool'))
  write('repo/docs/pages/errors.md', page('Errors'))
  const repo = path.join(root, 'repo')
  git(repo, ['init', '-q', '-b', 'main'])
  git(repo, ['remote', 'add', 'origin', 'git@github.com:team/docs.git'])
  git(repo, ['add', '-A'])
  git(repo, ['commit', '-q', '-m', 'pages'])
  const commit = git(repo, ['rev-parse', 'HEAD'])
  write('repo/docs/pages/errors.md', page('Errors', 'echo edited'))
  write('repo/docs/pages/new.md', page('New'))
  const service = serviceOf(path.join(repo, 'docs', 'pages'))
  await read(service)
  const pages = await service.pages()
  expect(pages.map((each) => [each.path, each.commit, each.modified, each.repositoryPath])).toEqual([
    ['errors.md', null, true, 'docs/pages/errors.md'],
    ['new.md', null, true, 'docs/pages/new.md'],
    ['pool.md', commit, false, 'docs/pages/pool.md'],
  ])
  expect(service.link(`pages-${number}`, commit, 'docs/pages/pool.md', 3)).toBe(
    `https://github.com/team/docs/blob/${commit}/docs/pages/pool.md?plain=1#L3`,
  )
})

test('nothing that the configuration of a work tree names is run', async () => {
  write('repo/pages/pool.md', page('Pool'))
  const repo = path.join(root, 'repo')
  const trap = path.join(root, 'trap')
  writeFileSync(trap, `#!/bin/sh\ntouch ${root}/sprung\n`, { mode: 0o755 })
  git(repo, ['init', '-q', '-b', 'main'])
  git(repo, ['add', '-A'])
  git(repo, ['commit', '-q', '-m', 'pages'])
  for (const key of ['core.fsmonitor', 'gpg.program', 'core.pager', 'filter.x.clean', 'diff.external']) {
    git(repo, ['config', key, trap])
  }
  git(repo, ['config', 'log.showSignature', 'true'])
  writeFileSync(path.join(repo, '.gitattributes'), '* filter=x\n')
  const service = serviceOf(path.join(repo, 'pages'))
  await read(service)
  expect((await service.pages())[0]?.commit).toBe(git(repo, ['rev-parse', 'HEAD']))
  expect(() => renameSync(path.join(root, 'sprung'), path.join(root, 'gone'))).toThrow('ENOENT')
})

test('two folders with the same page serve both, the second under the name of its source', async () => {
  write('a/pages/pool.md', page('Pool of a'))
  write('b/pages/pool.md', page('Pool of b'))
  const service = serviceOf(path.join(root, 'a', 'pages'), path.join(root, 'b', 'pages'))
  expect(await read(service)).toEqual({
    'pool.md': page('Pool of a'),
    [`pages-2-${number}/pool.md`]: page('Pool of b'),
  })
})
