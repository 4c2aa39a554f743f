import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { isKnown } from '../../src/command/shell/argument.ts'
import { evaluateArguments, evaluateWord } from '../../src/command/shell/evaluate.ts'
import { outputOf } from '../../src/command/shell/output.ts'
import { parseShell } from '../../src/command/shell/parse.ts'

const BASH = '/bin/bash'
/** Which of the texts real bash accepts; one process for all of them. */
function acceptedByBash(texts: string[]): boolean[] {
  const script = 'while IFS= read -r -d "" text; do printf "%s" "$text" | bash -n 2>/dev/null; echo $?; done'
  const run = spawnSync(BASH, ['-c', script], { input: `${texts.join('\0')}\0`, maxBuffer: 10_000_000 })
  return run.stdout
    .toString()
    .trim()
    .split('\n')
    .map((code) => code === '0')
}

/** Forms that are easy to get wrong; `shell.test.ts` asks about every command that we have. */
const FORMS = [
  'if x; then y; fi', 'if x; then', 'if; then y; fi', 'for x in; do y; done', 'for x; do y; done', 'for do; done', 'while :; do :; done', 'case x in a|b) y;; esac',
  'case x in esac', 'case x in (a) y;& b) z;;& c) w; esac', 'f() { x; }', 'f() x', 'function f { x; }', 'function f() ( x )', 'f() { }', '{ x; }', '{ x }', '( x )', '()', '( )',
  'x | | y', 'x |& y', 'x && && y', '&& x', 'x ;; y', 'x & & y', 'x &; y', '! x', '! ! x', 'time x', 'coproc x', 'coproc N { x; }', '[[ a == b ]]', '[[ a && b || ! c ]]',
  '[[ ( a ) ]]', '[[ a =~ (x|y) ]]', '(( a + b ))', '(( a', '$((1+2))', 'echo $((1+2)', 'x=$(y)', 'x=(a b)', 'x=(a b', 'x+=(c)', 'x[1]=2', 'declare -A a=([x]=1)',
  'cat <<E\na\nE', 'cat <<-E\n\ta\n\tE', "cat <<'E'\n$(x\nE", 'cat <<E | y\na\nE', 'cat <<A <<B\na\nA\nb\nB', 'x <<< y', 'x > y', 'x >', 'x > > y', 'x 2>&1', 'x &> y', 'x >&- 2<&1', 'x <> y', 'x {fd}> y',
  'x <(y) >(z)', '`x`', 'echo `x', '"a`b`c"', '"a$(b "c")d"', "'a", '"a', "$'a\\'b'", '$"a"', 'a\\', 'a\\\nb', '# x', 'x # y', 'x#y', '${x:-$(y)}', '${x', '${x:=a b}', '${!x}', '${#x}', '${x//a/b}',
  '${x@P}', '${x[@]}', '{a,b}', '{a..z}', 'select x in a; do y; done', 'until x; do y; done', 'x;', ';', ';;', 'x\n\ny', 'do', 'done', 'fi', 'esac', '}', ')', 'then x', 'function', 'in',
] // prettier-ignore

describe.skipIf(!existsSync(BASH))('the parser agrees with bash', { timeout: 60_000 }, () => {
  test('about what is well formed', () => {
    // Bash reads a heredoc without an end mark with a warning only; here it is refused.
    const texts = FORMS.filter((text) => text !== '' && !text.includes('\0') && !/<<-?\s*'?\w+'?$/.test(text))
    const accepted = acceptedByBash(texts)
    const different = texts.filter(
      (text, index) => (parseShell(text).script !== undefined) !== accepted[index],
    )
    expect(different).toEqual([])
  })

  test('about words: quotes, escapes, braces, known variables and substitutions', () => {
    const words = [
      'a b', "'a b'", '"a b"', 'a\\ b', "a'b'\"c\"d", "$'a\\x41\\n\\t\\'b'", '$"a"', '""', "''", 'a""b', '{a,b}c', 'x{1..3}', '{a,b}{c,d}', '{a,{b,c}}', '{a}', '{}', 'a{,b}', '{c..a}', '{1..5..2}',
      '\\{a,b}', '"{a,b}"', 'a\\\nb', '"a\\\nb"', '"\\$x \\` \\" \\\\ \\a"', "'\\n'", '\\n', '$X', '"$X"', '$Y', '"$Y"', 'p$X', '${X}q', '"${X}q"', '$(echo a b)', '"$(echo a b)"', '$(printf %s x)', '`echo z`', '"$(echo "q r")"',
      '-$X', '--a=$Y', '${EMPTY}', '"${EMPTY}"', 'a=b', '~', '#a', 'a#b', '\\#', '!', '%', '@', '+', ',', ':', '^', 'é', '\\é',
    ] // prettier-ignore
    const prefix = "X=x; Y='1 2'; EMPTY=''; "
    const all = words.map((word) => `printf '%s\\0' ${word} END\nprintf '\\001'`).join('\n')
    const run = spawnSync(BASH, ['-c', `${prefix}\n${all}`], {
      env: { PATH: '/usr/bin:/bin', HOME: '~', LC_ALL: 'C.UTF-8' },
    })
    const printed = run.stdout.toString().split('\u0001')
    for (const [index, word] of words.entries()) {
      const real = (printed[index] ?? '').split('\0').slice(0, -2)
      const { script } = parseShell(`show ${word} END`)
      const statement = script?.commands[0]?.command
      if (statement?.type !== 'Command' || statement.name === undefined) throw new Error(word)
      const values = new Map(
        [
          ['X', 'x'],
          ['Y', '1 2'],
          ['EMPTY', ''],
        ].map(([name = '', text = '']) => [name, { kind: 'text' as const, text }]),
      )
      const scope = {
        source: { text: '', at: (offset: number) => offset },
        variables: { values, positional: 'data' as const },
        outputOf,
      }
      const ours = evaluateArguments(statement.args, scope)
        .filter((argument) => isKnown(argument))
        .map((argument) => argument.value)
        .slice(0, -1)
      expect([word, evaluateWord(statement.name, scope)[0]?.value, ...ours]).toEqual([word, 'show', ...real])
    }
  })
})
