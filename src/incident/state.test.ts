import { expect, test } from 'vitest'
import { INCIDENT_STATES, INCIDENT_TRANSITIONS, isOver } from './state.ts'
import { severityOf } from './severity.ts'

test('nothing leaves closed, and nothing that is over becomes active again', () => {
  expect(INCIDENT_TRANSITIONS.closed).toEqual([])
  for (const state of INCIDENT_STATES.filter(isOver)) {
    expect(INCIDENT_TRANSITIONS[state].every(isOver)).toBe(true)
  }
})

test('every active state can end', () => {
  for (const state of INCIDENT_STATES.filter((candidate) => !isOver(candidate))) {
    expect(INCIDENT_TRANSITIONS[state]).toContain('resolved')
  }
})

test.each([
  [{ priority: 'P1', severity: 'warning' }, 'P3', 'P1'],
  [{ severity: 'P2' }, 'P4', 'P2'],
  [{ severity: 'critical' }, 'P2', 'P2'],
  [{ severity: 'critical' }, null, 'P1'],
  [{ severity: 'Warning' }, null, 'P3'],
  [{ severity: 'strange' }, null, 'P3'],
  [{}, null, 'P3'],
] as const)('labels %j on a page of %s are %s', (labels, page, expected) => {
  expect(severityOf(labels, page)).toBe(expected)
})
