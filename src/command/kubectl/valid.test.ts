import { expect, test } from 'vitest'
import valid from '../data/kubectl-valid.json' with { type: 'json' }
import { outlineShell } from '../outline.ts'
import { parseKubectl } from './index.ts'

/**
 * Odd but valid spellings, from the help of kubectl 1.32, and each with connection flags before and behind it. Nearly
 * all were given once to kubectl 1.32 without a cluster: they ended at the connection, or at a file or context that is
 * not there; some twenty gave no answer in time. `test/integration/kubectl-usage.test.ts` asks kubectl anew.
 */
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
