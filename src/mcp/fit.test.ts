import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { fit } from './fit.ts'

test('an answer says what was left out of it', () => {
  const { value, cut } = fit(
    { list: Array(120).fill(1), text: 'x'.repeat(30) },
    { text: 20, list: 50, total: 1e6 },
  )
  expect((value as { list: number[] }).list).toHaveLength(50)
  expect(cut).toEqual(['list (120 entries, 50 shown)'])
})

test('an answer is never larger than its bound, unless it has very many keys', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 3_000 }), { maxLength: 200 }), (texts) => {
      const { value } = fit({ texts }, { text: 2_000, list: 50, total: 8_192 })
      expect(Buffer.byteLength(JSON.stringify(value))).toBeLessThanOrEqual(8_192)
    }),
    { numRuns: 50 },
  )
})
