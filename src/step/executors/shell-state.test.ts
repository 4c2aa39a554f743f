import { describe, expect, test } from 'vitest'
import { MAX_STATE_BYTES, parseState, restoreStatements, takeState, unquote } from './shell-state.ts'

const NONE = new Set<string>()

/** What bash writes when it ends. */
const written = (parts: {
  declared?: string
  locals?: string
  functions?: string
  exported?: string
  options?: string
}): string =>
  [
    '1',
    '/work',
    parts.options ?? 'braceexpand',
    'extglob',
    parts.declared ?? '',
    parts.locals ?? '',
    parts.functions ?? '',
    parts.exported ?? '',
    'end',
  ].join('\0')

const names = (declared: string, given: Record<string, string> = {}, hidden = NONE): string[] =>
  takeState(written({ declared }), given, hidden)?.state.variables.map(({ name }) => name) ?? []

describe('the state that a command leaves', () => {
  test('is read only when it was written to its end', () => {
    const whole = written({ declared: 'declare -- A="1"' })
    for (const length of [0, 1, whole.length - 1])
      expect(takeState(whole.slice(0, length), {}, NONE)).toBeNull()
    expect(takeState(whole, {}, NONE)).not.toBeNull()
  })

  test('holds no facts of the shell itself, no readonly and no local variables', () => {
    expect(
      names(
        [
          'declare -- BASH="/bin/bash"',
          'declare -ir PPID="1"',
          'declare -r FIXED="1"',
          'declare -x ERLMCP_EXECUTION_ID="e"',
          'declare -a PIPESTATUS=([0]="0")',
          'declare -- __erlmcp_o=""',
          'declare -- KEPT="1"',
        ].join('\n'),
      ),
    ).toEqual(['KEPT'])
    const state = takeState(
      written({ declared: 'declare -- inner="1"\ndeclare -- OUTER="1"', locals: 'declare -- inner="1"' }),
      {},
      NONE,
    )
    expect(state?.state.variables.map(({ name }) => name)).toEqual(['OUTER'])
  })

  test('holds an input only when the script gave it another value, and never what the identity gave', () => {
    const declared = 'declare -x POD="a"\ndeclare -x ZONE="changed"\ndeclare -x PGPASSWORD="changed"'
    expect(names(declared, { POD: 'a', ZONE: 'b', PGPASSWORD: 'x' }, new Set(['PGPASSWORD']))).toEqual([
      'ZONE',
    ])
  })

  test.each([
    ['a substitution in quotes', 'declare -- A="$(rm -rf /)"'],
    ['backticks in quotes', 'declare -- A="`id`"'],
    ['a second command', 'declare -- A="1"; rm -rf /'],
    ['a substitution without quotes', 'declare -- A=$(id)'],
    ['a substitution as a key', 'declare -A A=([$(id)]="1" )'],
    ['a reference to another variable', 'declare -n A="PATH"'],
  ])('never holds code: %s', (_, declared) => {
    expect(names(declared)).toEqual([])
  })

  test('keeps what looks like code but is text', () => {
    expect(
      names(String.raw`declare -- A="\$(id) \`id\` \"x\" \\"` + "\ndeclare -- B=$'it\\'s\\n$(id)'"),
    ).toEqual(['A', 'B'])
  })

  test('loses its largest variables when it would be too large, and says which', () => {
    const declared = `declare -- BIG="${'x'.repeat(MAX_STATE_BYTES)}"\ndeclare -- SMALL="1"`
    const taken = takeState(written({ declared }), {}, NONE)
    expect(taken?.dropped).toEqual(['BIG'])
    expect(taken?.state.variables.map(({ name }) => name)).toEqual(['SMALL'])
    const functions = takeState(
      written({ functions: `f () { :; # ${'x'.repeat(MAX_STATE_BYTES)}\n}` }),
      {},
      NONE,
    )
    expect(functions?.dropped).toEqual(['all functions'])
  })

  test('keeps only options that change what the next command does', () => {
    expect(
      takeState(written({ options: 'errexit:hashall:pipefail:xtrace' }), {}, NONE)?.state.options,
    ).toEqual(['errexit', 'pipefail'])
  })
})

describe('bringing a state back', () => {
  const state = takeState(
    written({
      declared: 'declare -x A="1"\ndeclare -- B',
      functions: 'f () \n{ \n    :\n}',
      exported: 'declare -fx f\n',
      options: 'errexit',
    }),
    {},
    NONE,
  )?.state

  test('declares variables and functions, then options, but not what the new command is given', () => {
    if (state === undefined) throw new Error('no state')
    expect(restoreStatements(state, NONE).split('\n')).toEqual([
      'declare -x A="1"',
      'declare -- B',
      'f () ',
      '{ ',
      '    :',
      '}',
      'export -f -- f',
      'shopt -s extglob',
      'set -o errexit',
    ])
    expect(restoreStatements(state, new Set(['A']))).not.toContain('A=')
  })

  test('of a damaged or newer state does not happen', () => {
    expect(parseState('{}')).toBeNull()
    expect(parseState('not json')).toBeNull()
    expect(parseState(JSON.stringify({ ...state, version: 2 }))).toBeNull()
    expect(parseState(JSON.stringify(state))).toEqual(state)
  })
})

test('a value as bash prints it becomes the value', () => {
  expect(unquote(String.raw`"a\"b\$c\\d"`)).toBe('a"b$c\\d')
  expect(unquote(String.raw`$'a\nb\t\'\001'`)).toBe("a\nb\t'\u0001")
  expect(unquote('([0]="a")')).toBeNull()
})
