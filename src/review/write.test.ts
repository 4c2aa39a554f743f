import { expect, test } from 'vitest'
import type { ReviewFacts } from './facts.ts'
import { duration, writeReview } from './write.ts'

const facts = (change: Partial<ReviewFacts> = {}): ReviewFacts => ({
  incidentId: 'inc_1',
  number: 7,
  title: 'High error rate on orders',
  severity: 'P2',
  service: 'orders',
  alertName: 'OrdersHighErrorRate',
  openedAt: '2026-11-20T14:32:00.000Z',
  acknowledgedAt: '2026-11-20T14:33:00.000Z',
  mitigatedAt: '2026-11-20T14:40:00.000Z',
  resolvedAt: '2026-11-20T14:47:00.000Z',
  durationSeconds: 900,
  timeToAcknowledgeSeconds: 60,
  timeToMitigateSeconds: 480,
  responseTimeMinutes: 15,
  runbook: { path: 'orders.md', commit: null, contentHash: 'a'.repeat(64), line: 12 },
  timeline: [{ at: '2026-11-20T14:32:00.000Z', actor: 'system:erlmcp', message: 'P2 declared' }],
  commands: [
    {
      text: 'ln -sfn a b',
      risk: 'change',
      state: 'done',
      exitCode: 0,
      startedAt: '2026-11-20T14:38:00.000Z',
      approvedBy: 'person:ada',
      summary: null,
    },
  ],
  verifications: [
    {
      attempt: 1,
      verdict: 'passed',
      reason: 'held for 20 s',
      samples: [
        { at: 'x', value: 0.085 },
        { at: 'y', value: 0 },
      ],
    },
  ],
  impact: { signal: 'error_rate', worst: 0.085, last: 0, failedRequests: 5_000 },
  skipped: [],
  followUp: ['Root cause identified'],
  ...change,
})

test('the review states duration, severity, impact in numbers, what changed and who approved it', () => {
  const review = writeReview(facts())
  expect(review).toContain('# Incident Report: High error rate on orders')
  expect(review).toContain('(15 min 0 s)')
  expect(review).toContain('5,000 failed requests, error_rate at worst 8.50 %, 0.00 % at the end')
  expect(review).toContain('`ln -sfn a b` - done, approved by person:ada')
  expect(review).toContain('**passed**')
  expect(review).toContain('- [ ] Root cause identified')
})

test('the review date is the next business day', () => {
  expect(writeReview(facts())).toContain('**Review Date:** 2026-11-23')
})

test('text from an alert cannot become a heading, a link or HTML of the review', () => {
  const review = writeReview(facts({ title: '<script>x</script>\n# Owned [a](javascript:b)' }))
  expect(review).not.toContain('<script>')
  expect(review).not.toMatch(/^# Owned/m)
  expect(review).not.toContain('[a](')
})

test('what was not measured is said to be not measured', () => {
  const review = writeReview(
    facts({ verifications: [], impact: { signal: null, worst: null, last: null, failedRequests: null } }),
  )
  expect(review).toContain('**Impact:** not measured')
  expect(review).toContain('Nothing was measured.')
})

test.each([
  [null, 'never'],
  [59, '59 s'],
  [61, '1 min 1 s'],
  [7_260, '2 h 1 min'],
])('%s seconds are %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text)
})
