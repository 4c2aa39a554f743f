import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { faultsOf, runKillLoop } from '../../bench/chaos/loop.ts'

test('a server that is killed at random moments loses no accepted alert and runs no approved command twice', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'erlmcp-kill-loop-'))
  const report = await runKillLoop({
    folder,
    kills: 8,
    seed: Date.now() % 1_000_000,
    alerts: 40,
    alertEveryMs: 600,
    settleMs: 120_000,
  })
  // the report names the seed that repeats it, and the folder stays
  expect(faultsOf(report), JSON.stringify({ folder, ...report })).toEqual([])
  expect(report.accepted).toBeGreaterThan(0)
  await rm(folder, { recursive: true, force: true })
})
