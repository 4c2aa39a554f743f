import { expect, test } from 'vitest'
import valid from '../data/kubectl-valid.json' with { type: 'json' }
import { outlineShell } from '../outline.ts'
import { parseKubectl } from './index.ts'

/** Odd but valid spellings by the help of kubectl 1.32, each also with connection flags before and behind it. */
const SPELLINGS = valid.flatMap((line) => [
  `kubectl ${line}`,
  `kubectl -n shop ${line}`,
  ...(/(?:^|\s)--(?:\s|$)/.test(line) ? [] : [`kubectl ${line} --context=prod`]),
])

test('there are enough spellings to mean something', () => {
  expect(SPELLINGS.length).toBeGreaterThan(1_000)
})

test('no spelling that kubectl accepts has a usage error', () => {
  const wrong = SPELLINGS.flatMap((text) =>
    outlineShell(text)
      .commands.filter((call) => call.words[0]?.text === 'kubectl')
      .flatMap((call) => parseKubectl(call.words.map((word) => word.text)).problems)
      .filter((problem) => problem.certain)
      .map((problem) => `${text}: ${problem.message}`),
  )
  expect(wrong).toEqual([])
})
