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
const KINDS = LANGUAGES.flatMap((language) => RISKS.map((risk): [Language, Risk] => [language, risk])).filter(
  ([language, risk]) => SET.some((one) => one.language === language && one.risk === risk),
)

beforeAll(loadCommandGrammars)

describe('the labelled commands', () => {
  test('there are enough of every kind to mean something', () => {
    for (const risk of RISKS) expect(SET.filter((one) => one.risk === risk).length).toBeGreaterThan(150)
    for (const language of PLACES) {
      expect(SET.filter((one) => one.language === language).length).toBeGreaterThan(10)
    }
    for (const { reason, command } of SET) expect([command, reason.length > 2]).toEqual([command, true])
  })

  // One test for a group: three thousand tests of a millisecond each would take most of the time of the check.
  test.each(KINDS)(
    'in %s what is labelled %s has that risk and its flags, with reasons in its own words',
    (language, label) => {
      for (const one of SET.filter((each) => each.language === language && each.risk === label)) {
        const { risk, flags, reasons } = analyseCommand(one.command, { language: one.language })
        expect.soft({ risk, flags }, one.command).toEqual({ risk: one.risk, flags: one.flags })
        expect.soft(reasons.length, one.command).toBeGreaterThan(0)
        for (const reason of reasons) {
          if (reason.end <= one.command.length)
            expect.soft(one.command.slice(reason.start, reason.end), one.command).toBe(reason.text)
        }
      }
    },
  )

  test('what changes anything is never called a read', () => {
    expect(
      neverRead.filter((command) => analyseCommand(command, { language: 'bash' }).risk === 'read'),
    ).toEqual([])
  })
})
