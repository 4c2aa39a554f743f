import { expect, test } from 'vitest'
import { proofStatus } from './status.ts'

const now = new Date('2026-11-24T12:00:00Z')
const TEXT = 'a'.repeat(64)
const subject = {
  page: 'high-error-rate.md',
  procedure: 'high-error-rate',
  contentHash: TEXT,
  reviewMonths: 3,
}
const proof = (at: string, more: Record<string, unknown> = {}) => ({
  scenario: 'bad-release',
  page: 'high-error-rate.md',
  procedure: 'high-error-rate',
  contentHash: TEXT,
  target: 'sandbox',
  at,
  passed: true,
  reason: '',
  ...more,
})

test('a procedure that was rehearsed on this text three days ago is proved', () => {
  expect(proofStatus([proof('2026-11-21T10:00:00Z')], subject, now)).toMatchObject({
    state: 'proved',
    text: 'proved 3 days ago on this text',
  })
})

test('a page whose text changed has lost its proof, and says when it had one', () => {
  const before = proof('2026-11-23T10:00:00Z', { contentHash: 'b'.repeat(64) })
  expect(proofStatus([before], subject, now)).toMatchObject({
    state: 'changed',
    text: 'text changed since it was proved 1 day ago',
  })
})

test('a proof older than the review cycle is stale', () => {
  const old = [proof('2026-08-20T10:00:00Z')]
  expect(proofStatus(old, subject, now).state).toBe('stale')
  expect(proofStatus(old, { ...subject, reviewMonths: 6 }, now).state).toBe('proved')
  // without a cycle of its own a page is held to a quarter
  expect(proofStatus(old, { ...subject, reviewMonths: null }, now).state).toBe('stale')
})

test('a procedure that no rehearsal has tried was never proved, and another procedure of the page does not count', () => {
  expect(proofStatus([], subject, now).state).toBe('never')
  const other = proof('2026-11-21T10:00:00Z', { procedure: 'something-else' })
  expect(proofStatus([other], subject, now).state).toBe('never')
})

test('one scenario that fails on this text is enough to lose the proof, until it passes again', () => {
  const overload = { scenario: 'overload', passed: false, reason: 'not done within 300 s' }
  const proofs = [proof('2026-11-23T10:00:00Z'), proof('2026-11-22T10:00:00Z', overload)]
  expect(proofStatus(proofs, subject, now)).toMatchObject({
    state: 'failed',
    text: 'not proved: overload failed 2 days ago (not done within 300 s)',
  })
  const again = proof('2026-11-24T11:30:00Z', { scenario: 'overload' })
  expect(proofStatus([...proofs, again], subject, now)).toMatchObject({
    state: 'proved',
    text: 'proved 30 minutes ago on this text',
  })
})

test('a page that a server serves below another folder is still known as the page that was rehearsed', () => {
  const elsewhere = { ...subject, page: 'team/high-error-rate.md', contentHash: 'c'.repeat(64) }
  expect(proofStatus([proof('2026-11-24T11:59:50Z')], elsewhere, now)).toMatchObject({
    state: 'changed',
    text: 'text changed since it was proved just now',
  })
})
