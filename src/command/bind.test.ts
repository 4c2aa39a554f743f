import { execFileSync } from 'node:child_process'
import { beforeAll, describe, expect, test } from 'vitest'
import { analyseCommand, loadCommandGrammars } from './analyse.ts'
import { bindInputs, inputVariable, plainInputs } from './bind.ts'

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

describe('binding inputs', () => {
  test.each(FORMS)('every form works with quotes, substitutions and globs: %s', (text, expected) => {
    const value = ` a'b"c $(id) \`id\` * \\ ;\n| &`
    expect(words(text, { POD_NAME: value })).toEqual(expected(value))
  })

  test('a heredoc to a program gets the value', () => {
    expect(words('show "$(cat <<END\n<pod-name>\nEND\n)"', { POD_NAME: '$(id) `id` "x"' })).toEqual([
      '$(id) `id` "x"',
    ])
  })

  test.each([
    ['a heredoc that replaces nothing', "cat <<'END'\n<pod-name>\nEND"],
    ['arithmetic', 'echo $((<count> + 1))'],
    ['a subscript', 'echo ${a[<index>]}'],
    ['a numeric test', '[[ <count> -gt 3 ]]'],
    ['the name of a loop variable', 'for <name> in a; do ls; done'],
    ['escaped backticks', 'echo `echo \\`echo <name>\\``'],
    ['SQL in a heredoc that replaces nothing', "psql <<'END'\nSELECT <count>;\nEND"],
  ])('%s is refused, with what to do', (_, text) => {
    expect(() => bind(text)).toThrow(expect.objectContaining({ code: 'input_invalid' }))
  })

  test('inside code of another interpreter only plain characters pass', () => {
    const text = 'psql -c "SELECT pg_cancel_backend(<pid>)"'
    expect(plainInputs(text, analyseCommand(text).inputs)).toEqual(['PID'])
    const shown = 'awk "BEGIN { print <value> }"'
    expect(plainInputs(shown, analyseCommand(shown).inputs)).toEqual(['VALUE'])
    const remote = bind("ssh host 'show <name>'").replace('ssh host', 'show')
    const output = execFileSync('bash', ['-c', `show() { printf '%s' "$1"; }\n${remote}`], {
      env: { PATH: '/usr/bin:/bin', ERLMCP_INPUT_NAME: 'web-1; rm -rf $(x)' },
    })
    expect(output.toString()).toBe('show web-1rm-rfx')
  })

  test('a value in a word of its own is never plain only', () => {
    const text = 'kubectl exec <pod> -- ls <folder>'
    expect(plainInputs(text, analyseCommand(text).inputs)).toEqual([])
  })

  test('a placeholder in a comment stays as it is, and asks for nothing', () => {
    expect(analyseCommand('ls # put <pod-name> here').inputs).toEqual([])
    expect(bind('ls # put <pod-name> here')).toBe('ls # put <pod-name> here')
  })
})
