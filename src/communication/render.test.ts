import { expect, test } from 'vitest'
import { renderMessage, templateFor } from './render.ts'

const template = (body: string, title = 'Initial Alert Acknowledgment') => ({
  id: 't',
  title,
  channel: '#incidents',
  body,
  fields: [],
  line: 1,
})

test('placeholders of every style are filled from facts', () => {
  const rendered = renderMessage(template('[{severity}] {title} by @{name}, <service>, [Title]'), {
    severity: 'P2',
    title: 'High error rate',
    actor: 'ada',
    service: 'orders',
  })
  expect(rendered.body).toBe('[P2] High error rate by ada, orders, High error rate')
})

test('a line that needs a fact nobody has is left out and reported, never invented', () => {
  const rendered = renderMessage(template('known: {title}\nunknown: {root cause}'), { title: 'X' })
  expect(rendered.body).toBe('known: X')
  expect(rendered.missing).toEqual(['root_cause'])
})

test('sample values of a template written as an example are replaced by facts or left out', () => {
  const rendered = renderMessage(
    template('Time: 14:32 UTC\nError rate now: 0.2%\nTransactions: 5,000 lost\nInvestigating now...'),
    { time: '03:07 UTC', value: '0.10 %' },
  )
  expect(rendered.body).toBe('Time: 03:07 UTC\nError rate now: 0.10 %\nInvestigating now...')
  expect(rendered.missing).toEqual(['transactions'])
})

test('a fact that looks like a placeholder is text, not a template', () => {
  expect(renderMessage(template('{title}'), { title: '{severity}', severity: 'P1' }).body).toBe('{severity}')
})

test('the kind of a template is read from its title', () => {
  const templates = [
    template('a'),
    template('b', 'Status Update (Ongoing Issue)'),
    template('c', 'Resolution Notification'),
  ]
  expect(templateFor(templates, 'acknowledgement')?.body).toBe('a')
  expect(templateFor(templates, 'status-update')?.body).toBe('b')
  expect(templateFor(templates, 'resolution')?.body).toBe('c')
  expect(templateFor(templates, 'summary')).toBeNull()
})

test('a template that is an example of another incident says nothing of that one', () => {
  const seed = [
    '🚨 [P2] High Error Rate Alert - erlmcp',
    '✅ RESOLVED: High Error Rate - erlmcp',
    'Investigation findings:',
    '- Recent deployment identified: v1.2.3',
    '- Rollback in progress...',
    'Root cause: Connection pool exhaustion',
    'Post-mortem: Will investigate and post findings',
    '',
    'Thank you for your patience!',
  ].join('\n')
  const rendered = renderMessage(template(seed), {
    severity: 'P1',
    title: 'Checkout fails',
    findings: '- none yet',
  })
  expect(rendered.body).toBe(
    '🚨 [P1] Checkout fails\n✅ RESOLVED: Checkout fails\nInvestigation findings:\n- none yet\n\nThank you for your patience!',
  )
  expect(rendered.missing).toEqual(['root_cause', 'review'])
})

test('sections of an example report become facts or are asked for', () => {
  const report = [
    '## Incident Report: [Title]',
    '**Duration:** 14:32 - 14:47 UTC (15 minutes)',
    '### Root Cause',
    '...',
    '### Timeline',
    '- 14:32 - Alert triggered',
    '### Owner: @[Engineer]',
  ].join('\n')
  const rendered = renderMessage(template(report), {
    title: 'Checkout fails',
    duration: '4 min',
    timeline: '- 03:00 declared',
    actor: 'ada',
  })
  expect(rendered.body).toBe(
    '## Incident Report: Checkout fails\n**Duration:** 4 min\n### Timeline\n- 03:00 declared\n### Owner: @ada',
  )
  expect(rendered.missing).toEqual(['root_cause'])
})
