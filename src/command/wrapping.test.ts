import * as fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { analyseCommand, loadCommandGrammars } from './analyse.ts'
import labelled from './data/labelled.json' with { type: 'json' }
import { compareRisks } from './effect.ts'

const COMMANDS = labelled
  .filter(
    ([language, , , command]) =>
      language === 'bash' && typeof command === 'string' && !/^\s*(?:#|$)/.test(command),
  )
  .map(([, , , command]) => String(command))
/** One simple command: the only form that a word in front can wrap. */
const SIMPLE = COMMANDS.filter(
  (command) =>
    /^[a-z/][\w./-]*(?: [\w./=:@%,+-]+)*$/.test(command) &&
    !/^(?:for|if|while|until|case|select|function|time|coproc|echo|set|export)\b/.test(command),
)

const quote = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`

const WORDS: ((command: string) => string)[] = [
  (command) => `sudo ${command}`,
  (command) => `sudo -u postgres ${command}`,
  (command) => `time ${command}`,
  (command) => `env A=b ${command}`,
  (command) => `nohup ${command}`,
  (command) => `nice -n 5 ${command}`,
  (command) => `timeout 30 ${command}`,
  (command) => `kubectl exec web-1 -- ${command}`,
  (command) => `docker exec web ${command}`,
  (command) => `xargs ${command}`,
  (command) => `watch ${command}`,
  (command) => `command ${command}`,
]
const TEXTS: ((command: string) => string)[] = [
  (command) => `bash -c ${quote(command)}`,
  (command) => `sh -c ${quote(command)}`,
  (command) => `ssh web-1 ${quote(command)}`,
  (command) => `kubectl exec web-1 -- sh -c ${quote(command)}`,
  (command) => `sudo bash -c ${quote(command)}`,
  (command) => `bash <<'END_OF_IT'\n${command}\nEND_OF_IT`,
  (command) => `{ ${command}\n}`,
  (command) => `( ${command}\n)`,
  (command) => `if true; then ${command}\nfi`,
  (command) => `for i in 1 2; do ${command}\ndone`,
  (command) => `echo "$( ${command}\n)"`,
  (command) => `ls; ${command}`,
  (command) => `true && { ${command}\n}`,
  (command) => `{ ${command}\n} | cat`,
  (command) => `f() { ${command}\n}; f`,
  (command) => `! { ${command}\n}`,
  (command) => `${command}\nls`,
]

beforeAll(loadCommandGrammars)

const risk = (command: string) => analyseCommand(command, { language: 'bash' }).risk

function neverLower(commands: string[], wraps: ((command: string) => string)[]): void {
  const wrapped = fc.tuple(
    fc.constantFrom(...commands),
    fc.array(fc.constantFrom(...wraps), { minLength: 1, maxLength: 3 }),
  )
  fc.assert(
    fc.property(wrapped, ([command, wrapping]) => {
      const outer = wrapping.reduce((inner, wrap) => wrap(inner), command)
      expect([outer, compareRisks(risk(outer), risk(command)) >= 0]).toEqual([outer, true])
    }),
    { numRuns: 30 },
  )
}

describe('wrapping a command never lowers its risk', () => {
  test('as words behind another program', () => {
    expect(SIMPLE.length).toBeGreaterThan(150)
    neverLower(SIMPLE, WORDS)
  })

  test('as a text for another shell, or a part of a longer one', () => {
    neverLower(COMMANDS, TEXTS)
  })

  test.each(WORDS.map((wrap) => wrap('kubectl get pods')))('a read stays a read: %s', (command) => {
    expect(risk(command)).toBe('read')
  })

  test.each(TEXTS.map((wrap) => wrap('kubectl get pods -n x | grep y')))(
    'a read stays a read: %s',
    (command) => {
      expect(risk(command)).toBe('read')
    },
  )
})
