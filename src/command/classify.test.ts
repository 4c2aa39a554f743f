import { beforeAll, expect, test } from 'vitest'
import { loadCommandGrammars } from './analyse.ts'
import { classifyMany } from './classify.ts'

beforeAll(loadCommandGrammars)

test('every command of the list is answered under its id, in order', () => {
  const answers = classifyMany([
    { id: 'a', language: 'bash', command: 'kubectl get pods' },
    { id: 7, language: 'sh', command: 'rm -rf /tmp/x' },
    { id: 'c', language: 'sql', command: 'SELECT 1' },
    { id: 'd', language: 'postgresql', command: 'UPDATE t SET a = 1 WHERE id = 2' },
    { id: 'e', language: 'promql', command: 'up == 0' },
    { id: 'f', command: 'tail -f /var/log/syslog' },
    { id: 'g', language: 'python', command: 'print(1)' },
  ])
  expect(answers.map(({ id, risk, flags }) => [id, risk, flags])).toEqual([
    ['a', 'read', []],
    [7, 'destructive', []],
    ['c', 'read', []],
    ['d', 'change', []],
    ['e', 'read', []],
    ['f', 'read', ['endless']],
    ['g', 'destructive', []],
  ])
  for (const answer of answers) expect(answer.reasons.length).toBeGreaterThan(0)
})

test.each([[null], ['x'], [{}], [[{ id: 1 }]], [[{ id: {}, command: 'ls' }]], [[{ id: 'a', command: 7 }]]])(
  'input of another form is refused with what to send: %j',
  (input) => {
    expect(() => classifyMany(input)).toThrow(expect.objectContaining({ code: 'input_invalid' }))
  },
)

test('an empty list is an empty answer', () => {
  expect(classifyMany([])).toEqual([])
})
