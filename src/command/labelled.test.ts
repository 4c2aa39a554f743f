import { beforeAll, describe, expect, test } from 'vitest'
import { analyseCommand, loadCommandGrammars } from './analyse.ts'
import labelled from './data/labelled.json' with { type: 'json' }
import neverRead from './data/never-read.json' with { type: 'json' }
import { LANGUAGES, RISKS } from './model.ts'
import type { Language, Risk } from './model.ts'

interface Labelled {
  language: Language
  risk: Risk
  flags: string[]
  command: string
  reason: string
}

/** Rows are `[language, risk, flags, command, reason]`. */
function read(row: (string | string[])[]): Labelled {
  const [language, risk, flags, command, reason] = row
  const known = LANGUAGES.find((name) => name === language)
  const expected = RISKS.find((name) => name === risk)
  if (known === undefined || expected === undefined || !Array.isArray(flags))
    throw new Error(JSON.stringify(row))
  return { language: known, risk: expected, flags, command: String(command), reason: String(reason) }
}

const SET = labelled.map(read)
const PLACES: Language[] = ['bash', 'sql', 'promql']

beforeAll(loadCommandGrammars)

describe('the labelled commands', () => {
  test('there are enough of every kind to mean something', () => {
    for (const risk of RISKS) expect(SET.filter((one) => one.risk === risk).length).toBeGreaterThan(150)
    for (const language of PLACES) {
      expect(SET.filter((one) => one.language === language).length).toBeGreaterThan(10)
    }
    for (const { reason, command } of SET) expect([command, reason.length > 2]).toEqual([command, true])
  })

  test.each(SET.map((one): [string, string, Labelled] => [one.risk, one.command, one]))(
    '%s: %s',
    (_, __, one) => {
      const { risk, flags, reasons } = analyseCommand(one.command, { language: one.language })
      expect({ risk, flags }).toEqual({ risk: one.risk, flags: one.flags })
      expect(reasons.length).toBeGreaterThan(0)
      for (const reason of reasons) {
        if (reason.end <= one.command.length)
          expect(one.command.slice(reason.start, reason.end)).toBe(reason.text)
      }
    },
  )

  test.each(neverRead)('never called a read: %s', (command) => {
    expect(analyseCommand(command, { language: 'bash' }).risk).not.toBe('read')
  })
})
