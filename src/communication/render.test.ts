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
