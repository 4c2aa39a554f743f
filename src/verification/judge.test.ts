import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { judge, satisfies } from './judge.ts'
import type { RecoveryCondition, Sample } from './model.ts'

const CONDITION: RecoveryCondition = { comparison: '<', threshold: 0.01, forSeconds: 60 }
const LIMITS = { giveUpAtMs: 600_000, maxGapMs: 25_000 }

/** One sample every ten seconds; `null` could not be measured. */
const samples = (values: (number | null)[], everyMs = 10_000): Sample[] =>
  values.map((value, index) => ({
    at: new Date(index * everyMs).toISOString(),
    value,
    ...(value === null ? { error: 'no requests' } : {}),
  }))

const good = (count: number): number[] => Array.from({ length: count }, () => 0)

describe('a verdict', () => {
  test('is passed when the condition held at each sample for the whole time', () => {
    expect(judge(samples([0.2, ...good(7)]), CONDITION, 80_000, LIMITS)).toMatchObject({
      state: 'decided',
      verdict: 'passed',
    })
  })

  test('is open one sample before', () => {
    expect(judge(samples([0.2, ...good(6)]), CONDITION, 70_000, LIMITS)).toEqual({
      state: 'pending',
      heldMs: 50_000,
    })
  })

  test('is passed at the first good sample when nothing has to be held', () => {
    expect(judge(samples([0]), { ...CONDITION, forSeconds: 0 }, 0, LIMITS)).toMatchObject({
      verdict: 'passed',
    })
  })

  test('starts again after one bad sample, one that could not be measured, and a gap', () => {
    for (const break_ of [0.5, null]) {
      expect(judge(samples([...good(4), break_, ...good(5)]), CONDITION, 90_000, LIMITS)).toEqual({
        state: 'pending',
        heldMs: 40_000,
      })
    }
    const gap = [
      ...samples(good(4)),
      ...samples(good(4)).map((sample) => ({
        ...sample,
        at: new Date(Date.parse(sample.at) + 70_000).toISOString(),
      })),
    ]
    expect(judge(gap, CONDITION, 100_000, LIMITS)).toEqual({ state: 'pending', heldMs: 30_000 })
  })

  test('is failed when the time is up and the last value is off, or good for too short', () => {
    expect(judge(samples([0, 0.2]), CONDITION, 600_000, LIMITS)).toMatchObject({
      verdict: 'failed',
      reason: expect.stringContaining('0.2') as string,
    })
    expect(judge(samples([0.2, 0, 0]), CONDITION, 600_000, LIMITS)).toMatchObject({
      verdict: 'failed',
      reason: expect.stringContaining('10 s of 60 s') as string,
    })
    expect(judge(samples([0.2, null]), CONDITION, 20_000, { ...LIMITS, giveUpAtMs: 20_000 })).toMatchObject({
      verdict: 'failed',
    })
  })

  test('is unknown when nothing could be measured, or gaps stood in the way', () => {
    expect(judge([], CONDITION, 600_000, LIMITS)).toMatchObject({ verdict: 'unknown' })
    expect(judge(samples([null, null]), CONDITION, 600_000, LIMITS)).toMatchObject({
      verdict: 'unknown',
      reason: expect.stringContaining('no requests') as string,
    })
    expect(judge(samples([0, 0, null, 0]), CONDITION, 600_000, LIMITS)).toMatchObject({ verdict: 'unknown' })
    expect(judge(samples([0, 0, null]), CONDITION, 600_000, LIMITS)).toMatchObject({ verdict: 'unknown' })
    expect(judge(samples([0.2, null, null]), CONDITION, 600_000, LIMITS)).toMatchObject({
      verdict: 'unknown',
      reason: expect.stringContaining('0.2 600 s ago') as string,
    })
  })
})

const anySamples = fc
  .array(
    fc.tuple(fc.option(fc.double({ min: 0, max: 0.02, noNaN: true })), fc.integer({ min: 1, max: 40_000 })),
    { maxLength: 40 },
  )
  .map((parts) => {
    let atMs = 0
    return parts.map(([value, afterMs]): Sample => ({ at: new Date((atMs += afterMs)).toISOString(), value }))
  })

describe('whatever the samples are', () => {
  test('passed means that every moment of the hold time lies between two good samples', () => {
    fc.assert(
      fc.property(anySamples, (all) => {
        const last = all.at(-1)
        const nowMs = last === undefined ? 0 : Date.parse(last.at)
        const judgement = judge(all, CONDITION, nowMs, LIMITS)
        const from = nowMs - CONDITION.forSeconds * 1_000
        const first = all.findLastIndex((sample) => Date.parse(sample.at) <= from)
        const needed = first === -1 ? [] : all.slice(first)
        const held =
          needed.length > 0 &&
          needed.every(({ value }) => value !== null && value < CONDITION.threshold) &&
          needed.every(
            (sample, index) =>
              index === 0 ||
              Date.parse(sample.at) - Date.parse(needed[index - 1]?.at ?? '') <= LIMITS.maxGapMs,
          )
        expect(judgement.state === 'decided' && judgement.verdict === 'passed').toBe(held)
      }),
      { numRuns: 2_000 },
    )
  })

  test('there is a verdict when the time is up, and none without a measured value is passed or failed', () => {
    fc.assert(
      fc.property(anySamples, (all) => {
        const judgement = judge(all, CONDITION, LIMITS.giveUpAtMs, LIMITS)
        expect(judgement.state).toBe('decided')
        if (all.every(({ value }) => value === null)) expect(judgement).toMatchObject({ verdict: 'unknown' })
      }),
    )
  })

  test('exactly one of a comparison and its opposite is satisfied', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), fc.double({ noNaN: true }), (value, threshold) => {
        for (const [one, other] of [
          ['<', '>='],
          ['<=', '>'],
          ['==', '!='],
        ] as const) {
          expect(satisfies(value, one, threshold)).toBe(!satisfies(value, other, threshold))
        }
      }),
    )
  })
})
