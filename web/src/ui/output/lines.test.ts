import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { plainText } from './ansi.ts'
import { Lines } from './lines.ts'
import { layRows, searchLines } from './rows.ts'

const of = (...pieces: string[]): Lines => {
  const lines = new Lines()
  for (const piece of pieces) lines.append(piece)
  return lines
}

test('a colour that began on one line goes on in the next', () => {
  const lines = of('\u001b[31mone\ntwo\u001b[0m three\n')
  expect(lines.segments(1).map(({ text, style }) => [text, style.fg])).toEqual([
    ['two', 1],
    [' three', null],
  ])
})

test('a progress line shows its last state, and a line end of Windows is none', () => {
  expect(of('10 %\r50 %\r100 %\nnext\r\n').all()).toBe('100 %\nnext')
})

test('what would move the cursor, set a title or turn text around is not done', () => {
  expect(plainText('a\u001b[2Jb\u001b]0;owned\u0007c\u0008d')).toBe('abcd')
  expect(plainText('rm \u202efdp')).toBe('rm ⟨U+202E⟩fdp')
})

test('output is the same in whatever pieces it comes', () => {
  const text = fc.string({
    unit: fc.constantFrom('a', 'b', ' ', '\n', '\u001b[32m', '\u001b[0m'),
    maxLength: 300,
  })
  fc.assert(
    fc.property(text, fc.array(fc.nat({ max: 900 }), { maxLength: 6 }), (whole, cuts) => {
      const places = [0, ...cuts.map((cut) => Math.min(cut, whole.length)), whole.length].toSorted(
        (a, b) => a - b,
      )
      const pieces = places.slice(1).map((place, index) => whole.slice(places[index], place))
      const [one, many] = [of(whole), of(...pieces)]
      expect(many.count).toBe(one.count)
      for (let line = 0; line < one.count; line += 1) expect(many.segments(line)).toEqual(one.segments(line))
    }),
  )
})

test('each row belongs to the line that stands there, wrapped or not', () => {
  const lines = of('short\n', `${'x'.repeat(25)}\n`, '\n', 'end\n')
  const rows = layRows(lines, 10)
  expect(rows.total).toBe(6)
  expect([0, 1, 2, 3, 4, 5].map((row) => rows.lineAt(row))).toEqual([0, 1, 1, 1, 2, 3])
  expect(layRows(lines, null).total).toBe(4)
  expect(searchLines(lines, 'END')).toEqual([3])
})
