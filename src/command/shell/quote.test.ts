import { execFileSync } from 'node:child_process'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { commandText } from './quote.ts'

test('one word is taken as it was typed', () => {
  expect(commandText(['kubectl get pods | head'])).toBe('kubectl get pods | head')
})

test('several words arrive as they were', () => {
  expect(commandText(['psql', '-c', 'SELECT 1; DROP TABLE x'])).toBe("psql -c 'SELECT 1; DROP TABLE x'")
  fc.assert(
    fc.property(
      fc.array(
        fc.string({ unit: 'grapheme' }).filter((word) => !word.includes('\0')),
        { minLength: 2, maxLength: 5 },
      ),
      (words) => {
        const output = execFileSync('bash', ['-c', `printf '%s\\0' ${commandText(words)}`])
        expect(output.toString().split('\0').slice(0, -1)).toEqual(words)
      },
    ),
    { numRuns: 5 },
  )
})
