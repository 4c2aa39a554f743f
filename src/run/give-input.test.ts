import { beforeAll, expect, test } from 'vitest'
import { loadCommandGrammars } from '../command/index.ts'
import { readRunbook } from '../runbook/index.ts'
import type { Procedure } from '../runbook/index.ts'
import { giveInput } from './give-input.ts'
import { planProcedure } from './plan.ts'
import type { Plan } from './plan.ts'

const PAGE = `# Pod failures

## Pod hangs

**Severity:** P2
**Trigger:** Error rate > 5% for 1 minute

### Mitigation

#### Option 1: Delete the pod

\`\`\`bash
kubectl delete pod <POD_NAME> -n erlmcp
\`\`\`

#### Option 2: Roll back

\`\`\`bash
kubectl rollout undo deployment/erlmcp-tcps -n erlmcp
\`\`\`
`

let procedure: Procedure
let plan: Plan
beforeAll(async () => {
  await loadCommandGrammars()
  const [first] = readRunbook(PAGE, { path: 'pods.md' }).procedures
  if (first === undefined) throw new Error('the page has no procedure')
  procedure = first
  plan = planProcedure(procedure, { target: { kind: 'host', host: 'h' }, values: new Map() })
})

const hashes = (of: Plan): string[] => of.alternatives.flatMap((one) => one.commands.map(({ hash }) => hash))

test('a value that is given changes the hash of the command that uses it, and of no other', () => {
  const given = giveInput(plan, procedure, { name: 'POD_NAME', value: 'web-1', by: 'person:ada' })
  expect(given.alternatives[0]?.commands[0]?.inputs).toMatchObject([{ value: 'web-1', from: 'person:ada' }])
  expect(hashes(given)[0]).not.toBe(hashes(plan)[0])
  expect(hashes(given)[1]).toBe(hashes(plan)[1])
  expect(given.diagnosis).toBe(plan.diagnosis)
})

test('the value is no part of the shell source, whatever it holds', () => {
  const evil = '$(touch /tmp/x); `id` "'
  const given = giveInput(plan, procedure, { name: 'POD_NAME', value: evil, by: 'person:ada' })
  expect(given.alternatives[0]?.commands[0]?.script).not.toContain('touch')
})

test('what no option asks for is refused', () => {
  expect(() => giveInput(plan, procedure, { name: 'OTHER', value: 'x', by: 'person:ada' })).toThrow(
    'no option of the run asks for OTHER',
  )
})

test('a value that the page does not allow is refused', () => {
  const rule = {
    name: 'POD_NAME',
    type: 'string' as const,
    description: null,
    default: null,
    choices: ['web-1', 'web-2'],
    pattern: null,
    required: true,
    line: 1,
  }
  const strict: Procedure = { ...procedure, inputs: [rule] }
  expect(() => giveInput(plan, strict, { name: 'POD_NAME', value: 'web-3', by: 'person:ada' })).toThrow(
    'does not allow',
  )
})

test('a page that is read in another way than when the run began is not planned over', () => {
  const other = structuredClone(plan)
  const command = other.alternatives[1]?.commands[0]
  if (command !== undefined) command.text = 'kubectl rollout undo deployment/other -n erlmcp'
  expect(() => giveInput(other, procedure, { name: 'POD_NAME', value: 'web-1', by: 'person:ada' })).toThrow(
    'another way',
  )
})
