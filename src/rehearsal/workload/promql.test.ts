import { describe, expect, test } from 'vitest'
import { SIGNAL_TABLE } from '../../runbook/index.ts'
import { evaluate, UnsupportedQuery } from './promql.ts'
import { parseExposition, SeriesStore } from './series.ts'

const NOW = 1_000_000

/** Two pods over 60 s: the first answers 100 requests, 10 of them with 500; the second starts anew in the middle. */
function filled(): SeriesStore {
  const store = new SeriesStore()
  for (let second = 0; second <= 60; second += 2) {
    const at = NOW - 60_000 + second * 1_000
    const add = (labels: Record<string, string>, value: number) => store.add(labels, value, at)
    add({ __name__: 'http_requests_total', pod: 'a', code: '200' }, second * 1.5)
    add({ __name__: 'http_requests_total', pod: 'a', code: '500' }, second * 0.5)
    add(
      { __name__: 'http_requests_total', pod: 'b', code: '200' },
      second < 30 ? second * 2 : (second - 30) * 2,
    )
    add({ __name__: 'memory_bytes', pod: 'a' }, 50)
    add({ __name__: 'memory_limit_bytes', pod: 'a' }, 200)
    for (const [le, count] of [['0.1', 50], ['0.5', 90], ['+Inf', 100]] as const) add({ __name__: 'd_bucket', le }, (count * second) / 60) // prettier-ignore
  }
  return store
}

const query = (text: string) => evaluate(text, filled(), NOW)
const number = (text: string): number => {
  const value = query(text)
  return typeof value === 'number' ? value : (value[0]?.value ?? Number.NaN)
}

describe('the stand-in for Prometheus', () => {
  test.each([
    ['sum(rate(http_requests_total{code=~"5.."}[1m]))', 0.5],
    ['rate(http_requests_total{pod="a",code="200"}[1m])', 1.5],
    ['sum(rate(http_requests_total{pod="b"}[1m]))', 116 / 60],
    [
      'sum(rate(http_requests_total{pod="a",code=~"5.."}[1m])) / sum(rate(http_requests_total{pod="a"}[1m]))',
      0.25,
    ],
    ['increase(http_requests_total{pod="a",code="500"}[1m])', 30],
    ['memory_bytes / memory_limit_bytes', 0.25],
    ['max(memory_bytes) * 2 + 1', 101],
    ['count(http_requests_total)', 3],
    ['avg_over_time(memory_bytes[30s])', 50],
    ['histogram_quantile(0.9, sum by (le) (rate(d_bucket[1m])))', 0.5],
    ['absent(nothing)', 1],
    ['-(2 + 3) * 2', -10],
  ])('%s is %s', (text, expected) => {
    expect(number(text)).toBeCloseTo(expected, 1)
  })

  test('a comparison keeps the samples for which it holds, with their labels', () => {
    expect(query('memory_bytes > 40')).toMatchObject([{ labels: { pod: 'a' }, value: 50 }])
    expect(query('memory_bytes > 60')).toEqual([])
  })

  test('by keeps the labels that it names and without the others', () => {
    expect(query('sum by (code) (http_requests_total)')).toHaveLength(2)
    expect(query('sum without (code) (http_requests_total)')).toHaveLength(2)
  })

  test('a query beyond what it knows is refused and not guessed at', () => {
    expect(() => query('topk(1, memory_bytes)')).toThrow(UnsupportedQuery)
    expect(() => query('predict_linear(memory_bytes[1m], 60)')).toThrow('predict_linear is not known here')
  })

  test('sides are matched by the labels that on names, and sets are joined', () => {
    expect(number('memory_bytes / on (pod) max by (pod, le) (memory_limit_bytes)')).toBe(0.25)
    expect(query('http_requests_total and on (pod) memory_bytes')).toHaveLength(2)
    expect(query('http_requests_total unless on (pod) memory_bytes')).toMatchObject([
      { labels: { pod: 'b' } },
    ])
    expect(query('memory_bytes or memory_limit_bytes')).toHaveLength(1)
  })

  test('without any failed request the error rate is 0, not something that cannot be measured', () => {
    const ratio = SIGNAL_TABLE.error_rate.value('pod="b"', '1m')
    expect(number(ratio)).toBe(0)
    expect(number(SIGNAL_TABLE.error_rate.value('pod="a"', '1m'))).toBeCloseTo(0.25, 2)
    expect(query(SIGNAL_TABLE.error_rate.value('pod="none"', '1m'))).toEqual([])
  })

  test('a series that is scraped no more is gone', () => {
    expect(evaluate('memory_bytes', filled(), NOW + 60_000)).toEqual([])
  })
})

test('the text form of metrics is read with its labels', () => {
  const text = '# TYPE x counter\nx{a="1",b="say \\"hi\\""} 2.5\nplain 3\nnot a metric line at all {\n'
  expect(parseExposition(text).slice(0, 2)).toEqual([
    { labels: { __name__: 'x', a: '1', b: 'say "hi"' }, value: 2.5 },
    { labels: { __name__: 'plain' }, value: 3 },
  ])
})
