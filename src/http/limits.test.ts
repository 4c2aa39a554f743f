import { expect, test } from 'vitest'
import { createLimiter } from './limits.ts'

test('a burst is let through, what goes on too fast is refused, and another key is not concerned', () => {
  let now = 0
  const limiter = createLimiter(2, () => now)
  for (let index = 0; index < 10; index += 1) limiter.take('a')
  expect(() => limiter.take('a')).toThrow('more than 2 requests')
  expect(() => limiter.take('b')).not.toThrow()
  now += 1_000
  limiter.take('a')
  limiter.take('a')
  expect(() => limiter.take('a')).toThrow('more than 2 requests')
})
