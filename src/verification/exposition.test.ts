import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readSeries, seriesKey } from './exposition.ts'

const PAGE = `# HELP http_requests_total Requests by code.
# TYPE http_requests_total counter
http_requests_total{code="200",path="/a b"} 1027 1395066363000
http_requests_total { code = "500" , path = "/x\\"y\\\\z\\n" , } 3.0e0
http_requests_total{code="503"} 4 # {trace_id="abc"} 1
http_requests_total_other{code="500"} 99
http_requests 7
up 1
# EOF
`

describe('a metrics page', () => {
  test('gives the series of one counter, with its labels', () => {
    expect(readSeries(PAGE, 'http_requests_total')).toEqual([
      { labels: { code: '200', path: '/a b' }, value: 1027 },
      { labels: { code: '500', path: '/x"y\\z\n' }, value: 3 },
      { labels: { code: '503' }, value: 4 },
    ])
  })

  test('may have no labels, other line ends, and lines of any kind for other metrics', () => {
    expect(readSeries('junk {{{\r\nhttp_requests_total 5\r\n', 'http_requests_total')).toEqual([
      { labels: {}, value: 5 },
    ])
  })

  test.each([
    'http_requests_total{code="500" 1',
    'http_requests_total{code=500} 1',
    'http_requests_total{code="500"}',
    'http_requests_total{code="500"} many',
    'http_requests_total{code="500"} NaN',
    'http_requests_total{code="500"} 1 2 3',
    'http_requests_total{code="5",code="5"} 1',
    'http_requests_total{code="a"} 1\nhttp_requests_total{code="a"} 2',
  ])('with a line that cannot be read fails instead of leaving a series out: %s', (page) => {
    expect(() => readSeries(page, 'http_requests_total')).toThrow('metrics page')
  })

  test('gives back any label value', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(), (text, value) => {
        const written = text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
        fc.pre(!text.includes('\r'))
        expect(readSeries(`m{a="${written}"} ${value}`, 'm')).toEqual([{ labels: { a: text }, value }])
      }),
    )
  })

  test('names a series the same whatever the order of its labels', () => {
    expect(seriesKey({ a: '1', b: '2' })).toBe(seriesKey({ b: '2', a: '1' }))
    expect(seriesKey({ a: '1",b="2' })).not.toBe(seriesKey({ a: '1', b: '2' }))
  })
})
