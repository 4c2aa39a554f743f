import { readFileSync } from 'node:fs'
import { beforeAll, expect, test } from 'vitest'
import { loadCommandGrammars } from '../command/index.ts'
import { phaseKindOf } from './vocabulary.ts'
import { readRunbook } from './read.ts'

const GUIDE = readFileSync('docs/guide/page-format.md', 'utf8')
const PAGE = /````markdown\n([^]*?)\n````/.exec(GUIDE)?.[1] ?? ''

beforeAll(loadCommandGrammars)

test('the page in the guide is understood as the guide says', () => {
  const book = readRunbook(PAGE, { path: 'orders.md' })
  expect(book.notes).toEqual([])
  expect(book.procedures).toHaveLength(1)
  const [procedure] = book.procedures
  expect(procedure).toMatchObject({
    id: 'orders-high-error-rate', title: 'High error rate', alertNames: ['OrdersHighErrorRate'], severity: 'P2',
    responseTimeMinutes: 15, service: 'orders', owner: 'team-orders', impact: 'Customers cannot order.',
    trigger: { signal: 'error_rate', comparison: '>', threshold: 0.05, unit: 'ratio', forSeconds: 60, stated: 'label' },
    recovery: { signal: 'error_rate', comparison: '<', threshold: 0.01, forSeconds: 300, stated: 'label' },
    inputs: [{ name: 'RELEASE', type: 'choice', choices: ['1.4.0', '1.4.1'], required: true }],
  }) // prettier-ignore
  expect(
    procedure?.phases.map(({ name, kind, startMinute, endMinute }) => [name, kind, startMinute, endMinute]),
  ).toEqual([
    ['Immediate Actions', 'diagnose', 0, 2],
    ['Mitigation', 'mitigate', 2, 10],
    ['Verification', 'verify', null, null],
    ['Post-Incident Review', 'follow-up', null, null],
  ])
  const [alive, tell] = procedure?.phases[0]?.steps ?? []
  expect(alive?.commands[0]).toMatchObject({
    explanation: 'Health as the service sees itself',
    expectation: '"status":"ok"',
  })
  expect(tell).toMatchObject({ kind: 'checklist', items: [{ text: 'Shop informed' }] })
  const [back, out] = procedure?.phases[1]?.steps[0]?.alternatives ?? []
  expect(back).toMatchObject({ title: 'Roll back', condition: 'if a release was deployed recently' })
  expect(back?.commands[0]?.inputs.map((input) => input.name)).toEqual(['RELEASE'])
  expect(back?.revert?.map((command) => command.text)).toEqual([
    'kubectl -n shop rollout undo deployment/orders',
  ])
  expect(out?.commands.map((command) => command.explanation)).toEqual(['Look at the load', 'Add pods'])
})

test('the words that the guide gives for phases have the kind that it says', () => {
  const rows = [...GUIDE.matchAll(/^\| [a-z ]+ \(`([a-z-]+)`\) \| (.+) \|$/gm)]
  expect(rows).toHaveLength(5)
  for (const [, kind, words = ''] of rows) {
    for (const word of words.replaceAll('…', 'x').split(', '))
      expect([word, phaseKindOf(word)]).toEqual([word, kind])
  }
})
