import { beforeAll, describe, expect, test } from 'vitest'
import { loadCommandGrammars } from '../command/index.ts'
import { toJson } from './json.ts'
import { readRunbook } from './read.ts'
import { renderPlan } from './render.ts'

beforeAll(loadCommandGrammars)

const plan = (...lines: string[]): string[] =>
  renderPlan(readRunbook(lines.join('\n'), { path: 'p.md' })).split('\n')

describe('the plan', () => {
  test('names severity, trigger, recovery and inputs before the steps', () => {
    const lines = plan(
      '## Pier {#pier}',
      '',
      '**Alert:** PierDown',
      '**Alert Trigger:** Error rate > 5% for 90 seconds',
      '**Severity:** P2-P3',
      '**Response Time:** 2 hours',
      '**Recovered when:** Error rate < 1% for 5 minutes',
      '',
      '1. Look: `kubectl -n pier get pod POD_NAME`',
    )
    expect(lines.slice(2, 9)).toEqual([
      '', '# Pier  (pier, line 1)', '  P2-P3 · respond within 2 h', '  Alerts     PierDown', '  Trigger    error rate > 5 % for 90 s',
      '  Recovered  error rate < 1 % for 5 min', '  Inputs',
    ]) // prettier-ignore
    expect(lines).toContain('    POD_NAME  (not declared by the page)')
  })

  test('marks every command with its risk at the right edge', () => {
    const line = plan('## A', '', '1. Look', '   ```bash', '   kubectl get pods', '   ```').find((each) =>
      each.includes('$ '),
    )
    expect(line).toHaveLength(100)
    expect(line).toMatch(/^ {8}\$ kubectl get pods +\[read\]$/)
  })

  test('does not ask for a variable that an earlier command sets', () => {
    const text = plan(
      '## A',
      '',
      '1. Set it',
      '   ```bash',
      '   export HARBOUR="$(kubectl get ns -o name | head -1)"',
      '   ```',
      '2. Use it: `kubectl -n $HARBOUR get pods -l app=$BOAT`',
    ).join('\n')
    expect(text).toContain('    BOAT  (not declared by the page)')
    expect(text).toContain('[needs BOAT]')
    expect(text).not.toMatch(/needs HARBOUR|HARBOUR, BOAT/)
  })

  test('shows what stands before a command before it, and what stands after it after it', () => {
    const lines = plan(
      '# A',
      '',
      '## Diagnosis',
      '',
      'Look at the pods:',
      '',
      '```bash',
      'kubectl get pods',
      '```',
      '',
      'They should',
      'be green.',
      '',
      '## Mitigation',
      '',
      '- x',
    ).map((each) => each.trim())
    const at = lines.findIndex((each) => each.startsWith('$ kubectl'))
    expect(lines[at - 1]).toBe('1. Look at the pods')
    expect(lines[at + 1]).toBe('They should be green.')
  })

  test('does not say a title twice, and gives a shortened one in full', () => {
    const long = `Ask the harbour master ${'very '.repeat(30)}kindly`
    const lines = plan(
      '# A',
      '',
      '## Diagnosis',
      '',
      `1. ${long}. Then wait.`,
      '',
      '## Mitigation',
      '',
      '- x',
    )
    const text = lines.join(' ').replace(/\s+/g, ' ')
    expect(text.split('Ask the harbour master')).toHaveLength(2)
    expect(text).toContain('kindly (by hand) Then wait.')
  })

  test('keeps the lines of comments apart and joins the lines of paragraphs', () => {
    const lines = plan('## A', '', '```bash', '# Ask the pilot', '# Ask the master', '```').map((each) =>
      each.trim(),
    )
    expect(lines).toContain('Ask the pilot')
    expect(lines).toContain('Ask the master')
  })

  test('offers alternatives as exactly one, with what takes them back', () => {
    const lines = plan(
      '## A',
      '',
      '**Option 1: Scale (if slow)**',
      '```bash',
      'kubectl scale deploy/a --replicas=3',
      '```',
      '**Revert:** `kubectl scale deploy/a --replicas=1`',
    )
    expect(lines).toContain('     1. Choose one option: exactly one')
    expect(lines).toContain('        ( ) option 1: Scale  -- if slow  [CHANGE]')
    expect(lines).toContain('            to take it back:')
  })

  test('can be of one procedure alone', () => {
    const book = readRunbook('## A\n\n1. one\n\n## B\n\n1. two\n', { path: 'p.md' })
    expect(renderPlan(book, { procedureId: 'b' })).not.toContain('one')
    expect(renderPlan(book, { procedureId: 'none' })).toContain('No procedure was found')
  })
})

test('the JSON has the names that scripts rely on', () => {
  const book = readRunbook(
    '## A {#a}\n\n**Alert Trigger:** CPU usage > 80% for 5 minutes\n**Severity:** P1\n\n### Mitigation (0-5 minutes)\n\n**Option 1: x**\n```bash\nkubectl get pod POD_NAME\n```\n',
    { path: 'p.md' },
  )
  expect(toJson(book)).toMatchObject({
    title: 'A', metadata: {}, severityPolicy: [], contacts: [], links: [],
    procedures: [{
      id: 'a', title: 'A', line: 1, severity: 'P1', responseTimeMinutes: null,
      trigger: { signal: 'cpu_usage', comparison: '>', threshold: 0.8, unit: 'ratio', forSeconds: 300 },
      phases: [{
        name: 'Mitigation', kind: 'mitigate', startMinute: 0, endMinute: 5,
        steps: [{
          id: 'mitigation/options', title: 'Choose one option', kind: 'choice', line: 8, commands: [],
          alternatives: [{
            commands: [{ text: 'kubectl get pod POD_NAME', language: 'bash', line: 10, risk: 'read', flags: [], inputs: [{ name: 'POD_NAME' }] }],
          }],
        }],
      }],
    }],
  }) // prettier-ignore
})
