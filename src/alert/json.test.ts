import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { AppError } from '../base/error.ts'
import { readJsonBody } from './json.ts'

const read = (text: string): unknown => readJsonBody(Buffer.from(text))

test('what PostgreSQL cannot hold becomes U+FFFD, and everything else stays', () => {
  expect(read('"a\\u0000b"')).toBe('a\ufffdb')
  expect(read('"\\ud800 alone"')).toBe('\ufffd alone')
  expect(read('"\\ude00 alone"')).toBe('\ufffd alone')
  expect(read('"\\ud83d\\ude00"')).toBe('\u{1f600}')
  expect(read('"\\\\u0000"')).toBe('\\u0000')
  expect(read('"\\\\\\u0000"')).toBe('\\\ufffd')
})

test('every well-formed text without U+0000 is read as it was', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const kept = text.replaceAll('\u0000', '\ufffd').toWellFormed()
      expect(read(JSON.stringify({ text }))).toEqual({ text: kept })
    }),
  )
})

test.each(['', '{', '{"a":}', 'NaN'])('%j is refused as invalid input', (text) => {
  expect(() => read(text)).toThrow(AppError)
})
