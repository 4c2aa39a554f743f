import { execFileSync } from 'node:child_process'
import * as fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { analyseCommand, loadCommandGrammars } from '../../src/command/analyse.ts'
import { bindInputs, inputVariable } from '../../src/command/bind.ts'

beforeAll(loadCommandGrammars)

const bind = (text: string): string => bindInputs(text, analyseCommand(text).inputs)

/** Runs the bound command with real bash; `show` prints its arguments, each ended by a zero byte. */
function words(text: string, values: Record<string, string>): string[] {
  const environment = Object.fromEntries(
    Object.entries(values).map(([name, value]) => [inputVariable(name), value]),
  )
  const script = `show() { printf '%s\\0' "$@"; }\nexport -f show\n${bind(text)}\n`
  const output = execFileSync('bash', ['-c', script], {
    env: { PATH: '/usr/bin:/bin', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return output.toString().split('\0').slice(0, -1)
}

const nasty = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.string({ unit: fc.constantFrom('$', '(', ')', '`', '"', "'", '\\', ' ', '*', '?', '~', ';', '|', '&', '\n', '\t', '!', '#', '{', '}', 'a', '-', '%', '<', '>'), maxLength: 20 }),
  fc.constantFrom('$(touch /tmp/x)', '`id`', '"; rm -rf /; "', "'; id; '", '*', '-n', '', '${PATH}', '\\', "$'\\n'"),
).filter((value) => !value.includes('\0')) // prettier-ignore

/** Forms of a place, and the words that must arrive for the value `v`. */
const FORMS: [string, (v: string) => string[]][] = [
  ['show <pod-name>', (v) => [v]],
  ['show a/<pod-name>.b', (v) => [`a/${v}.b`]],
  ['show "x <pod-name> y"', (v) => [`x ${v} y`]],
  ["show 'x <pod-name> y'", (v) => [`x ${v} y`]],
  ["show $'x\\t<pod-name>'", (v) => [`x\t${v}`]],
  ['show POD_NAME tail', (v) => [v, 'tail']],
  ['show $POD_NAME', (v) => [v]],
  ['show "$POD_NAME"/x ${POD_NAME}', (v) => [`${v}/x`, v]],
  ['show {pod-name} @{pod-name}', (v) => [v, v]],
  ['X=<pod-name>; show "$X"', (v) => [v]],
  ['for x in <pod-name> b; do show "$x"; done', (v) => [v, 'b']],
  ['if [ -n <pod-name> ] || true; then show <pod-name>; fi', (v) => [v]],
  ["bash -c 'show <pod-name>'", (v) => [v]],
  ['bash -c "show \\"a <pod-name>\\""', (v) => [`a ${v}`]],
  ["bash -c 'show \"<pod-name>\"'", (v) => [v]],
  ["bash <<'END'\nshow <pod-name>\nEND", (v) => [v]],
  ['bash <<END\nshow "<pod-name>"\nEND', (v) => [v]],
  ['show $(true)<pod-name>', (v) => [v]],
] // prettier-ignore

test('a bound value arrives word for word, whatever it holds', () => {
  fc.assert(
    fc.property(fc.constantFrom(...FORMS), nasty, ([text, expected], value) => {
      expect(words(text, { POD_NAME: value })).toEqual(expected(value))
    }),
    { numRuns: 60 },
  )
})
