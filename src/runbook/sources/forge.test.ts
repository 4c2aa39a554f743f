import { describe, expect, test } from 'vitest'
import { forgeLink } from './forge.ts'

const COMMIT = '5c0f8fd4e1b7'
const source = (url: string, over: object = {}) => ({ url, forge: null, webUrl: null, ...over })

describe('a link to a line in the forge', () => {
  test.each([
    [
      'https://github.com/team/runbooks.git',
      `https://github.com/team/runbooks/blob/${COMMIT}/docs/pool%20full.md?plain=1#L12`,
    ],
    [
      'git@gitlab.com:team/sub/runbooks.git',
      `https://gitlab.com/team/sub/runbooks/-/blob/${COMMIT}/docs/pool%20full.md?plain=1#L12`,
    ],
    [
      'ssh://git@codeberg.org:22/team/runbooks',
      `https://codeberg.org/team/runbooks/src/commit/${COMMIT}/docs/pool%20full.md?display=source#L12`,
    ],
  ])('of %s', (url, link) => {
    expect(forgeLink(source(url), COMMIT, 'docs/pool full.md', 12)).toBe(link)
  })

  test('names the forge and the address that the configuration gives', () => {
    const own = source('ssh://git@ssh.example.org:2222/team/x.git', {
      forge: 'gitea',
      webUrl: 'https://git.example.org/team/x/',
    })
    expect(forgeLink(own, COMMIT, 'a.md', 1)).toBe(
      `https://git.example.org/team/x/src/commit/${COMMIT}/a.md?display=source#L1`,
    )
    expect(forgeLink(source('https://git.example.org/x', { forge: 'gitlab' }), COMMIT, 'a.md', null)).toBe(
      `https://git.example.org/x/-/blob/${COMMIT}/a.md`,
    )
  })

  test('holds no credentials of the address, and no fragment or query of a path', () => {
    expect(forgeLink(source('https://ada:secret@github.com/team/x'), COMMIT, 'a#b?.md', 3)).toBe(
      `https://github.com/team/x/blob/${COMMIT}/a%23b%3F.md?plain=1#L3`,
    )
  })

  test.each(['https://git.example.org/x.git', 'file:///srv/x.git', 'nonsense'])(
    'is not guessed for %s',
    (url) => {
      expect(forgeLink(source(url), COMMIT, 'a.md', 1)).toBeNull()
    },
  )

  test('needs a commit', () => {
    expect(forgeLink(source('https://github.com/team/x'), 'main', 'a.md', 1)).toBeNull()
  })
})
