import { describe, expect, test } from 'vitest'
import { alertInPath, alertInTitle, alertsInLabel, alertsInSentence } from './alert-names.ts'
import { parseCondition } from './condition.ts'
import { boldOnly, firstSentence, introTitle, labelOf, linksOf, plainText } from './inline.ts'
import { isInlineCommand, startsLikeCommand } from './programs.ts'
import { parseMinutes, parseSeverity } from './severity.ts'
import { githubSlug } from './slug.ts'
import { alternativeOf, phaseKindOf, phaseTitle, unnumbered } from './vocabulary.ts'

const PLACE = { line: 1, column: 1, endLine: 1, endColumn: 1 }
const read = (text: string): unknown[] => {
  const { signal, comparison, threshold, unit, forSeconds } = parseCondition(text, PLACE)
  return [signal, comparison, threshold, unit, forSeconds]
}

test.each([
  ['Error rate > 5% for 1 minute', ['error_rate', '>', 0.05, 'ratio', 60]],
  ['error ratio above 0.5 % over the last 2 hours', ['error_rate', '>', 0.005, 'ratio', 7200]],
  ['5xx responses exceed 2.5 percent for 30s', ['error_rate', '>', 0.025, 'ratio', 30]],
  ['Memory usage >= 85% for 3 minutes', ['memory_usage', '>=', 0.85, 'ratio', 180]],
  ['CPU usage is greater than **80%** for 5 min', ['cpu_usage', '>', 0.8, 'ratio', 300]],
  ['p95 latency > 1.5s', ['latency', '>', 1.5, 'seconds', null]],
  ['Response time over 250ms for 10m', ['latency', '>', 0.25, 'seconds', 600]],
  ['Disk usage reaches 90%', ['disk_usage', '>=', 0.9, 'ratio', null]],
  ['Memory above 1.5Gi', ['memory_usage', '>', 1_610_612_736, 'bytes', null]],
  ['Database connection pool exhaustion', ['db_pool_exhausted', null, null, null, null]],
  ['Pod continuously restarts', ['crash_looping', null, null, null, null]],
  ['Replicas missing >= 1 for 5 minutes', ['replicas_missing', '>=', 1, 'count', 300]],
  ['Service unreachable', ['probe_failing', null, null, null, null]],
  ['Probe failing >= 1 for 1 minute', ['probe_failing', '>=', 1, 'count', 60]],
  ['OOM kills >= 1 for 1 minute', ['oom_kills', '>=', 1, 'count', 60]],
  ['Database down >= 1 for 1 minute', ['database_down', '>=', 1, 'count', 60]],
  ['A readiness probe that fails', [null, null, null, null, null]],
  ['Error rate drops below 1% for 20 seconds', ['error_rate', '<', 0.01, 'ratio', 20]],
  ['Queue longer than usual', [null, null, null, null, null]],
  ['more than 1,000 jobs', [null, '>', 1000, 'count', null]],
  ['Error rate &gt; 5%', ['error_rate', '>', 0.05, 'ratio', null]],
])('the trigger "%s"', (text, expected) => {
  expect(read(text)).toEqual(expected)
})

test.each([
  ['P2 (High)', 'P2', null],
  ['P2-P3 (Medium-High)', 'P2', ['P2', 'P3']],
  ['SEV-1', 'P1', null],
  ['S3', 'P3', null],
  ['P0', 'P1', null],
  ['critical', 'P1', null],
  ['Warning', 'P3', null],
  ['info', 'P4', null],
])('the severity "%s"', (text, severity, range) => {
  expect(parseSeverity(text)).toEqual({ severity, range })
})

test('response times', () => {
  expect(['15 minutes', '15-30 minutes', '1 hour', '< 10 minutes', '90s', 'Immediate', 'Next business day'].map(parseMinutes)).toEqual([15, 15, 60, 10, 1.5, 0, null]) // prettier-ignore
})

test.each([
  ['Immediate Actions (0-2 minutes)', 'Immediate Actions', 0, 2, '0-2 minutes'],
  ['⚡ Immediate Actions (0–3 min)', 'Immediate Actions', 0, 3, '0–3 min'],
  ['Recovery (1-2 hours)', 'Recovery', 60, 120, '1-2 hours'],
  ['Triage (first 5 minutes)', 'Triage', 0, 5, 'first 5 minutes'],
  ['Review (Next business day)', 'Review', null, null, 'Next business day'],
  ['Rollback (Automatic)', 'Rollback (Automatic)', null, null, null],
])('the phase "%s"', (title, name, startMinute, endMinute, window) => {
  expect(phaseTitle(title)).toEqual({ name, startMinute, endMinute, window })
})

test.each([
  ['Diagnosis', 'diagnose'], ['Mitigation', 'mitigate'], ['Meaning', 'context'], ['Impact', 'context'],
  ['2. Investigation', 'diagnose'], ['Step 3: Verify the fix', 'verify'], ['Post-Incident Review', 'follow-up'],
  ['Common Causes & Solutions', 'mitigate'], ['Playbook', 'diagnose'], ['Escalation', 'follow-up'], ['Weather', null],
  ['Recovery', 'mitigate'], ['Prerequisites', 'context'], ['When does it run', 'context'],
])('what "%s" is for', (title, kind) => {
  expect(phaseKindOf(title)).toBe(kind)
}) // prettier-ignore

test('alternatives', () => {
  expect(alternativeOf('Option 3: Rollback (if recent deployment)')).toEqual({ kind: 'option', label: '3', title: 'Rollback', condition: 'if recent deployment' }) // prettier-ignore
  expect(alternativeOf('Cause B - Disk')).toMatchObject({ kind: 'cause', label: 'b', title: 'Disk' })
  expect(alternativeOf('Approach 2: Skip')).toMatchObject({ kind: 'option', label: '2' })
  expect(alternativeOf('Options for scaling')).toBeNull()
  expect(alternativeOf('Case study of last year')).toBeNull()
})

test('numbers in front of headings', () => {
  expect(['1. Check', 'Step 2: Check', 'Phase 3 - Check', '2.1) Check', '3 pods are down', 'Stepping down'].map(unnumbered)).toEqual(['Check', 'Check', 'Check', 'Check', '3 pods are down', 'Stepping down']) // prettier-ignore
})

describe('alert names', () => {
  test.each([
    ['HighErrorRate', 'HighErrorRate'], ['`KubeDown`', 'KubeDown'], ['Alert: PierDown', 'PierDown'], ['PierDown Alert', 'PierDown'],
    ['etcdNoLeader', 'etcdNoLeader'], ['KubePodNotReady_v2', 'KubePodNotReady_v2'], ['PostgreSQL', null], ['Diagnosis', null],
    ['High Error Rate', null], ['GitLab', null], ['README', null], ['API', null],
  ])('in the heading %s', (title, name) => {
    expect(alertInTitle(title)).toBe(name)
  }) // prettier-ignore

  test('in file names', () => {
    expect(['a/PierDown.md', 'a/PierDown.html.md.erb', 'pier-down.md', 'README.md', 'HIGH_ERROR_LATENCY.md'].map(alertInPath)).toEqual(['PierDown', 'PierDown', null, null, null]) // prettier-ignore
  })

  test('in labels and sentences', () => {
    expect(alertsInLabel('`A_b`, `CdEf` (critical)')).toEqual(['A_b', 'CdEf'])
    expect(alertsInLabel('OrdersDown and OrdersSlow')).toEqual(['OrdersDown', 'OrdersSlow'])
    expect(alertsInSentence('The alert `PierDown` fires; see also `kubectl`.')).toEqual(['PierDown'])
  })
})

describe('inline text', () => {
  test('as a reader sees it', () => {
    expect(plainText('**Check** the [log](http://x/a_b) of `pod_a` <!-- hidden --> and _wait_')).toBe(
      'Check the log of pod_a and wait',
    )
    expect(plainText('`<pod-name>` in <details>x</details>')).toBe('<pod-name> in x')
    expect(plainText('[`type`](https://x/y_z) of `[a](b)`')).toBe('type of [a](b)')
    expect(plainText('snake_case_name * 3')).toBe('snake_case_name * 3')
  })

  test('labels', () => {
    expect(labelOf('**Severity:** P2 (High)')).toMatchObject({ key: 'Severity', value: 'P2 (High)' })
    expect(labelOf('**Purpose**: Orders')).toMatchObject({ key: 'Purpose', value: 'Orders' })
    expect(labelOf('*Owner*: us')).toMatchObject({ key: 'Owner', value: 'us' })
    expect(labelOf('**Note** this')).toBeNull()
    expect(labelOf('plain: text')).toBeNull()
  })

  test('bold lines', () => {
    expect(boldOnly('**Option 1: Scale Up**')).toBe('Option 1: Scale Up')
    expect(boldOnly('**Validation**:')).toBe('Validation')
    expect(boldOnly('**a** and **b**')).toBeNull()
  })

  test('titles from introductions', () => {
    expect(introTitle('To list the boats, run the following command:')).toBe('List the boats')
    expect(introTitle('Backups are kept. To see where, run this:')).toBe('See where')
    expect(introTitle('Check the logs of the pods:')).toBe('Check the logs of the pods')
    expect(firstSentence('Look, e.g. at the sea. Then sail.')).toBe('Look, e.g. at the sea')
  })

  test('links and bare addresses', () => {
    expect(linksOf('[a](http://x) ![i](http://img) http://y/z. end')).toEqual([{ name: 'a', url: 'http://x' }, { name: 'http://y/z', url: 'http://y/z' }]) // prettier-ignore
  })

  test('slugs are those of GitHub', () => {
    expect(['Scaling Operations', 'Backup & Recovery', "Pod won't start", '⚡ Go (0-3)', 'a_b'].map(githubSlug)).toEqual(['scaling-operations', 'backup--recovery', 'pod-wont-start', '-go-0-3', 'a_b']) // prettier-ignore
  })
})

describe('what is a command', () => {
  test.each([
    'kubectl get pods', 'sudo systemctl restart a', './scripts/fix.sh --now', '/opt/bin/tool status', 'FOO=1 make', 'for i in 1 2; do', 'top -b', 'k get pods', 'export A=1',
  ])('%s', (line) => {
    expect(startsLikeCommand(line)).toBe(true)
  }) // prettier-ignore

  test.each([
    'The pods are down', 'Pod is restarting', 'kubectl is a tool', '/pd trigger', 'find out who did it', 'host is down', 'make sure that it works', 'total 24', '"msg"="x"', 'if the pod is down',
  ])('not: %s', (line) => {
    expect(startsLikeCommand(line)).toBe(false)
  }) // prettier-ignore

  test('inline code needs arguments', () => {
    expect(['kubectl get hpa', 'df -h', 'kubectl logs', 'kubectl', 'NAMESPACE=x', 'etcd', 'helm'].map(isInlineCommand)).toEqual([true, true, false, false, false, false, false]) // prettier-ignore
  })
})
