import { expect, test } from 'vitest'
import { runJobs } from './jobs.ts'

const never = new AbortController().signal

test('at most so many jobs run at a time, none shares its slot, and results keep their order', async () => {
  const busy = new Set<number>()
  let most = 0
  const results = await runJobs([5, 1, 3, 2], 2, never, async (ticks, slot) => {
    expect(busy.has(slot)).toBe(false)
    busy.add(slot)
    most = Math.max(most, busy.size)
    for (let tick = 0; tick < ticks; tick += 1) await Promise.resolve()
    busy.delete(slot)
    return ticks * 10
  })
  expect(results).toEqual([50, 10, 30, 20])
  expect(most).toBe(2)
})

test('nothing new begins after the signal', async () => {
  const stop = new AbortController()
  const results = await runJobs([1, 2, 3], 1, stop.signal, (item) => {
    stop.abort()
    return Promise.resolve(item)
  })
  expect(results).toEqual([1])
})
