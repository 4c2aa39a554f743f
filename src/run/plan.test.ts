import { expect, test } from 'vitest'
import type { Phase, Procedure, RunbookCommand } from '../runbook/index.ts'
import { gatedCommands, missingInputs, remainingAlternatives } from './choices.ts'
import { knownValues } from './inputs.ts'
import { planProcedure } from './plan.ts'
import type { PlanContext } from './plan.ts'

const position = { line: 1, column: 1, endLine: 1, endColumn: 1 }

const command = (text: string, change: Partial<RunbookCommand> = {}): RunbookCommand => ({
  text,
  language: 'bash',
  tag: 'bash',
  line: 1,
  position,
  risk: 'read',
  flags: [],
  reasons: [],
  inputs: [],
  changesShell: false,
  runnable: true,
  explanation: null,
  expectation: null,
  ...change,
})

const phase = (kind: Phase['kind'], steps: Phase['steps']): Phase => ({
  name: kind,
  kind,
  startMinute: null,
  endMinute: null,
  line: 1,
  position,
  text: '',
  steps,
})

const step = (id: string, commands: RunbookCommand[]): Phase['steps'][number] => ({
  id,
  title: id,
  kind: 'command',
  line: 1,
  position,
  text: '',
  commands,
})

const option = (id: string, condition: string | null, commands: RunbookCommand[]) => ({
  id,
  title: id,
  kind: 'option' as const,
  condition,
  line: 1,
  position,
  text: '',
  commands,
  risk: 'change' as const,
})

const procedure = (phases: Phase[]): Procedure => ({
  id: 'p',
  title: 'P',
  line: 1,
  position,
  anchors: [],
  alertNames: [],
  severity: null,
  severityRange: null,
  responseTimeMinutes: null,
  trigger: null,
  recovery: null,
  impact: null,
  metadata: {},
  phases,
})

const context = (values: [string, string][] = [], host = 'a'): PlanContext => ({
  target: { kind: 'host', host },
  values: new Map(values.map(([name, value]) => [name, { value, from: 'test' }])),
})

const pod = { name: 'POD', form: 'upper' as const, text: 'POD', places: [{ start: 12, end: 15 }] }

test('what only reads needs nobody; all else needs an approval and the operator identity', () => {
  const plan = planProcedure(
    procedure([
      phase('diagnose', [step('look', [command('uptime')])]),
      phase('mitigate', [
        {
          ...step('m', []),
          kind: 'choice',
          alternatives: [option('o1', null, [command('reboot', { risk: 'destructive' })])],
        },
      ]),
    ]),
    context(),
  )
  expect(plan.diagnosis[0]?.commands[0]).toMatchObject({
    needsApproval: false,
    identity: 'observer',
    mode: 'run',
  })
  expect(plan.alternatives[0]?.commands[0]).toMatchObject({ needsApproval: true, identity: 'operator' })
})

test('interactive, secret and foreign-language commands are for a person and can never be approved', () => {
  const plan = planProcedure(
    procedure([
      phase('diagnose', [
        step('s', [
          command('bash', { risk: 'destructive', flags: ['interactive'] }),
          command('kubectl get secret x -o yaml', { flags: ['secret'] }),
          command('erlang:memory().', { language: 'erlang', risk: 'destructive' }),
        ]),
      ]),
    ]),
    context(),
  )
  for (const planned of plan.diagnosis[0]?.commands ?? []) {
    expect(planned).toMatchObject({ mode: 'manual', needsApproval: false })
    expect(planned.manualReason).not.toBeNull()
  }
})

test('the hash is for the exact command, its inputs and its target', () => {
  const page = procedure([phase('diagnose', [step('s', [command('kubectl get POD', { inputs: [pod] })])])])
  const hash = (values: [string, string][], host?: string) =>
    planProcedure(page, context(values, host)).diagnosis[0]?.commands[0]?.hash
  expect(hash([['POD', 'a']])).toBe(hash([['POD', 'a']]))
  expect(hash([['POD', 'a']])).not.toBe(hash([['POD', 'b']]))
  expect(hash([['POD', 'a']])).not.toBe(hash([['POD', 'a']], 'b'))
})

test('an option whose inputs are not known says which are missing', () => {
  const plan = planProcedure(
    procedure([
      phase('mitigate', [
        {
          ...step('m', []),
          kind: 'choice',
          alternatives: [
            option('o1', null, [command('kubectl del POD', { risk: 'destructive', inputs: [pod] })]),
          ],
        },
      ]),
    ]),
    context(),
  )
  const alternative = plan.alternatives[0]
  expect(alternative && missingInputs(alternative)).toEqual(['POD'])
  expect(alternative && gatedCommands(alternative)).toHaveLength(1)
})

test('an option that was tried is not offered again, and a recent deployment speaks for the rollback', () => {
  const plan = planProcedure(
    procedure([
      phase('mitigate', [
        {
          ...step('m', []),
          kind: 'choice',
          alternatives: [
            option('scale', 'if resource constrained', []),
            option('rollback', 'if recent deployment', []),
          ],
        },
      ]),
    ]),
    context(),
  )
  const fresh = remainingAlternatives(plan, [], ['release 1.4.2 deployed by the pipeline'])
  expect(fresh.map((offer) => offer.alternative.id)).toEqual(['rollback', 'scale'])
  const after = remainingAlternatives(plan, [{ alternativeId: 'rollback', outcome: 'not-recovered' }], [])
  expect(after.map((offer) => offer.alternative.id)).toEqual(['scale'])
})

test('a value that a person configured wins over one that an alert brings', () => {
  const values = knownValues(
    ['POD_NAME', 'HOME_DIR'],
    { name: 'orders', variables: { HOME_DIR: '/srv' } },
    {
      pod: 'orders-1',
      home_dir: '$(reboot)',
    },
  )
  expect(values.get('HOME_DIR')).toEqual({ value: '/srv', from: 'service orders' })
  expect(values.get('POD_NAME')).toEqual({ value: 'orders-1', from: 'label pod' })
})

test('a value that breaks the rule of the page counts as not known, and the default is taken', () => {
  const rule = { name: 'POD', default: 'orders-0', choices: [], pattern: '[a-z0-9-]+' }
  expect(knownValues(['POD'], null, { pod: 'orders-7' }, [rule]).get('POD')?.value).toBe('orders-7')
  expect(knownValues(['POD'], null, { pod: 'x; reboot' }, [rule]).get('POD')).toEqual({
    value: 'orders-0',
    from: 'default of the page',
  })
  expect(
    knownValues(['POD'], null, { pod: 'a' }, [{ ...rule, default: null, pattern: '(' }]).has('POD'),
  ).toBe(false)
  expect(
    knownValues(['POD'], null, { pod: 'c' }, [{ ...rule, default: null, choices: ['a', 'b'] }]).has('POD'),
  ).toBe(false)
})

test('a variable that an earlier command sets is not asked for, and one of another option is', () => {
  const unset = (text: string) => {
    const start = text.indexOf('$NS')
    return { name: 'NS', form: 'unset-variable' as const, text: '$NS', places: [{ start, end: start + 3 }] }
  }
  const use = 'kubectl get pods -n "$NS"'
  const plan = planProcedure(
    procedure([
      phase('diagnose', [
        step('set', [command('NS=erlmcp', { changesShell: true })]),
        step('use', [command(use, { inputs: [unset(use)] })]),
      ]),
    ]),
    context(),
  )
  expect(plan.diagnosis[1]?.commands[0]).toMatchObject({ inputs: [], script: use })
  const alone = planProcedure(
    procedure([phase('diagnose', [step('use', [command(use, { inputs: [unset(use)] })])])]),
    context(),
  )
  expect(alone.diagnosis[0]?.commands[0]?.inputs[0]).toMatchObject({ name: 'NS', value: null })
})

test('a value that would become part of SQL has to be plain, else it counts as not known', () => {
  const text = 'psql -c "SELECT * FROM t WHERE id = $ID"'
  const start = text.indexOf('$ID')
  const inputs = [
    { name: 'ID', form: 'unset-variable' as const, text: '$ID', places: [{ start, end: start + 3 }] },
  ]
  const page = procedure([phase('diagnose', [step('s', [command(text, { inputs })])])])
  const valueOf = (value: string) =>
    planProcedure(page, context([['ID', value]])).diagnosis[0]?.commands[0]?.inputs[0]?.value
  expect(valueOf('42')).toBe('42')
  expect(valueOf('1; DROP TABLE t --')).toBeNull()
})

test('a read that reaches into a pod needs an approval, because the observer may not, and the plan says so', () => {
  const inside = 'kubectl exec -n shop deployment/web -- cat /var/log/web.log'
  const plan = planProcedure(
    procedure([
      phase('diagnose', [step('look', [command(inside), command('kubectl logs deployment/web')])]),
      phase('mitigate', [step('read', [command(`watch ${inside}`), command('kubectl diff -f web.yaml')])]),
    ]),
    context(),
  )
  expect(plan.diagnosis[0]?.commands).toMatchObject([
    { risk: 'read', needsApproval: true, identity: 'operator' },
    { risk: 'read', needsApproval: false, identity: 'observer', reasons: [] },
  ])
  expect(plan.diagnosis[0]?.commands[0]?.reasons.join()).toContain('kubectl exec: it reaches into a pod')
  // looking is no mitigation
  expect(plan.alternatives).toEqual([])
})
