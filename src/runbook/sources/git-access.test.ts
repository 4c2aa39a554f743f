import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { loadConfig } from '../../base/config.ts'
import type { GitSourceConfig } from '../../base/config-sources.ts'
import { gitEnvironment } from './git-access.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'erlmcp-access-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function sourceOf(over: Record<string, unknown>): GitSourceConfig {
  const file = path.join(folder, 'erlmcp.yaml')
  writeFileSync(file, JSON.stringify({ sources: [{ name: 'team', kind: 'git', ...over }] }))
  const [source] = loadConfig({ ERLMCP_CONFIG: file }, folder).sources
  if (source?.kind !== 'git') throw new Error('no git source')
  return source
}

test('a token stands in the environment alone, for no other host and no redirect', async () => {
  writeFileSync(path.join(folder, 'token'), 'ghp_abc\n')
  const environment = await gitEnvironment(
    sourceOf({ url: 'https://github.com/team/x.git', tokenFile: 'token' }),
    folder,
  )
  const header = Buffer.from('x-access-token:ghp_abc').toString('base64')
  expect(Object.values(environment)).toContain(`Authorization: Basic ${header}`)
  expect(environment).toMatchObject({
    GIT_ALLOW_PROTOCOL: 'https',
    GIT_CONFIG_COUNT: '3',
    GIT_CONFIG_KEY_1: 'http.https://github.com/.extraHeader',
    GIT_CONFIG_KEY_2: 'http.followRedirects',
    GIT_CONFIG_VALUE_2: 'false',
  })
})

test('the SSH command keeps a file name with blanks and quotes as one word', async () => {
  const keyFile = path.join(folder, "it's a %key")
  const environment = await gitEnvironment(sourceOf({ url: 'git@example.org:team/x.git', keyFile }), folder)
  const words = execFileSync('sh', ['-c', `printf '%s\\n' ${environment['GIT_SSH_COMMAND']}`], {
    encoding: 'utf8',
  })
  expect(words.split('\n')).toContain(`IdentityFile="${keyFile.replace('%', '%%')}"`)
  expect(words).toContain('StrictHostKeyChecking=accept-new')
  expect(words).toContain('BatchMode=yes')
})

test.each([
  [{ url: 'https://example.org/x', tokenFile: 'missing' }, 'cannot be read'],
  [{ url: 'https://example.org/x', tokenFile: 'two-lines' }, 'one line'],
  [{ url: 'git@example.org:x', tokenFile: 'token' }, 'of no use for ssh'],
])('%j is refused with a reason', async (over, reason) => {
  writeFileSync(path.join(folder, 'two-lines'), 'a\nb\n')
  await expect(gitEnvironment(sourceOf(over), folder)).rejects.toThrow(reason)
})

test.each([
  [{ url: 'https://example.org/x', branch: '-x' }, 'branch'],
  [{ url: 'https://example.org/x', branch: 'a..b' }, 'branch'],
  [{ url: 'https://example.org/x', path: '../up' }, 'path'],
  [{ url: 'https://example.org/x', name: 'Team A' }, 'name'],
  [{ url: 'https://example.org/x', colour: 'red' }, 'colour'],
])('the configuration refuses %j', (over, key) => {
  expect(() => sourceOf(over)).toThrow(key)
})
