import { beforeAll, describe, expect, test } from 'vitest'
import { loadCommandGrammars } from '../command/index.ts'
import type { Procedure, Runbook, Step } from './model.ts'
import { readRunbook } from './read.ts'

beforeAll(loadCommandGrammars)

const read = (lines: string[], path = 'docs/page.md'): Runbook => readRunbook(lines.join('\n'), { path })
const first = (book: Runbook): Procedure => {
  const [procedure] = book.procedures
  if (procedure === undefined) throw new Error('no procedure')
  return procedure
}
const steps = (book: Runbook): Step[] => first(book).phases.flatMap((phase) => phase.steps)
const texts = (step: Step | undefined): string[] => (step?.commands ?? []).map((command) => command.text)

describe('sessions', () => {
  const block = (...lines: string[]): Step[] =>
    steps(read(['# P', '', '## Diagnosis', '', ...lines, '', '## Mitigation', '', 'x']))

  test('prompts of users and hosts are stripped, output is separated', () => {
    const [step] = block(
      '```',
      'ada@pier-1:~$ uptime',
      ' 10:00 up 3 days',
      '[root@pier-1 ~]# df -h \\',
      '>   /var',
      'Filesystem  Size',
      '```',
    )
    expect(step?.commands.map((command) => [command.text, command.expectation])).toEqual([
      ['uptime', ' 10:00 up 3 days'],
      ['df -h \\\n  /var', 'Filesystem  Size'],
    ])
  })

  test('output without any prompt is no command', () => {
    const [step] = block(
      '```shell',
      'sudo ls -la /etc',
      'total 24K',
      '-rw-r--r-- 1 root root 1 May 20 07:31 a',
      '```',
    )
    expect(texts(step)).toEqual(['sudo ls -la /etc'])
    expect(step?.commands[0]?.expectation).toContain('total 24K')
  })

  test('a block of nothing but "# command" is a root shell, a comment is not', () => {
    expect(texts(block('```', '# systemctl restart pier', '```')[0])).toEqual(['systemctl restart pier'])
    expect(block('```bash', '# Look at the pier first.', '```')[0]).toMatchObject({
      kind: 'manual',
      commands: [],
    })
  })

  test('what is typed at a console is never run by itself', () => {
    const [step] = block('```', '$ pier-console', 'pier=# select 1;', ' ?column?', '```')
    expect(step?.commands.map((command) => [command.text, command.runnable, command.nested])).toEqual([
      ['pier-console', true, false],
      ['select 1;', false, true],
    ])
  })

  test('what follows an interactive shell in its block is typed inside it', () => {
    const [step] = block('```bash', 'kubectl exec -it pier-0 -- sh', 'cat /etc/tide', '```')
    expect(step?.commands.map((command) => command.nested)).toEqual([false, true])
  })

  test('a line of several statements is one command', () => {
    expect(texts(block('```bash', 'cd /tmp; ls', '```')[0])).toEqual(['cd /tmp; ls'])
  })

  test('one line that does not parse leaves the others alone', () => {
    const [step] = block(
      '```bash',
      '# first',
      'uptime',
      '',
      '# broken',
      'pier:look(now)',
      '',
      '/tide now --level 3',
      'df -h',
      '```',
    )
    expect(step?.commands.map((command) => [command.text, command.language])).toEqual([
      ['uptime', 'bash'],
      ['pier:look(now)', 'erlang'],
      ['/tide now --level 3', 'slack'],
      ['df -h', 'bash'],
    ])
    expect(step?.commands.map((command) => command.explanation)).toEqual(['first', 'broken', null, null])
  })

  test('loops, here-documents and quoted lines stay whole', () => {
    const [step] = block(
      '```bash',
      'for i in 1 2; do',
      '  # inside',
      '  echo $i',
      'done',
      "psql -c '",
      'select 1;',
      "'",
      'cat <<END',
      'kubectl get pods',
      'END',
      '```',
    )
    expect(step?.commands.map((command) => command.line)).toEqual([6, 10, 13])
  })
})

describe('comments in blocks', () => {
  test('"# Expected" says what to expect, a comment at the end of a line explains', () => {
    const book = read([
      '## A',
      '',
      '```bash',
      'uptime   # how long',
      '# Expected: more than a day',
      '',
      '# alone',
      '',
      'df',
      '```',
    ])
    expect(steps(book)[0]?.commands).toMatchObject([
      { text: 'uptime', explanation: 'how long', expectation: 'more than a day' },
      { text: 'df', explanation: null },
    ])
    expect(steps(book)[0]?.comments).toEqual([{ text: 'alone', line: 7, column: 1 }])
  })

  test('numbered comments are steps, also in other languages', () => {
    const book = read([
      '## A',
      '',
      '```sql',
      '-- 1. Count',
      'SELECT count(*) FROM boats;',
      '-- 2. Ask the pilot',
      '```',
    ])
    expect(steps(book).map((step) => [step.title, step.commands.length])).toEqual([
      ['Count', 1],
      ['Ask the pilot', 0],
    ])
  })

  test('options named in comments are a choice', () => {
    const book = read([
      '## A',
      '',
      '```bash',
      '# Option 1: wait',
      'sleep 60',
      '# Option 2: act (if it is late)',
      'kubectl delete pod pier-0',
      '```',
    ])
    expect(
      steps(book)[0]?.alternatives?.map((each) => [each.title, each.condition, each.commands.length]),
    ).toEqual([
      ['wait', null, 1],
      ['act', 'if it is late', 1],
    ])
  })
})
