import { existsSync, globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { outlineShell } from '../outline.ts'
import { parseKubectl } from './index.ts'

/** Recordings of kubectl 1.32 against a real cluster: one command and its exit code each. */
const FOLDER = path.resolve(import.meta.dirname, '../../../../shared/fixtures/kubernetes')

const recorded = existsSync(FOLDER)
  ? globSync(`${FOLDER}/**/cmd.txt`).map((file) => ({
      text: readFileSync(file, 'utf8'),
      accepted: readFileSync(path.join(path.dirname(file), 'rc.txt'), 'utf8').trim() === '0',
    }))
  : []

const problemsOf = (text: string): string[] =>
  outlineShell(text)
    .commands.filter((call) => call.words[0]?.text === 'kubectl')
    .flatMap((call) => parseKubectl(call.words.map((word) => word.text)).problems)
    .filter((problem) => problem.certain)
    .map((problem) => `${problem.kind}: ${problem.message}`)

test.skipIf(recorded.length === 0)('no command that kubectl carried out has a usage error', () => {
  expect(recorded.length).toBeGreaterThan(400)
  const wrong = recorded
    .filter(({ accepted }) => accepted)
    .map(({ text }) => ({ text, problems: problemsOf(text) }))
  expect(wrong.filter(({ problems }) => problems.length > 0)).toEqual([])
})
