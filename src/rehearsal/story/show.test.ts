import { expect, test } from 'vitest'
import { countdownLine } from './show.ts'

const lineOf = (signal: string, threshold: number, value: number | null): string | null =>
  countdownLine(
    {
      condition: { signal, comparison: '<', threshold, forSeconds: 300 },
      samples: [{ at: '2026-11-24T10:00:00.000Z', value }],
    },
    30,
  )

test('a measurement is told in the unit of its signal', () => {
  expect(lineOf('error_rate', 0.01, 0.004)).toBe(
    '  10:00:00    error rate 0.40 %: < 1.00 % for 0 s, 10 s to go\n',
  )
  expect(lineOf('latency', 0.5, 1.9944)).toBe('  10:00:00    latency 1.99 s: not yet < 0.5 s\n')
  expect(lineOf('oom_kills', 1, 0)).toBe('  10:00:00    oom kills 0: < 1 for 0 s, 10 s to go\n')
})

test('a signal that cannot be measured is no proof of anything', () => {
  expect(lineOf('error_rate', 0.01, null)).toBe('  10:00:00    error rate not measurable: not yet < 1.00 %\n')
})
