import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { concernsBranch, isSigned } from './webhook.ts'

const SECRET = "It's a Secret to Everybody"
const body = Buffer.from('Hello, World!')
const digest = createHmac('sha256', SECRET).update(body).digest('hex')

describe('a signature', () => {
  test("of GitHub's own documentation is accepted", () => {
    // docs.github.com, "Validating webhook deliveries": the test values given there
    const given = 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17'
    expect(isSigned(SECRET, { 'x-hub-signature-256': given }, body, null)).toBe(true)
  })

  test.each([
    ['of GitHub', { 'x-hub-signature-256': `sha256=${digest}` }, 'github'],
    ['of Gitea', { 'x-gitea-signature': digest }, 'gitea'],
    ['of GitLab', { 'x-gitlab-token': SECRET }, 'gitlab'],
  ] as const)(
    '%s is accepted with its forge named or not, and not as that of another',
    (_name, headers, forge) => {
      expect(isSigned(SECRET, headers, body, null)).toBe(true)
      expect(isSigned(SECRET, headers, body, forge)).toBe(true)
      const others = (['github', 'gitlab', 'gitea'] as const).filter((other) => other !== forge)
      for (const other of others) expect(isSigned(SECRET, headers, body, other)).toBe(false)
      expect(isSigned('another', headers, body, null)).toBe(false)
    },
  )

  test('is over every byte of the body', () => {
    const changed = Buffer.from('Hello, World?')
    expect(isSigned(SECRET, { 'x-hub-signature-256': `sha256=${digest}` }, changed, null)).toBe(false)
    expect(isSigned(SECRET, { 'x-gitea-signature': digest }, changed, null)).toBe(false)
  })

  test.each([
    {},
    { 'x-hub-signature-256': '' },
    { 'x-hub-signature-256': 'sha256=' },
    { 'x-hub-signature-256': [`sha256=${digest}`, `sha256=${digest}`] },
    { 'x-hub-signature': 'sha1=0' },
    { 'x-gitlab-token': '' },
    { 'x-gitlab-token': digest },
  ])('that is missing or malformed is none: %j', (headers) => {
    expect(isSigned(SECRET, headers, body, null)).toBe(false)
  })
})

describe('a delivery', () => {
  const push = Buffer.from('{"ref":"refs/heads/main"}')
  test('concerns the branch that it names', () => {
    expect(concernsBranch({ 'x-github-event': 'push' }, push, 'main')).toBe(true)
    expect(concernsBranch({ 'x-github-event': 'push' }, push, 'prod')).toBe(false)
  })
  test('of another kind does not', () => {
    expect(concernsBranch({ 'x-github-event': 'issues' }, push, 'main')).toBe(false)
    expect(concernsBranch({ 'x-gitlab-event': 'Tag Push Hook' }, push, 'main')).toBe(false)
  })
  test('sent as a form is read too', () => {
    const form = Buffer.from(`payload=${encodeURIComponent('{"ref":"refs/heads/wip"}')}`)
    expect(concernsBranch({ 'x-github-event': 'push' }, form, 'main')).toBe(false)
  })
  test.each(['', 'null', '{', '{"ref":7}', '[]'])('that cannot be read may: %j', (text) => {
    expect(concernsBranch({}, Buffer.from(text), 'main')).toBe(true)
  })
})
