import { describe, expect, test } from 'vitest'
import { flamePage, hotFunctions, takeProfile } from './profile.ts'
import type { CpuProfile } from './profile.ts'

const node = (id: number, functionName: string, hitCount: number, children: number[] = []) => ({
  id,
  hitCount,
  children,
  callFrame: {
    functionName,
    scriptId: '1',
    url: functionName.startsWith('(') ? '' : 'file:///opt/erlmcp/src/http/server.ts',
    lineNumber: 41,
    columnNumber: 0,
  },
})
const profile: CpuProfile = {
  startTime: 0,
  endTime: 1,
  nodes: [
    node(1, '(root)', 0, [2, 3]),
    node(2, '(idle)', 900),
    node(3, 'handle', 10, [4]),
    node(4, '<render>', 30),
  ],
}

describe('a profile of the processor', () => {
  test('names what used the time, alone and with what it called, and leaves idling out', () => {
    expect(hotFunctions(profile)).toEqual([
      { name: '<render> src/http/server.ts:42', self: 0.75, total: 0.75 },
      { name: 'handle src/http/server.ts:42', self: 0.25, total: 1 },
    ])
  })

  test('becomes a page in which names are text', () => {
    const page = flamePage(profile, 'erlmcp & co')
    expect(page).toContain('erlmcp &amp; co')
    expect(page).toContain('&lt;render&gt; src/http/server.ts:42: 75.0 %')
    expect(page).not.toContain('<render>')
    expect(page).not.toContain('(idle)')
  })

  test('is taken one at a time', async () => {
    const first = takeProfile(0.05)
    await expect(takeProfile(0.05)).rejects.toMatchObject({ code: 'conflict' })
    expect((await first).nodes.length).toBeGreaterThan(0)
  })
})
