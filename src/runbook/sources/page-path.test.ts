import { describe, expect, test } from 'vitest'
import { isPageName, pathProblem } from './page-path.ts'

describe('the name of a page', () => {
  test.each(['a.md', 'A.MD', 'docs/a.markdown', 'docs/a.mdx', 'source/a.html.md.erb'])('is %s', (name) => {
    expect(isPageName(name)).toBe(true)
    expect(pathProblem(name)).toBeNull()
  })
  test.each(['a.txt', 'md', 'node_modules/x/README.md', 'a/.git/x.md', 'a/.GIT/x.md'])(
    'is not %s',
    (name) => {
      expect(isPageName(name)).toBe(false)
    },
  )
  test.each([
    '../a.md',
    'a/../b.md',
    './a.md',
    '/a.md',
    'a//b.md',
    'a\\b.md',
    'a\nb.md',
    'a\u202eb.md',
    'a\u200bb.md',
  ])('is refused when it leads elsewhere or shows as something else: %j', (name) => {
    expect(pathProblem(name)).not.toBeNull()
  })
})
