import { expect, test } from 'vitest'
import { asText, forTerminal } from './text.ts'

test.each([
  [null, ''],
  [undefined, ''],
  [0, '0'],
  [false, 'false'],
  [{ a: 1 }, '{"a":1}'],
  [new Date(0), '1970-01-01T00:00:00.000Z'],
])('%j as text is %j', (value, text) => {
  expect(asText(value)).toBe(text)
})

test('escape sequences and direction marks of others do not reach the terminal', () => {
  expect(forTerminal('a\u001b[2Jb\u202ec\u0007')).toBe('a\ufffd[2Jb\ufffdc\ufffd')
  expect(forTerminal('tab\tand\nline')).toBe('tab\tand\nline')
})
