import { createHmac, randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { GitSourceConfig } from '../../src/base/config-sources.ts'
import { AppError } from '../../src/base/error.ts'
import { sha256 } from '../../src/base/id.ts'
import { loadCommandGrammars } from '../../src/command/index.ts'
import { withTransaction } from '../../src/db/index.ts'
import { createServer } from '../../src/http/index.ts'
import { declareIncident } from '../../src/incident/index.ts'
import { invoke } from '../../src/operations/index.ts'
import type { OperationName } from '../../src/operations/index.ts'
import { planProcedure, startRun } from '../../src/run/index.ts'
import { createPageService } from '../../src/runbook/sources/index.ts'
import type { PageService } from '../../src/runbook/sources/index.ts'
import { testDatabase } from '../support/database.ts'
import type { TestDatabase } from '../support/database.ts'
import { git, serveGit, testRepository } from '../support/git.ts'
import type { TestRepository } from '../support/git.ts'
import { memoryLog, silentLog } from '../support/log.ts'

const page = (alert: string, command = 'kubectl get pods'): string =>
  `# ${alert}\n\n**Alert:** ${alert}\n**Owner:** team-orders\n\n## Diagnosis\n\n\`\`\`bash\n${command}\n\`\`\`\n`

let store: TestDatabase
let repository: TestRepository
let dataDir: string
let number = 0
const services: PageService[] = []

beforeAll(async () => {
  store = await testDatabase()
  await loadCommandGrammars()
})
afterAll(async () => {
  for (const service of services) await service.stop()
  await store.drop()
})
beforeEach(() => {
  repository = testRepository()
  dataDir = mkdtempSync(path.join(tmpdir(), 'erlmcp-data-'))
  number += 1
  return () => {
    repository.remove()
    rmSync(dataDir, { recursive: true, force: true })
  }
})

const gitSource = (over: Partial<GitSourceConfig> = {}): GitSourceConfig => ({
  name: `source-${number}`,
  kind: 'git',
  url: repository.url,
  branch: 'main',
  path: 'runbooks',
  pollSeconds: 60,
  depth: 50,
  timeoutSeconds: 60,
  maxMegabytes: 200,
  tokenFile: null,
  keyFile: null,
  knownHostsFile: null,
  caFile: null,
  proxy: null,
  webhookSecretFile: null,
  forge: null,
  webUrl: 'https://github.com/team/orders',
  ...over,
})

function serviceOf(source: GitSourceConfig, log = silentLog): PageService {
  const service = createPageService({
    database: store.database,
    clock: { now: () => new Date() },
    log,
    sources: [source],
    dataDir,
  })
  services.push(service)
  return service
}

const call = async (
  service: PageService,
  name: OperationName,
  input: object,
): Promise<Record<string, unknown>> => {
  const deps = {
    database: store.database,
    engine: { send: async () => undefined, start: async () => undefined },
    clock: { now: () => new Date() },
    approvalTtlMs: 60_000,
    pages: service,
  }
  const actor = { id: 'person:lead', kind: 'person', role: 'lead' } as const
  return (await invoke(deps, actor, name, input)) as Record<string, unknown>
}

const titles = async (service: PageService): Promise<string[]> =>
  (await service.pages()).map((each) => `${each.path}: ${each.runbook.title}`)

describe('a branch of a repository', () => {
  test('gives the pages of its folder, each with its commit, text and procedures', async () => {
    repository.write('runbooks/errors.md', page('HighErrorRate'))
    repository.write('runbooks/deep/pool.md', page('PoolExhausted'))
    repository.write('README.md', '# not a runbook')
    repository.write('runbooks/logo.png', Buffer.from([0, 1, 2]))
    const first = repository.commit('two pages')
    repository.write('runbooks/errors.md', page('HighErrorRate', 'kubectl get events'))
    const second = repository.commit('look at events')
    const service = serviceOf(gitSource())
    const status = await service.refresh(`source-${number}`)
    expect(status).toMatchObject({ state: 'good', commit: second, pages: 2, broken: 0 })
    const pages = await service.pages()
    expect(pages.map(({ path: at, commit }) => ({ at, commit }))).toEqual([
      { at: 'deep/pool.md', commit: first },
      { at: 'errors.md', commit: second },
    ])
    const text = page('HighErrorRate', 'kubectl get events')
    expect(pages[1]).toMatchObject({ contentHash: sha256(text), repositoryPath: 'runbooks/errors.md' })
    expect(pages[1]?.content.toString()).toBe(text)
    expect(pages[1]?.runbook.procedures[0]?.alertNames).toEqual(['HighErrorRate'])
  })

  test('brings in a new commit, and keeps what each commit of the branch said', async () => {
    repository.write('runbooks/errors.md', page('HighErrorRate', 'echo one'))
    const first = repository.commit('one')
    const service = serviceOf(gitSource())
    await service.refresh(`source-${number}`)
    repository.write('runbooks/errors.md', page('HighErrorRate', 'echo two'))
    repository.commit('two')
    repository.write('runbooks/errors.md', page('HighErrorRate', 'echo three'))
    const third = repository.commit('three')
    await service.refresh(`source-${number}`)
    expect((await service.pages())[0]?.commit).toBe(third)
    const history = await call(service, 'page.history', { path: 'errors.md' })
    expect(history['revisions']).toMatchObject([
      { subject: 'three', author: 'Ada', current: true, commit: third },
      { subject: 'two', current: false },
      // nothing is known of the one before the oldest commit that was read
      { commit: first, current: false },
    ])
    const old = await call(service, 'page.show', { path: 'errors.md', revision: first.slice(0, 10) })
    expect(old['content']).toContain('echo one')
    const { diff } = await call(service, 'page.diff', { path: 'errors.md' })
    expect(diff).toContain('-echo two\n+echo three')
    const whole = await call(service, 'page.diff', { path: 'errors.md', from: first, to: third })
    expect(whole['diff']).toContain('-echo one\n+echo three')
    expect(await call(service, 'page.list', {})).toMatchObject({
      pages: [
        {
          state: 'good',
          owner: 'team-orders',
          alerts: ['HighErrorRate'],
          link: `https://github.com/team/orders/blob/${third}/runbooks/errors.md`,
        },
      ],
    })
  })

  test('does not fetch again while its commit stays', async () => {
    repository.write('runbooks/errors.md', page('HighErrorRate'))
    repository.commit('one')
    const { log, lines } = memoryLog()
    const service = serviceOf(gitSource(), log)
    await service.refresh(`source-${number}`)
    await service.refresh(`source-${number}`)
    expect(lines.filter((line) => line.message === 'pages were brought in')).toHaveLength(1)
  })

  test('is followed over a force push that rewrites everything', async () => {
    repository.write('runbooks/errors.md', page('HighErrorRate', 'echo one'))
    const first = repository.commit('one')
    const service = serviceOf(gitSource())
    await service.refresh(`source-${number}`)
    git(repository.work, ['checkout', '-q', '--orphan', 'again'])
    repository.write('runbooks/errors.md', page('HighErrorRate', 'echo rewritten'))
    const second = repository.commit('rewritten', { force: true })
    git(repository.bare, ['reflog', 'expire', '--expire=now', '--all'])
    git(repository.bare, ['gc', '-q', '--prune=now'])
    expect(await service.refresh(`source-${number}`)).toMatchObject({ state: 'good', commit: second })
    expect((await service.pages())[0]?.content.toString()).toContain('echo rewritten')
    const old = await call(service, 'page.show', { path: 'errors.md', revision: first })
    expect(old['content']).toContain('echo one')
  })

  test('that is gone keeps its last good pages, says since when, and comes back', async () => {
    repository.write('runbooks/errors.md', page('HighErrorRate'))
    repository.commit('one')
    const service = serviceOf(gitSource())
    await service.refresh(`source-${number}`)
    git(repository.bare, ['update-ref', '-d', 'refs/heads/main'])
    const gone = await service.refresh(`source-${number}`)
    expect(gone).toMatchObject({ state: 'stale', reason: 'the repository has no branch main', pages: 1 })
    expect(gone.staleSince).toBeInstanceOf(Date)
    expect(await call(service, 'page.list', {})).toMatchObject({
      pages: [{ path: 'errors.md', state: 'stale', reason: 'the repository has no branch main' }],
    })
    repository.commit('back')
    expect(await service.refresh(`source-${number}`)).toMatchObject({
      state: 'good',
      reason: null,
      staleSince: null,
    })
  })

  test('whose folder is gone, or holds no page any more, keeps its last good pages', async () => {
    repository.write('runbooks/errors.md', page('HighErrorRate'))
    repository.commit('one')
    const service = serviceOf(gitSource())
    await service.refresh(`source-${number}`)
    git(repository.work, ['mv', 'runbooks', 'elsewhere'])
    repository.commit('moved')
    expect(await service.refresh(`source-${number}`)).toMatchObject({
      state: 'stale',
      reason: 'the branch has no folder "runbooks"',
    })
    repository.write('runbooks/keep.txt', 'nothing')
    repository.commit('empty')
    const empty = await service.refresh(`source-${number}`)
    expect(empty.reason).toContain('holds no page any more')
    expect(await titles(service)).toEqual(['errors.md: HighErrorRate'])
  })
})

describe('a revision that is no good', () => {
  test.each([
    ['binary', Buffer.from([0x23, 0x20, 0x41, 0, 1, 2, 3]), 'not text'],
    ['too large', Buffer.alloc(2 * 1_048_576 + 1, 'a'), 'a page may have'],
    ['without its procedures', Buffer.from('See the wiki.\n'), 'no procedure any more'],
  ])(
    'that is %s never replaces the last good one, and the catalogue says so',
    async (_kind, content, reason) => {
      repository.write('runbooks/errors.md', page('HighErrorRate'))
      repository.write('runbooks/pool.md', page('PoolExhausted', 'echo one'))
      const good = repository.commit('good')
      const service = serviceOf(gitSource())
      await service.refresh(`source-${number}`)
      repository.write('runbooks/errors.md', content)
      repository.write('runbooks/pool.md', page('PoolExhausted', 'echo two'))
      const broken = repository.commit('broken')
      expect(await service.refresh(`source-${number}`)).toMatchObject({ state: 'good', pages: 2, broken: 1 })
      const listed = await call(service, 'page.list', { state: 'broken' })
      expect(listed['pages']).toMatchObject([
        {
          path: 'errors.md',
          commit: good,
          reason: expect.stringContaining(reason) as unknown,
          refused: { commit: broken },
        },
      ])
      const pages = await service.pages()
      expect(pages.map((each) => each.content.toString())).toEqual([
        page('HighErrorRate'),
        page('PoolExhausted', 'echo two'),
      ])
      repository.write('runbooks/errors.md', page('HighErrorRate', 'echo mended'))
      repository.commit('mended')
      expect(await service.refresh(`source-${number}`)).toMatchObject({ broken: 0 })
      expect((await service.pages())[0]?.content.toString()).toContain('echo mended')
    },
  )

  test('stays refused after a restart, and one that was never good is listed without being served', async () => {
    repository.write('runbooks/errors.md', Buffer.from([0, 1, 2]))
    repository.write('runbooks/pool.md', page('PoolExhausted'))
    repository.commit('first')
    await serviceOf(gitSource()).refresh(`source-${number}`)
    rmSync(path.join(dataDir, 'sources'), { recursive: true })
    renameSync(repository.bare, `${repository.bare}.away`)
    const again = serviceOf(gitSource())
    expect(await titles(again)).toEqual(['pool.md: PoolExhausted'])
    const { pages } = await call(again, 'page.list', { state: 'broken' })
    expect(pages).toMatchObject([{ path: 'errors.md', commit: null, procedures: [] }])
  })
})

describe('a repository that is away', () => {
  test('leaves the last good pages in place, also for a process that never reached it, and comes back', async () => {
    repository.write('runbooks/errors.md', page('HighErrorRate'))
    repository.commit('one')
    await serviceOf(gitSource()).refresh(`source-${number}`)
    renameSync(repository.bare, `${repository.bare}.away`)
    rmSync(path.join(dataDir, 'sources'), { recursive: true })
    const other = serviceOf(gitSource())
    const first = await other.refresh(`source-${number}`)
    expect(first.state).toBe('stale')
    expect(await titles(other)).toEqual(['errors.md: HighErrorRate'])
    const second = await other.refresh(`source-${number}`)
    expect(second.staleSince).toEqual(first.staleSince)
    renameSync(`${repository.bare}.away`, repository.bare)
    expect(await other.refresh(`source-${number}`)).toMatchObject({ state: 'good', reason: null })
  })

  test('is fetched anew when its copy here is damaged', async () => {
    repository.write('runbooks/errors.md', page('HighErrorRate', 'echo one'))
    repository.commit('one')
    const service = serviceOf(gitSource())
    await service.refresh(`source-${number}`)
    const clone = path.join(dataDir, 'sources', `source-${number}.git`)
    rmSync(path.join(clone, 'objects', 'pack'), { recursive: true })
    writeFileSync(path.join(clone, 'shallow.lock'), '')
    repository.write('runbooks/errors.md', page('HighErrorRate', 'echo two'))
    const second = repository.commit('two')
    expect(await service.refresh(`source-${number}`)).toMatchObject({ state: 'good', commit: second })
  })

  test('with large files is not copied: only what the pages need comes here', async () => {
    repository.write('video.bin', randomBytes(3 * 1_048_576))
    repository.write('runbooks/errors.md', page('HighErrorRate'))
    repository.commit('one')
    const service = serviceOf(gitSource({ maxMegabytes: 1 }))
    expect(await service.refresh(`source-${number}`)).toMatchObject({ state: 'good', pages: 1 })
  })

  test('that is larger than it may be is given up, with nothing left on disk', async () => {
    git(repository.bare, ['config', 'uploadpack.allowFilter', 'false'])
    repository.write('video.bin', randomBytes(3 * 1_048_576))
    repository.write('runbooks/errors.md', page('HighErrorRate'))
    repository.commit('one')
    const service = serviceOf(gitSource({ maxMegabytes: 1 }))
    const status = await service.refresh(`source-${number}`)
    expect(status).toMatchObject({ state: 'stale', reason: expect.stringContaining('MB on disk') as unknown })
    expect(existsSync(path.join(dataDir, 'sources', `source-${number}.git`))).toBe(false)
  })
})

describe('a hostile repository', () => {
  test('writes no file by its names or links, and its symbolic links are not followed', async () => {
    const blob = git(repository.work, ['hash-object', '-w', '--stdin'], page('Evil'))
    const entries = ['../escape.md', '.git/hooks.md', 'a\\b.md', 'line\nbreak.md', 'right\u202eleft.md']
    const tree = git(
      repository.work,
      ['mktree', '-z'],
      entries
        .filter((name) => !name.includes('/'))
        .map((name) => `100644 blob ${blob}\t${name}\0`)
        .join(''),
    )
    const dotdot = git(repository.work, ['mktree', '-z'], `100644 blob ${blob}\tescape.md\0`)
    const hostile = git(
      repository.work,
      ['mktree', '-z'],
      [`${dotdot}\t..`, `${dotdot}\t.git`, `${tree}\tnames`]
        .map((entry) => `040000 tree ${entry}\0`)
        .join(''),
    )
    repository.write('runbooks/good.md', page('Good'))
    repository.link('runbooks/passwd.md', '/etc/passwd')
    repository.link('runbooks/up', '../../../..')
    git(repository.work, ['add', '-A'])
    git(repository.work, ['read-tree', '--prefix=runbooks/odd/', tree])
    const built = git(repository.work, ['write-tree'])
    const runbooks = git(repository.work, ['rev-parse', `${built}:runbooks`])
    const listing = `${git(repository.work, ['ls-tree', '-z', runbooks])}040000 tree ${hostile}\thostile\0`
    const folder = git(repository.work, ['mktree', '-z'], listing)
    const root = git(repository.work, ['mktree', '-z'], `040000 tree ${folder}\trunbooks\0`)
    const commit = git(repository.work, ['commit-tree', root, '-m', 'hostile'])
    git(repository.work, ['push', '-q', 'origin', `${commit}:refs/heads/main`])

    const service = serviceOf(gitSource())
    const status = await service.refresh(`source-${number}`)
    expect(status).toMatchObject({ state: 'good', commit })
    expect(await titles(service)).toEqual(['good.md: Good'])
    expect(status.findings.map((finding) => finding.path)).toEqual(
      expect.arrayContaining(['passwd.md', 'odd/a\\b.md', 'odd/line\nbreak.md']),
    )
    expect(statSync(path.join(dataDir, 'sources')).isDirectory()).toBe(true)
    expect(existsSync(path.join(dataDir, 'sources', 'escape.md'))).toBe(false)
    expect(existsSync(path.join(dataDir, 'escape.md'))).toBe(false)
  })

  test.each([
    ['ext::sh -c "touch /tmp/pwned"', 'none of'],
    ['--upload-pack=touch /tmp/pwned', 'none of'],
    ['ssh://-oProxyCommand=touch/x', 'hyphen'],
    ['https://user:secret@example.org/x.git', 'credentials'],
    ['http://example.org/x.git', 'this machine'],
  ])('is not even reached by the address %s', (url, reason) => {
    expect(() => serviceOf(gitSource({ url }))).toThrow(reason)
  })
})

describe('a repository over HTTP', () => {
  test('is read with a token from a file, which may change while this runs', async () => {
    repository.write('runbooks/errors.md', page('HighErrorRate'))
    repository.commit('one')
    const expected = `Basic ${Buffer.from('x-access-token:s3cret').toString('base64')}`
    const server = await serveGit(repository.root, expected)
    try {
      const tokenFile = path.join(dataDir, 'token')
      writeFileSync(tokenFile, 'wrong\n')
      const service = serviceOf(gitSource({ url: `${server.url}/origin.git`, tokenFile }))
      const refused = await service.refresh(`source-${number}`)
      expect(refused).toMatchObject({ state: 'stale', commit: null })
      expect(refused.reason).toMatch(
        /Authentication failed|could not read Username|terminal prompts disabled/,
      )
      writeFileSync(tokenFile, 's3cret\n')
      expect(await service.refresh(`source-${number}`)).toMatchObject({ state: 'good', pages: 1 })
      expect(await titles(service)).toEqual(['errors.md: HighErrorRate'])
    } finally {
      await server.close()
    }
  })
})

test('a server that leaves contents out but does not give them one by one is asked for all', async () => {
  repository.write('runbooks/errors.md', page('HighErrorRate', 'echo one'))
  repository.commit('one')
  const server = await serveGit(repository.root, null, true)
  try {
    const service = serviceOf(gitSource({ url: `${server.url}/origin.git` }))
    expect(await service.refresh(`source-${number}`)).toMatchObject({ state: 'good', pages: 1 })
    repository.write('runbooks/errors.md', page('HighErrorRate', 'echo two'))
    const second = repository.commit('two')
    expect(await service.refresh(`source-${number}`)).toMatchObject({ state: 'good', commit: second })
    expect((await service.pages())[0]?.content.toString()).toContain('echo two')
  } finally {
    await server.close()
  }
})

test('a run stays on the commit and text that it began with, and links to their line', async () => {
  repository.write('runbooks/errors.md', page('HighErrorRate', 'echo one'))
  const first = repository.commit('one')
  const service = serviceOf(gitSource())
  await service.refresh(`source-${number}`)
  const [found] = await service.pages()
  const procedure = found?.runbook.procedures[0]
  if (found === undefined || procedure === undefined) throw new Error('no page')
  const plan = planProcedure(procedure, { target: { kind: 'host', host: 'here' }, values: new Map() })
  const at = new Date()
  const runId = await withTransaction(store.database, async (trx) => {
    const { incidentId } = await declareIncident(trx, at, {
      source: 'test',
      groupKey: `group-${number}`,
      title: 'errors',
      severity: 'P2',
      service: null,
      alertName: 'HighErrorRate',
      labels: {},
      annotations: {},
    })
    return startRun(trx, at, incidentId, found, plan, 'alert-name')
  })
  repository.write('runbooks/errors.md', `# Another page\n\n${page('HighErrorRate', 'echo two')}`)
  repository.commit('two')
  await service.refresh(`source-${number}`)
  const run = await call(service, 'run.show', { id: runId })
  const link = `https://github.com/team/orders/blob/${first}/runbooks/errors.md?plain=1#L${procedure.line}`
  expect(run['page']).toMatchObject({ commit: first, contentHash: found.contentHash, link })
  const kept = await call(service, 'page.show', { path: 'errors.md', revision: found.contentHash })
  expect(kept['content']).toBe(page('HighErrorRate', 'echo one'))
})

test('a page that is gone from its branch is not served, and keeps its history', async () => {
  repository.write('runbooks/errors.md', page('HighErrorRate', 'echo one'))
  repository.write('runbooks/pool.md', page('PoolExhausted'))
  const first = repository.commit('one')
  const service = serviceOf(gitSource())
  await service.refresh(`source-${number}`)
  git(repository.work, ['rm', '-q', 'runbooks/errors.md'])
  const second = repository.commit('two')
  expect(await service.refresh(`source-${number}`)).toMatchObject({ state: 'good', pages: 1 })
  expect(await titles(service)).toEqual(['pool.md: PoolExhausted'])
  const gone = { path: 'errors.md', source: `source-${number}` }
  expect((await call(service, 'page.history', gone))['revisions']).toMatchObject([
    { commit: second, removed: true },
    { commit: first, removed: false },
  ])
  expect((await call(service, 'page.diff', gone))['diff']).toContain('-echo one')
})

describe('two processes', () => {
  test('share the polling: what one brings in, the other serves', async () => {
    repository.write('runbooks/errors.md', page('HighErrorRate', 'echo one'))
    repository.commit('one')
    const one = serviceOf(gitSource())
    const other = serviceOf(gitSource())
    await one.refresh(`source-${number}`)
    expect(await titles(other)).toEqual(['errors.md: HighErrorRate'])
    repository.write('runbooks/errors.md', page('HighErrorRate', 'echo two'))
    const second = repository.commit('two')
    await one.refresh(`source-${number}`)
    await expect.poll(async () => (await other.pages())[0]?.commit, { timeout: 10_000 }).toBe(second)
  })
})

describe('the webhook of a forge', () => {
  const SECRET = 'between us'
  const body = JSON.stringify({ ref: 'refs/heads/main' })
  const sign = (text: string): string => createHmac('sha256', SECRET).update(text).digest('hex')

  const withServer = async (
    over: Partial<GitSourceConfig>,
    use: (
      post: (
        source: string,
        headers: Record<string, string>,
        payload: string,
      ) => Promise<{ status: number; body: unknown }>,
      service: PageService,
    ) => Promise<void>,
  ): Promise<void> => {
    const webhookSecretFile = path.join(dataDir, 'hook')
    writeFileSync(webhookSecretFile, `${SECRET}\n`)
    const service = serviceOf(gitSource({ webhookSecretFile, ...over }))
    const server = createServer({
      log: silentLog,
      authenticate: async () => null,
      invoke: async () => ({}),
      alerts: {
        admit: async () => undefined,
        isFull: () => false,
        receive: async () => ({ incidentId: null, declared: false }),
      },
      receivePush: (source, headers, payload) => service.receivePush(source, headers, payload),
      notReady: async () => [],
    })
    try {
      await use(async (source, headers, payload) => {
        const url = `/webhooks/git/${source}`
        const response = await server.inject({ method: 'POST', url, headers, payload })
        return { status: response.statusCode, body: response.json() }
      }, service)
    } finally {
      await server.close()
    }
  }

  test.each([
    ['GitHub', { 'x-hub-signature-256': `sha256=${sign(body)}`, 'x-github-event': 'push' }],
    ['GitLab', { 'x-gitlab-token': SECRET, 'x-gitlab-event': 'Push Hook' }],
    ['Gitea', { 'x-gitea-signature': sign(body), 'x-gitea-event': 'push' }],
  ])('%s: a signed push is polled for at once', async (_forge, headers) => {
    repository.write('runbooks/errors.md', page('HighErrorRate'))
    repository.commit('one')
    await withServer({}, async (post, service) => {
      const answer = await post(`source-${number}`, { 'content-type': 'application/json', ...headers }, body)
      expect(answer).toEqual({ status: 202, body: { status: 'polling' } })
      await expect.poll(async () => (await service.pages()).length, { timeout: 10_000 }).toBe(1)
    })
  })

  test.each([
    ['no signature', {}],
    ['a wrong one of GitHub', { 'x-hub-signature-256': `sha256=${sign(`${body} `)}` }],
    ['a wrong one of Gitea', { 'x-gitea-signature': 'f'.repeat(64) }],
    ['a wrong token of GitLab', { 'x-gitlab-token': `${SECRET}x` }],
  ])('%s is refused with 401', async (_kind, headers) => {
    await withServer({}, async (post) => {
      expect(await post(`source-${number}`, headers, body)).toMatchObject({ status: 401 })
    })
  })

  test('a source that does not exist, and one without a secret, answer as a wrong signature does', async () => {
    await withServer({ webhookSecretFile: null }, async (post) => {
      const headers = { 'x-gitlab-token': SECRET }
      const known = await post(`source-${number}`, headers, body)
      const unknown = await post('nothing', headers, body)
      expect(known.status).toBe(401)
      expect(unknown.status).toBe(401)
      expect((unknown.body as { detail: string }).detail).toBe((known.body as { detail: string }).detail)
    })
  })

  test('a source that names its forge takes the signature of no other', async () => {
    await withServer({ forge: 'github' }, async (post) => {
      expect(await post(`source-${number}`, { 'x-gitlab-token': SECRET }, body)).toMatchObject({
        status: 401,
      })
    })
  })

  test('a push to another branch is left alone', async () => {
    const other = JSON.stringify({ ref: 'refs/heads/wip' })
    await withServer({}, async (post) => {
      const headers = { 'x-gitea-signature': sign(other), 'content-type': 'application/json' }
      expect(await post(`source-${number}`, headers, other)).toEqual({
        status: 202,
        body: { status: 'ignored' },
      })
    })
  })

  test('a body beyond the limit is refused before it is checked', async () => {
    await withServer({}, async (post) => {
      const large = 'x'.repeat(6 * 1_048_576)
      expect(await post(`source-${number}`, { 'x-gitlab-token': SECRET }, large)).toMatchObject({
        status: 413,
      })
    })
  })
})

test('refreshing a source is for leads, is audited, and knows its names', async () => {
  repository.write('runbooks/errors.md', page('HighErrorRate'))
  repository.commit('one')
  const service = serviceOf(gitSource())
  await call(service, 'source.refresh', { name: `source-${number}` })
  const last = await store.database.kysely
    .selectFrom('audit_entry')
    .select(['operation', 'subject', 'outcome'])
    .orderBy('seq', 'desc')
    .executeTakeFirstOrThrow()
  expect(last).toEqual({ operation: 'source.refresh', subject: `source-${number}`, outcome: 'done' })
  const unknown = await call(service, 'source.refresh', { name: 'nothing' }).catch((error: unknown) => error)
  expect(unknown).toBeInstanceOf(AppError)
})
