import { beforeAll, expect, test } from 'vitest'
import { loadCommandGrammars } from '../command/index.ts'
import { readRunbook } from '../runbook/index.ts'
import { isProvedAfter, remainingAlternatives } from './choices.ts'
import type { AttemptedAlternative } from './choices.ts'
import { planProcedure } from './plan.ts'
import type { Plan } from './plan.ts'

const PAGE = `# Restore the database

## Restore

1. See what is there

\`\`\`bash
kubectl get pods -n shop
\`\`\`

2. Stop the service

\`\`\`bash
kubectl scale deployment/web -n shop --replicas=0
\`\`\`

3. Check that it has stopped

\`\`\`bash
kubectl wait pod -n shop -l app=web --for=delete --timeout=60s
\`\`\`

4. Start the service

\`\`\`bash
kubectl scale deployment/web -n shop --replicas=3
\`\`\`
`

let plan: Plan

beforeAll(async () => {
  await loadCommandGrammars()
  const task = readRunbook(PAGE, { path: 'restore.md' }).procedures.find(({ kind }) => kind === 'task')
  if (task === undefined) throw new Error('the page has no task')
  plan = planProcedure(task, { target: { kind: 'host', host: 'a' }, values: new Map() })
})

const offered = (attempted: AttemptedAlternative[]): string[] =>
  remainingAlternatives(plan, attempted, []).map(({ alternative }) => alternative.title)
const idOf = (index: number): string => plan.alternatives[index]?.id ?? ''

test('a task is all its steps in their order, not a choice among them', () => {
  expect(plan.diagnosis.map(({ title }) => title)).toEqual(['See what is there'])
  expect(plan.alternatives.map(({ order, commands }) => [order, commands.map(({ risk }) => risk)])).toEqual([
    [1, ['change', 'read']],
    [2, ['change']],
  ])
})

test('each step of a task is offered once the one before it was carried out', () => {
  expect(offered([])).toEqual(['Stop the service'])
  expect(offered([{ alternativeId: idOf(0), outcome: 'carried-out' }])).toEqual(['Start the service'])
  expect(
    offered([
      { alternativeId: idOf(0), outcome: 'carried-out' },
      { alternativeId: idOf(1), outcome: 'not-recovered' },
    ]),
  ).toEqual([])
})

test('after a step of a task failed or was refused, the rest is not offered', () => {
  expect(offered([{ alternativeId: idOf(0), outcome: 'failed' }])).toEqual([])
  expect(offered([{ alternativeId: idOf(0), outcome: 'rejected' }])).toEqual([])
})

test('whether a task worked is measured after its last step only, and after any option of a choice', () => {
  expect(plan.alternatives.map(({ id }) => isProvedAfter(plan, id))).toEqual([false, true])
  const choice: Plan = {
    ...plan,
    alternatives: plan.alternatives.map(({ order: _order, ...alternative }) => alternative),
  }
  expect(choice.alternatives.map(({ id }) => isProvedAfter(choice, id))).toEqual([true, true])
})
