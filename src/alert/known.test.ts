import { expect, test } from 'vitest'
import { KnownEpisodes } from './known.ts'
import type { EpisodeAlert } from './model.ts'

const AT = new Date('2026-11-24T12:00:00Z')
const alert = (change: Partial<EpisodeAlert> = {}): EpisodeAlert => ({
  fingerprint: 'f1',
  status: 'firing',
  name: 'X',
  labels: {},
  annotations: { summary: 'a' },
  startsAt: AT,
  endsAt: null,
  expiresAt: null,
  generatorUrl: null,
  groupKey: 'g',
  heldBy: null,
  ...change,
})

test('only the same episode, still firing, with the same annotations, is a repeat', () => {
  const known = new KnownEpisodes()
  known.remember('am', alert(), AT)
  expect(known.isRepeat('am', alert())).toBe(true)
  expect(known.isRepeat('other', alert())).toBe(false)
  expect(known.isRepeat('am', alert({ status: 'resolved' }))).toBe(false)
  expect(known.isRepeat('am', alert({ startsAt: new Date(AT.getTime() + 1) }))).toBe(false)
  expect(known.isRepeat('am', alert({ annotations: { summary: 'b' } }))).toBe(false)
  expect(known.isRepeat('am', alert({ heldBy: 'silenced: x' }))).toBe(false)
  known.forget('am', alert())
  expect(known.isRepeat('am', alert())).toBe(false)
})

test('repeats are counted until they are handed out, with the last time and deadline', () => {
  const known = new KnownEpisodes()
  known.remember('am', alert(), AT)
  const later = new Date(AT.getTime() + 60_000)
  known.noteRepeat('am', alert(), AT)
  known.noteRepeat('am', alert({ expiresAt: later }), later)
  expect(known.takeSightings()).toEqual([
    { source: 'am', fingerprint: 'f1', startsAt: AT, lastSeenAt: later, expiresAt: later, repeats: 2 },
  ])
  expect(known.takeSightings()).toEqual([])
})

test('never holds more than its limit, and drops the one longest unheard of', () => {
  const known = new KnownEpisodes(100)
  for (let number = 0; number < 1_000; number += 1) {
    known.remember('am', alert({ fingerprint: `f${number}` }), AT)
    if (number >= 1) known.noteRepeat('am', alert({ fingerprint: 'f0' }), AT)
  }
  expect(known.size).toBe(100)
  expect(known.isRepeat('am', alert({ fingerprint: 'f0' }))).toBe(true)
  expect(known.isRepeat('am', alert({ fingerprint: 'f1' }))).toBe(false)
})
