import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { errorRate, failedTotal } from './error-rate.ts'
import type { Series } from './exposition.ts'

const at = (atMs: number, counts: Record<string, number>) => ({
  atMs,
  series: Object.entries(counts).map(([code, value]): Series => ({ labels: { code }, value })),
})

describe('the error rate between two scrapes', () => {
  test('is the share of 5xx in what has come since', () => {
    expect(errorRate(at(0, { 200: 100, 500: 50 }), at(1_000, { 200: 190, 404: 5, 500: 54, 503: 1 }))).toEqual(
      { value: 0.05 },
    )
  })

  test('counts from zero after a restart of the service', () => {
    expect(errorRate(at(0, { 200: 1_000, 500: 900 }), at(1_000, { 200: 9, 500: 1 }))).toEqual({ value: 0.1 })
  })

  test('is no value without traffic, without the counter, and with a counter that is none', () => {
    expect(errorRate(at(0, { 200: 5 }), at(30_000, { 200: 5 }))).toEqual({
      value: null,
      error: 'no requests in 30 s',
    })
    expect(errorRate(at(0, {}), at(1_000, {}))).toMatchObject({ value: null })
    expect(errorRate(at(0, {}), at(1_000, { 200: -1 }))).toMatchObject({ value: null })
  })

  test('is always between 0 and 1, and does not depend on the order of the series', () => {
    const counts = fc.dictionary(fc.constantFrom('200', '301', '404', '500', '503'), fc.nat({ max: 100_000 }))
    fc.assert(
      fc.property(counts, counts, (before, after) => {
        const rate = errorRate(at(0, before), at(1_000, after))
        if (rate.value !== null) expect(rate.value).toBeGreaterThanOrEqual(0)
        if (rate.value !== null) expect(rate.value).toBeLessThanOrEqual(1)
        const reversed = { atMs: 1_000, series: at(0, after).series.reverse() }
        expect(errorRate(at(0, before), reversed)).toEqual(rate)
      }),
    )
  })

  test('all failed requests are counted, whatever label the service uses', () => {
    expect(
      failedTotal([
        { labels: { status: '502' }, value: 2 },
        { labels: { code: '5xx' }, value: 3 },
        { labels: { code: '200' }, value: 9 },
      ]),
    ).toBe(5)
  })
})
