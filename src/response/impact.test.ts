import { expect, test } from 'vitest'
import { failuresSince } from './impact.ts'

test.each([
  [[], 0],
  [[40], 0],
  [[40, 90], 50],
  [[40, 90, 3], 53],
  [[40, 90, 0, 7, 7], 57],
])('of the counts %j as many as %i failed since the first', (counts, expected) => {
  expect(failuresSince(counts)).toBe(expected)
})
