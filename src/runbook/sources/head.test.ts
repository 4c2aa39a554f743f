import { describe, expect, test } from 'vitest'
import { sha256 } from '../../base/id.ts'
import { loadCommandGrammars } from '../../command/index.ts'
import { readRunbook } from '../read.ts'
import { nextHead, sameHead } from './head.ts'
import type { Incoming, PageHead } from './head.ts'

await loadCommandGrammars()
const AT = new Date('2026-01-02T03:04:05Z')
const GOOD = '# Pool\n\n## Diagnosis\n\n```bash\nkubectl get pods\n```\n'

const incoming = (text: string, commit: string, problem: string | null = null): Incoming => ({
  path: 'pool.md',
  repositoryPath: 'docs/pool.md',
  contentHash: problem === null ? sha256(text) : null,
  commit,
  committedAt: AT,
  problem,
})
let reads = 0
const next = async (before: PageHead | null, text: string, commit: string, problem: string | null = null) => {
  const found = await nextHead(
    before,
    incoming(text, commit, problem),
    AT,
    async () => Buffer.from(text),
    (content, path) => {
      reads += 1
      return readRunbook(content, { path })
    },
  )
  return found.head
}

describe('where a page stands', () => {
  test('its first good revision is served', async () => {
    expect(await next(null, GOOD, 'c1')).toMatchObject({
      good: { contentHash: sha256(GOOD), commit: 'c1', procedures: 1 },
      refused: null,
    })
  })

  test('a revision that is no text is refused, and the good one stays', async () => {
    const before = await next(null, GOOD, 'c1')
    const after = await next(before, 'a\0b', 'c2')
    expect(after.good).toEqual(before.good)
    expect(after.refused).toMatchObject({ commit: 'c2', at: AT, reason: 'pool.md is not text' })
  })

  test.each(['', 'See the wiki.\n', '# Pool\n\nMoved.\n'])(
    'a revision without a procedure is refused: %j',
    async (text) => {
      const after = await next(await next(null, GOOD, 'c1'), text, 'c2')
      expect(after.good?.commit).toBe('c1')
      expect(after.refused?.reason).toBe('it has no procedure any more; the last good revision has 1')
    },
  )

  test('a page that never had a procedure may go on without', async () => {
    const before = await next(null, 'About this folder.\n', 'c1')
    expect(await next(before, 'More about this folder.\n', 'c2')).toMatchObject({
      good: { commit: 'c2' },
      refused: null,
    })
  })

  test('what was refused once is not read again, and keeps the time of its refusal', async () => {
    const refused = await next(await next(null, GOOD, 'c1'), '', 'c2')
    const before = reads
    expect(await next(refused, '', 'c3')).toEqual(refused)
    expect(reads).toBe(before)
  })

  test('the good text coming back ends the refusal without being read again', async () => {
    const refused = await next(await next(null, GOOD, 'c1'), '', 'c2')
    const before = reads
    expect(await next(refused, GOOD, 'c3')).toMatchObject({ good: { commit: 'c3' }, refused: null })
    expect(reads).toBe(before)
  })

  test('a file that cannot be had at all is refused with its reason', async () => {
    const after = await next(null, '', 'c1', 'it has 9 bytes too many')
    expect(after).toMatchObject({
      good: null,
      refused: { contentHash: null, reason: 'it has 9 bytes too many' },
    })
    expect(sameHead(after, await next(after, '', 'c1', 'it has 9 bytes too many'))).toBe(true)
    expect(sameHead(after, await next(after, '', 'c1', 'it cannot be read'))).toBe(false)
  })
})
