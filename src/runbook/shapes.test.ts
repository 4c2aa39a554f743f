import { beforeAll, describe, expect, test } from 'vitest'
import { loadCommandGrammars } from '../command/index.ts'
import type { Phase, Procedure, Runbook, Step } from './model.ts'
import { readRunbook } from './read.ts'

beforeAll(loadCommandGrammars)

const read = (lines: string[], path = 'docs/page.md'): Runbook => readRunbook(lines.join('\n'), { path })
const ids = (book: Runbook): string[] => book.procedures.map((each) => each.id)
const first = (book: Runbook): Procedure => {
  const [procedure] = book.procedures
  if (procedure === undefined) throw new Error('no procedure')
  return procedure
}
const phasesOf = (procedure: Procedure): [string, string][] =>
  procedure.phases.map(({ name, kind }) => [name, kind])
const stepsOf = (phase: Phase | undefined): Step[] => phase?.steps ?? []
const steps = (book: Runbook): Step[] => first(book).phases.flatMap((phase) => phase.steps)
const texts = (step: Step | undefined): string[] => (step?.commands ?? []).map((command) => command.text)

describe('one alert per page', () => {
  const PAGE = [
    '---', 'title: Ferry Queue Full', 'weight: 3', '---', '', '# FerryQueueFull', '',
    '## Meaning', '', 'The alert `FerryQueueFull` fires when the error rate exceeds 12% for 10 minutes.', '',
    '## Impact', '', 'Cars wait. Nobody sails.', '', '## Diagnosis', '', 'Look at the harbour first.', '',
    'To list the boats, run the following command:', '', '```console', '$ kubectl -n harbour get boats', 'NAME   STATE', 'anna   moored', '```', '',
    '* Read the log: `kubectl -n harbour logs deployment/pier`', '* Ask the pilot', '', '## Mitigation', '', 'Call the harbour master, or wait for the tide.', '', 'See [tides](https://tides.example.org).',
  ] // prettier-ignore
  test('is one procedure, named by its heading and bound to the alert', () => {
    const procedure = first(read(PAGE, 'runbooks/harbour/FerryQueueFull.md'))
    expect(procedure).toMatchObject({
      id: 'FerryQueueFull', alertNames: ['FerryQueueFull'], kind: 'incident', impact: 'Cars wait. Nobody sails.',
    }) // prettier-ignore
    expect(phasesOf(procedure)).toEqual([
      ['Meaning', 'context'], ['Impact', 'context'], ['Diagnosis', 'diagnose'], ['Mitigation', 'mitigate'],
    ]) // prettier-ignore
  })

  test('has a trigger in prose, which is not a stated one', () => {
    expect(first(read(PAGE)).trigger).toMatchObject({
      signal: 'error_rate', threshold: 0.12, forSeconds: 600, stated: 'prose',
    }) // prettier-ignore
  })

  test('keeps what a command printed as what to expect', () => {
    const diagnosis = stepsOf(first(read(PAGE)).phases[2])
    expect(diagnosis.map((step) => [step.title, step.kind])).toEqual([
      ['List the boats', 'command'],
      ['Read the log', 'command'],
      ['Ask the pilot', 'manual'],
    ])
    expect(diagnosis[0]?.commands[0]).toMatchObject({
      text: 'kubectl -n harbour get boats', line: 23, position: { column: 3 }, expectation: 'NAME   STATE\nanna   moored',
    }) // prettier-ignore
    expect(diagnosis[1]?.commands[0]).toMatchObject({ tag: 'inline', line: 28, position: { column: 18 } })
  })

  test('turns prose into steps by hand where there is nothing else to do', () => {
    expect(stepsOf(first(read(PAGE)).phases[3]).map((step) => [step.title, step.kind])).toEqual([
      ['Call the harbour master, or wait for the tide', 'manual'],
      ['See tides', 'manual'],
    ])
  })

  test('takes the alert from the file when nothing else names one', () => {
    const book = read(
      ['# About the pier', '', '## Diagnosis', '', '- look', '', '## Mitigation', '', '- act'],
      'x/PierDown.md',
    )
    expect(first(book)).toMatchObject({ id: 'PierDown', alertNames: ['PierDown'] })
  })

  test('takes alerts and a service from the front matter', () => {
    const book = read([
      '---',
      'alerts: [PierDown, PierSlow]',
      'service: pier',
      'severity: critical',
      '---',
      '# Pier',
      '',
      '## Steps',
      '',
      '1. Look',
    ])
    expect(first(book)).toMatchObject({
      alertNames: ['PierDown', 'PierSlow'],
      service: 'pier',
      severity: 'P1',
    })
  })
})

describe('several alerts in one page', () => {
  const alert = (name: string, severity: string): string[] => [
    `### ${name}`, '', '#### Impact', '', 'Boats stop.', '', '#### Severity', '', severity, '', '#### Steps', '', `1. Look at ${name}: \`kubectl get boats -n ${name.toLowerCase()}\``, '',
  ] // prettier-ignore
  const PAGE = ['# Harbour', '', '## How to reach the harbour', '', '```bash', 'ssh harbour uptime', '```', '', '## Alerts', '', ...alert('BoatSunk', 'critical'), ...alert('`BoatLate`', 'warning'), ...alert('BoatLost', 'high')] // prettier-ignore

  test('each is a procedure, beside what else the page says how to do', () => {
    const book = read(PAGE)
    expect(ids(book)).toEqual(['how-to-reach-the-harbour', 'BoatSunk', 'BoatLate', 'BoatLost'])
    expect(book.procedures.map((each) => each.severity)).toEqual([null, 'P1', 'P3', 'P2'])
    expect(book.procedures[1]).toMatchObject({ impact: 'Boats stop.', alertNames: ['BoatSunk'] })
  })

  test('an alert of prose alone gets steps by hand', () => {
    const book = read([
      '# Alerts',
      '',
      '## BoatSunk',
      '',
      'Raise the boat.',
      '',
      '## BoatLate',
      '',
      'Wait.',
      '',
    ])
    expect(
      book.procedures.map((each) =>
        each.phases.map((phase) => [phase.name, phase.steps.map((step) => step.title)]),
      ),
    ).toEqual([[['What to do', ['Raise the boat']]], [['What to do', ['Wait']]]])
  })
})

describe('alternatives', () => {
  test('under headings of their own are still one choice', () => {
    const book = read([
      '# Failover', '', '## Diagnosis', '', '- look', '', '## Resolution', '', '### By itself', '', '#### Scenario 1: It moves', '',
      '```bash', 'uptime', '```', '', '### By hand', '', '#### Scenario 2: It does not', '', '```bash', 'df', '```',
    ]) // prettier-ignore
    const [choice] = stepsOf(first(book).phases[1])
    expect(choice).toMatchObject({ kind: 'choice', id: 'resolution/scenarios' })
    expect(choice?.alternatives?.map((each) => each.id)).toEqual([
      'resolution/scenario-1',
      'resolution/scenario-2',
    ])
  })

  test('headings that begin with "For" are cases when several stand together', () => {
    const book = read([
      '# A',
      '',
      '## Diagnosis',
      '',
      '- look',
      '',
      '## Resolution',
      '',
      '### For full disks',
      '',
      '`df -h /`',
      '',
      '### For slow disks',
      '',
      '- wait',
    ])
    expect(stepsOf(first(book).phases[1])[0]?.alternatives?.map((each) => [each.kind, each.title])).toEqual([
      ['case', 'For full disks'],
      ['case', 'For slow disks'],
    ])
  })

  test('options inside a case exclude each other: a case for each, with what both need', () => {
    const book = read([
      '# A',
      '',
      '## Diagnosis',
      '',
      '- look',
      '',
      '## Resolution',
      '',
      '### For doubled keys',
      '',
      '1. Look at the key:',
      '',
      '   ```sql',
      '   SELECT * FROM jobs WHERE id = 7;',
      '   ```',
      '',
      '2. Make it unique:',
      '',
      '   ```sql',
      '   -- Option 1: remove the newer',
      '   DELETE FROM jobs WHERE id = 7 AND newer;',
      '   -- Option 2: give it another key',
      '   UPDATE jobs SET id = 8 WHERE id = 7 AND newer;',
      '   ```',
      '',
      '### For missing rights',
      '',
      '`kubectl auth can-i list pods`',
    ])
    const cases = stepsOf(first(book).phases[1])[0]?.alternatives ?? []
    expect(cases.map((each) => [each.label, each.title, each.commands.map(({ text }) => text)])).toEqual([
      [
        '1.1',
        'For doubled keys: remove the newer',
        ['SELECT * FROM jobs WHERE id = 7;', 'DELETE FROM jobs WHERE id = 7 AND newer;'],
      ],
      [
        '1.2',
        'For doubled keys: give it another key',
        ['SELECT * FROM jobs WHERE id = 7;', 'UPDATE jobs SET id = 8 WHERE id = 7 AND newer;'],
      ],
      ['2', 'For missing rights', ['kubectl auth can-i list pods']],
    ])
  })

  test('a command that a sentence names and the block behind it spells out is one command', () => {
    const book = read([
      '# A',
      '',
      '## Mitigation',
      '',
      '1. Run `helm upgrade` to take the new chart, its flags are in the file:',
      '',
      '   ```bash',
      '   sudo helm upgrade web ./web',
      '   ```',
      '',
      '2. Run `helm list`, then:',
      '',
      '   ```bash',
      '   helm status web',
      '   ```',
    ])
    expect(stepsOf(first(book).phases[0]).map((each) => each.commands.map(({ text }) => text))).toEqual([
      ['sudo helm upgrade web ./web'],
      ['helm list', 'helm status web'],
    ])
  })

  test('what takes an option back is no part of it', () => {
    const book = read([
      '## A',
      '',
      '### Mitigation',
      '',
      '**Option 1: Scale**',
      '',
      '```bash',
      'kubectl scale deploy/a --replicas=3',
      '```',
      '',
      '**Revert:** `kubectl scale deploy/a --replicas=1`',
    ])
    const [option] = steps(book)[0]?.alternatives ?? []
    expect(option?.commands.map((command) => command.text)).toEqual(['kubectl scale deploy/a --replicas=3'])
    expect(option?.revert?.map((command) => command.text)).toEqual(['kubectl scale deploy/a --replicas=1'])
  })
})

describe('headings', () => {
  test('bold lines stand for headings', () => {
    const book = read([
      '# Pier slow runbook',
      '',
      '**Trigger:**',
      '* `PierSlow` alert',
      '',
      '**Impact:**',
      '* Boats wait.',
      '',
      '**Immediate Actions:**',
      '1. **Look:** `kubectl get boats`',
      '2. Call',
      '',
      '**Escalation:**',
      '* Call more',
    ])
    expect(first(book)).toMatchObject({ alertNames: ['PierSlow'], impact: 'Boats wait.' })
    expect(phasesOf(first(book))).toEqual([
      ['Immediate Actions', 'diagnose'],
      ['Escalation', 'follow-up'],
    ])
  })

  test('inside code blocks do not count, and repeated ones get ids of their own', () => {
    const book = read([
      '## Restart',
      '',
      '1. a',
      '',
      '## Restart',
      '',
      '1. b',
      '',
      '```markdown',
      '## Not a heading',
      '```',
    ])
    expect(ids(book)).toEqual(['restart', 'restart-1'])
    expect(book.headings.map((each) => each.slug)).toEqual(['restart', 'restart-1'])
  })

  test('an id in braces is the id, and both anchors lead there', () => {
    const book = read(['## Scaling Operations {#scaling}', '', '1. a'])
    expect(first(book)).toMatchObject({ id: 'scaling', title: 'Scaling Operations' })
    expect(first(book).anchors).toEqual(['scaling', 'scaling-operations-scaling', 'scaling-operations'])
  })

  test('steps for machines are left out where the same steps stand for people', () => {
    const book = read([
      '# PierSlow',
      '',
      '## Meaning',
      '',
      'x',
      '',
      '## Playbook',
      '',
      '### For AI Agents (NLP)',
      '',
      '1. Retrieve the boats',
      '',
      '### For DevOps (CLI)',
      '',
      '1. Boats',
      '   ```',
      '   kubectl get boats',
      '   ```',
    ])
    expect(steps(book).map((step) => step.title)).toEqual(['Boats'])
    expect(book.notes).toMatchObject([{ kind: 'agents-only', line: 9 }])
  })
})

describe('site generators', () => {
  test('code tags of Jekyll and Hugo are code, other tags are nothing', () => {
    const book = read([
      '---',
      'title: T',
      '---',
      '# <%= current_page.data.title %>',
      '',
      '{% include nav.html %}',
      '',
      '## Check',
      '',
      '{% highlight bash %}',
      'uptime',
      '{% endhighlight %}',
      '',
      '{{< highlight bash >}}',
      'df',
      '{{< /highlight >}}',
    ])
    expect(book.title).toBe('T')
    expect(steps(book).flatMap(texts)).toEqual(['uptime', 'df'])
  })

  test('Go templates after -o are no tags', () => {
    const book = read([
      '## Check',
      '',
      '```bash',
      "kubectl get pods -o go-template='{{range .items}}{{.metadata.name}}{{end}}'",
      '```',
    ])
    expect(texts(steps(book)[0])).toEqual([
      "kubectl get pods -o go-template='{{range .items}}{{.metadata.name}}{{end}}'",
    ])
  })
})

describe('odd forms', () => {
  test('indented blocks hold commands', () => {
    expect(texts(steps(read(['## A', '', 'Run:', '', '    kubectl get boats -A']))[0])).toEqual([
      'kubectl get boats -A',
    ])
  })

  test('a code block right after a list belongs to its last item', () => {
    const book = read([
      '# T',
      '',
      '## Diagnosis',
      '',
      '- Add a pier',
      '- Look at it',
      '',
      '```bash',
      'uptime',
      '```',
      '',
      '## Mitigation',
      '',
      '- x',
    ])
    expect(steps(book).map((step) => [step.title, texts(step)])).toEqual([
      ['Add a pier', []],
      ['Look at it', ['uptime']],
      ['x', []],
    ])
  })

  test('rows with a command are steps', () => {
    const book = read([
      '## Checks',
      '',
      '| What | Command |',
      '|---|---|',
      '| Boats | `kubectl get boats -n pier` |',
      '| Tide | ask |',
    ])
    expect(steps(book).map((step) => [step.title, texts(step)])).toEqual([
      ['Boats', ['kubectl get boats -n pier']],
      ['Tide', []],
    ])
    expect(steps(book)[0]?.commands[0]).toMatchObject({ line: 5, position: { column: 12 } })
  })

  test('broken front matter is noted and the rest is read', () => {
    const book = read(['---', 'a: [1', '---', '# T', '', '1. x'])
    expect(book.notes).toMatchObject([{ kind: 'front-matter', line: 2 }])
    expect(book.title).toBe('T')
  })

  test('a fence that is never closed is noted where it starts', () => {
    expect(read(['# T', '', '```bash', 'uptime']).notes).toMatchObject([{ kind: 'unclosed-fence', line: 3 }])
  })

  test('declared inputs have types, choices and defaults', () => {
    const table = [
      '### Inputs',
      '',
      '| Name | Type | Default | Choices | Description |',
      '|---|---|---|---|---|',
      '| PIER | choice | north | north, south | Which pier |',
      '| COUNT | integer | | | |',
      '',
    ]
    expect(first(read(['## A', '', ...table, '### Steps', '', '1. x'])).inputs).toMatchObject([
      { name: 'PIER', type: 'choice', default: 'north', choices: ['north', 'south'], required: false },
      { name: 'COUNT', type: 'integer', default: null, required: true },
    ])
    const front = read([
      '---',
      'inputs:',
      '  PIER: {choices: [a, b]}',
      '  bad name: {}',
      '---',
      '## A',
      '',
      '1. x',
    ])
    expect(first(front).inputs).toMatchObject([
      { name: 'PIER', type: 'choice', choices: ['a', 'b'], required: true },
    ])
    expect(front.notes).toMatchObject([{ kind: 'inputs' }])
  })
})
