import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { decode, encode } from './json.ts'

test('what is recorded comes back as it was, dates included', () => {
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      fc.string(),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.date({ noInvalidDate: true }),
      fc.array(tie('any'), { maxLength: 4 }),
      fc.dictionary(fc.string(), tie('any'), { maxKeys: 4, noNullPrototype: true }),
    ),
  })).any
  fc.assert(
    fc.property(value, (any) => {
      expect(decode(encode(any))).toEqual(any)
    }),
  )
})

test('nothing recorded is nothing replayed', () => {
  expect(decode(encode(undefined))).toBeUndefined()
})

test.each([[new Map()], [new Set()], [Buffer.from('x')], [() => 1], [1n]])(
  'a value that JSON would lose is refused: %s',
  (value) => {
    expect(() => encode({ deep: [value] })).toThrow('a recorded value holds a')
  },
)
