import { expect, test } from 'vitest'
import { createVitals } from './vitals.ts'

test('a process says how it is doing, and what its memory is used for', async () => {
  const vitals = createVitals(20)
  await expect.poll(() => vitals.read().cpu).toBeGreaterThan(0)
  const seen = vitals.read()
  expect(seen.rssBytes).toBeGreaterThan(seen.heapUsedBytes)
  expect(seen.eventLoop.utilisation).toBeLessThanOrEqual(1)
  const memory = vitals.memory()
  expect(memory.spaces.map(({ name }) => name)).toContain('old_space')
  expect(memory.heapLimitBytes).toBeGreaterThan(memory.heapTotalBytes)
  vitals.stop()
})
