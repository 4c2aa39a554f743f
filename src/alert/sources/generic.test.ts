import { expect, test } from 'vitest'
import { alerting } from '../../base/config-alerting.ts'
import type { GenericMapping } from '../../base/config-alerting.ts'
import { readMapped } from './generic.ts'

const mappingOf = (mapping: Record<string, unknown>): GenericMapping => {
  const config = alerting.parse({ sources: [{ name: 'probe', kind: 'generic', mapping }] })
  const [source] = config.sources
  if (source?.mapping == null) throw new Error('no mapping')
  return source.mapping
}
const mapping = mappingOf({
  alerts: '/checks',
  name: '/check/name',
  id: '/check/id',
  status: { at: '/state', firing: ['DOWN'], resolved: ['UP', 'OK'] },
  startsAt: '/since',
  labels: { service: '/tags/svc~1name', severity: '=P2', region: '/nowhere' },
  annotations: { summary: '/text' },
})
const check = (change: Record<string, unknown> = {}) => ({
  check: { name: 'HomePage', id: 17 },
  state: 'down',
  since: 1_795_000_000,
  tags: { 'svc/name': 'shop' },
  text: 'no answer',
  ...change,
})

test('a body is read by its pointers; words of the status are taken whatever their case', () => {
  const [alert] = readMapped({ checks: [check()] }, mapping, ['alertname', 'service']).alerts
  expect(alert).toMatchObject({
    status: 'firing',
    name: 'HomePage',
    labels: { alertname: 'HomePage', service: 'shop', severity: 'P2' },
    annotations: { summary: 'no answer' },
    startsAt: new Date(1_795_000_000_000),
  })
  expect(alert?.labels['region']).toBeUndefined()
})

test('an alert keeps its fingerprint and group when its labels change but its id does not', () => {
  const of = (change: Record<string, unknown>) =>
    readMapped({ checks: [check(change)] }, mapping, ['alertname']).alerts[0]
  expect(of({ tags: {} })?.fingerprint).toBe(of({})?.fingerprint)
  expect(of({ state: 'OK' })).toMatchObject({ status: 'resolved', groupKey: of({})?.groupKey })
  expect(of({ check: { name: 'HomePage', id: 18 } })?.groupKey).not.toBe(of({})?.groupKey)
})

test.each([
  ['a state that the mapping does not name', { state: 'flaky' }, /flaky/],
  ['no name', { check: {} }, /name/],
  ['a time that is none', { since: 'soon' }, /soon/],
])('%s is refused, and the message names it', (_what, change, message) => {
  expect(() => readMapped({ checks: [check(change)] }, mapping, [])).toThrow(message)
})

test('a pointer does not reach into what an object inherits', () => {
  const reaching = mappingOf({ ...mapping, name: '/constructor/name', id: null })
  expect(() => readMapped({ checks: [check()] }, reaching, [])).toThrow(/name/)
})
