import { expect, test } from 'vitest'
import { isFinal, RUN_STATES, RUN_TRANSITIONS } from './state.ts'

test('a run that has ended stays ended', () => {
  expect(RUN_STATES.filter(isFinal)).toEqual(['succeeded', 'failed', 'cancelled'])
})

test('a run can be cancelled in every state that is not final', () => {
  for (const state of RUN_STATES.filter((candidate) => !isFinal(candidate))) {
    expect(RUN_TRANSITIONS[state]).toContain('cancelled')
  }
})

test('nothing is executed without a decision before it', () => {
  const before = RUN_STATES.filter((state) => RUN_TRANSITIONS[state].includes('executing'))
  expect(before.toSorted()).toEqual(['awaiting-decision', 'awaiting-person'])
})
