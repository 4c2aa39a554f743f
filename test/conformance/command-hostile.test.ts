import * as fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { analyseCommand, loadCommandGrammars } from '../../src/command/analyse.ts'
import { bindInputs } from '../../src/command/bind.ts'
import labelled from '../../src/command/data/labelled.json' with { type: 'json' }
import { explainCommand } from '../../src/command/explain.ts'
import { detectLanguage } from '../../src/command/language.ts'
import { LANGUAGES, RISKS } from '../../src/command/model.ts'
import { splitStatements } from '../../src/command/shell/statements.ts'

beforeAll(loadCommandGrammars)

/** Pieces of shell, SQL and hostile text, in any order. */
const PIECES = [
  'kubectl', 'get', 'delete', 'pods', 'rm', '-rf', 'curl', '-X', 'DELETE', 'psql', '-c', 'xargs', 'sudo', 'bash', '-c', 'ssh', 'h', 'awk', 'sed',
  'find', '.', '-exec', '{}', ';', '\\;', '+', '|', '||', '&&', '&', '(', ')', '{', '}', '$(', '`', '"', "'", '$', '${', '$((', '))', '[[', ']]', '<', '>', '<<', '<<<',
  '<(', '>(', 'EOF', '\n', '\\\n', '\\', '#', '!', '*', '?', '[', ']', '~', '=', '+=', 'a=b', '$x', '${x:-y}', '${!x}', '<name>', 'POD_NAME', 'xxx', '@{x}', '{{x}}',
  'if', 'then', 'fi', 'for', 'in', 'do', 'done', 'while', 'case', 'esac', ';;', 'function', 'f()', 'time', 'coproc', 'eval', 'select 1', 'drop table x', '--', '/*', '*/', "E'", '$$',
  '\u00e9', '\ud800', '\u{1F600}', '\uE000', '\u0000', '\t', '\r', ' ', '',
] // prettier-ignore
const grammarish = fc.array(fc.constantFrom(...PIECES), { maxLength: 25 }).map((pieces) => pieces.join(' '))
const glued = fc.array(fc.constantFrom(...PIECES), { maxLength: 25 }).map((pieces) => pieces.join(''))
const mutated = fc
  .tuple(
    fc.constantFrom(...labelled.map(([, , , command]) => String(command))),
    fc.nat(),
    fc.constantFrom(...PIECES),
  )
  .map(
    ([command, at, piece]) =>
      `${command.slice(0, at % (command.length + 1))}${piece}${command.slice(at % (command.length + 1))}`,
  )

describe('hostile input', () => {
  test('any text in any language gets an answer, and its reasons quote it', () => {
    fc.assert(
      fc.property(
        fc.oneof(grammarish, glued, mutated, fc.string({ unit: 'binary', maxLength: 60 })),
        fc.constantFrom(...LANGUAGES),
        (text, language) => {
          const analysis = analyseCommand(text, { language })
          expect(RISKS).toContain(analysis.risk)
          expect(explainCommand(analysis, text)).toContain(analysis.risk)
          for (const reason of analysis.reasons) {
            expect(reason.start).toBeLessThanOrEqual(reason.end)
            expect(text.slice(reason.start, reason.end)).toBe(reason.text)
          }
          for (const input of analysis.inputs) {
            for (const place of input.places) expect(place.start).toBeLessThan(place.end)
          }
        },
      ),
      { numRuns: 800 },
    )
  })

  test('binding either gives source without placeholders, or refuses', () => {
    fc.assert(
      fc.property(fc.oneof(grammarish, mutated), (text) => {
        const { inputs } = analyseCommand(text, { language: 'bash' })
        let bound: string | null = null
        try {
          bound = bindInputs(text, inputs)
        } catch (error) {
          expect(error).toMatchObject({ code: 'input_invalid' })
        }
        if (bound !== null && inputs.length === 0) expect(bound).toBe(text)
      }),
      { numRuns: 300 },
    )
  })

  test('splitting loses no command and keeps its places', () => {
    fc.assert(
      fc.property(fc.oneof(grammarish, glued, mutated), (text) => {
        let last = 0
        for (const statement of splitStatements(text)) {
          expect(text.slice(statement.start, statement.end)).toBe(statement.text)
          expect(statement.start).toBeGreaterThanOrEqual(last)
          last = statement.end
        }
        expect(LANGUAGES).toContain(detectLanguage(text, null))
      }),
      { numRuns: 300 },
    )
  })

  const repeated = (piece: string, count: number): string => piece.repeat(count)
  test.each([
    ['one line of a megabyte', `echo ${repeated('a', 1_000_000)}`],
    ['a megabyte of words', `echo ${repeated('a ', 500_000)}`],
    ['a megabyte of backticks', repeated('`', 1_000_000)],
    ['a megabyte of quotes', repeated('"', 1_000_000)],
    ['open substitutions', repeated('$(', 30_000)],
    ['open parentheses', repeated('(', 60_000)],
    ['nested substitutions', `${repeated('$(', 500)}a${repeated(')', 500)}`],
    ['nested expansions', `echo ${repeated('${a:-', 500)}${repeated('}', 500)}`],
    ['many pipes', repeated('a|', 30_000)],
    ['many statements', repeated('ls;', 20_000)],
    ['many heredocs', repeated('<<E ', 15_000)],
    [
      'nested shells',
      Array.from({ length: 40 }).reduce<string>(
        (inner) => `bash -c ${JSON.stringify(inner).slice(0, 20_000)}`,
        'rm x',
      ),
    ],
    ['nested wrappers', `${repeated('sudo ', 10_000)}rm x`],
    ['wide braces', `echo ${repeated('{a,b}', 40)}`],
    ['a huge sequence', 'echo {1..999999999}'],
    ['a sum without end', `echo $((${repeated('1+', 20_000)}1))`],
    ['open angles', repeated('<a', 30_000)],
    ['angles', repeated('<a b>', 10_000)],
    ['braces', repeated('{a', 30_000)],
    ['quoted brackets', `echo ${repeated("x='[", 15_000)}`],
    ['template braces', `echo ${repeated('{{', 30_000)}`],
    ['many placeholders', `echo ${repeated('xxx ', 15_000)}`],
    ['upper-case words', repeated('A_', 30_000)],
    ['arithmetic brackets', `echo $((${repeated('a[', 1_000)}1${repeated(']', 1_000)}))`],
  ])('%s: answered, and never a read unless it is one', (name, text) => {
    const analysis = analyseCommand(text, { language: 'bash' })
    const harmless = [
      'wide braces',
      'a huge sequence',
      'many statements',
      'nested expansions',
      'a sum without end',
      'many heredocs',
      'arithmetic brackets',
      'quoted brackets',
      'template braces',
      'many placeholders',
    ]
    if (!harmless.includes(name)) expect(analysis.risk).toBe('destructive')
    expect(RISKS).toContain(analysis.risk)
    splitStatements(text.slice(0, 100_000))
    detectLanguage(text, null)
  })

  test.each([
    ['parentheses', `select ${repeated('(', 20_000)}1${repeated(')', 20_000)}`],
    ['a sum', `select ${repeated('1+', 30_000)}1`],
    ['subqueries', `select ${repeated('(select ', 5_000)}1${repeated(')', 5_000)}`],
    ['comments', `select ${repeated('/*', 30_000)}`],
    ['a zero byte that hides the rest', 'select 1 \u0000; drop table x'],
    ['a megabyte', `select '${repeated('a', 1_000_000)}'`],
  ])('SQL with %s that cannot be followed is destructive', (_, text) => {
    expect(analyseCommand(text, { language: 'sql' }).risk).toBe('destructive')
  })
})
