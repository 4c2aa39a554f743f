import { describe, expect, test } from 'vitest'
import { AppError } from '../../base/error.ts'
import { readGitUrl } from './git-url.ts'

describe('the address of a repository', () => {
  test.each([
    ['https://github.com/team/runbooks.git', 'https', 'github.com'],
    ['https://git.example.org:8443/team/runbooks', 'https', 'git.example.org'],
    ['ssh://git@example.org:2222/team/runbooks.git', 'ssh', 'example.org'],
    ['git://example.org/runbooks.git', 'git', 'example.org'],
    ['file:///srv/git/runbooks.git', 'file', ''],
    ['http://127.0.0.1:3000/runbooks.git', 'http', '127.0.0.1'],
  ])('%s is one', (url, protocol, host) => {
    expect(readGitUrl(url)).toEqual({ url, protocol, host })
  })

  test('git@host:path is the SSH address that it means', () => {
    expect(readGitUrl('git@github.com:team/runbooks.git').url).toBe('ssh://git@github.com/team/runbooks.git')
    expect(readGitUrl('forge.example.org:team/runbooks').url).toBe('ssh://forge.example.org/team/runbooks')
  })

  test.each([
    ['', 'none of'],
    ['--upload-pack=/bin/sh', 'none of'],
    ['-oProxyCommand=sh', 'none of'],
    ['ext::sh -c id', 'none of'],
    ['ext::sh', 'none of'],
    ['fd::17', 'none of'],
    ['/srv/git/runbooks.git', 'none of'],
    ['ftp://example.org/x', 'none of'],
    ['https://example.org/a b', 'none of'],
    ['https://example.org/a\nb', 'none of'],
    ['ssh://-oProxyCommand=id/x', 'hyphen'],
    ['ssh://-x@example.org/x', 'user name'],
    ['-host:path', 'none of'],
    ['https://ada:secret@example.org/x', 'credentials'],
    ['https://ghp_token@example.org/x', 'credentials'],
    ['ssh://git:secret@example.org/x', 'credentials'],
    ['http://example.org/x.git', 'only this machine'],
    ['file://host/srv/x', 'three slashes'],
    ['https://example.org/x?y', 'query'],
  ])('%j is refused', (url, reason) => {
    const refusal = catchError(() => readGitUrl(url))
    expect(refusal).toMatchObject({
      code: 'input_invalid',
      message: expect.stringContaining(reason) as unknown,
    })
    expect(String(refusal)).not.toContain('secret')
  })
})

function catchError(body: () => unknown): AppError {
  try {
    body()
  } catch (error) {
    if (error instanceof AppError) return error
  }
  throw new Error('nothing was refused')
}
