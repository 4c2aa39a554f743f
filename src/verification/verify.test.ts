import { describe, expect, test } from 'vitest'
import { measureSignal, type MeasureDeps } from './measure.ts'
import type { Sample, SignalSource } from './model.ts'
import { verify, type VerifyRequest } from './verify.ts'

const SCRAPE: SignalSource = { kind: 'scrape', url: 'http://orders/metrics' }
const PROMETHEUS: SignalSource = {
  kind: 'prometheus',
  url: 'http://prometheus:9090/',
  queries: { error_rate: 'rate[$window]' },
}

/** A service seen through its metrics page, on a clock that only the waiting moves. */
function world(page: (second: number) => string | Error | Response) {
  let nowMs = 0
  const asked: string[] = []
  const deps: MeasureDeps = {
    now: () => new Date(nowMs),
    delay: async (ms, signal) => {
      signal?.throwIfAborted()
      nowMs += ms
    },
    fetch: async (input) => {
      asked.push(input instanceof Request ? input.url : input.toString())
      const answer = page(nowMs / 1_000)
      if (answer instanceof Error) throw answer
      return answer instanceof Response ? answer : new Response(answer)
    },
  }
  return { deps, asked }
}

const counters = (ok: number, failed: number): string =>
  `http_requests_total{code="200"} ${ok}\nhttp_requests_total{code="500"} ${failed}\n`
/** Ten requests a second, of which all before `untilSecond` fail with 10 %. */
const healing = (untilSecond: number) => (second: number) => {
  const failed = Math.min(second, untilSecond)
  return counters(second * 10 - failed, failed)
}

const request = (source: SignalSource, options: Partial<VerifyRequest> = {}): VerifyRequest => ({
  condition: { comparison: '<', threshold: 0.01, forSeconds: 30 },
  source,
  signal: 'error_rate',
  sampleEveryMs: 5_000,
  giveUpAfterMs: 120_000,
  ...options,
})
const never = new AbortController().signal

describe('proving a recovery by scraping', () => {
  test('passes once the rate has been normal for the hold time, and hands over every sample as it is taken', async () => {
    const seen: Sample[] = []
    const verdict = await verify(
      world(healing(20)).deps,
      request(SCRAPE, { onSample: async (sample) => void seen.push(sample) }),
      never,
    )
    expect(verdict).toMatchObject({ verdict: 'passed', reason: '< 0.01 held for 30 s' })
    expect(verdict.samples).toEqual(seen)
    expect(seen[0]?.value).toBeCloseTo(0.1)
    expect(seen.at(-1)?.value).toBe(0)
  })

  test('fails when the rate stays high', async () => {
    expect(await verify(world(healing(10_000)).deps, request(SCRAPE), never)).toMatchObject({
      verdict: 'failed',
    })
  })

  test('is unknown when nobody uses the service: silence is no health', async () => {
    const verdict = await verify(world(() => counters(100, 3)).deps, request(SCRAPE), never)
    expect(verdict).toMatchObject({
      verdict: 'unknown',
      reason: expect.stringContaining('no requests') as string,
    })
  })

  test('is unknown when the service does not answer, and says why', async () => {
    const verdict = await verify(world(() => new Error('connect ECONNREFUSED')).deps, request(SCRAPE), never)
    expect(verdict).toMatchObject({
      verdict: 'unknown',
      reason: expect.stringContaining('ECONNREFUSED') as string,
    })
  })

  test('a restart of the service in between does no harm', async () => {
    const { deps } = world((second) => (second < 40 ? healing(20)(second) : counters((second - 39) * 10, 0)))
    expect(await verify(deps, request(SCRAPE), never)).toMatchObject({ verdict: 'passed' })
  })

  test('one scrape that fails starts the hold time again', async () => {
    const steady = await verify(world(healing(0)).deps, request(SCRAPE), never)
    const broken = await verify(
      world((second) => (second === 20 ? new Error('reset') : healing(0)(second))).deps,
      request(SCRAPE),
      never,
    )
    expect(broken.verdict).toBe('passed')
    expect(broken.samples.length).toBeGreaterThan(steady.samples.length)
  })

  test('stops when it is told to, and when a sample cannot be stored', async () => {
    const stop = new AbortController()
    const stopped = verify(
      world(healing(10_000)).deps,
      request(SCRAPE, { onSample: async () => stop.abort(new Error('cancelled')) }),
      stop.signal,
    )
    await expect(stopped).rejects.toThrow('cancelled')
    const unstored = verify(
      world(healing(0)).deps,
      request(SCRAPE, { onSample: () => Promise.reject(new Error('database away')) }),
      never,
    )
    await expect(unstored).rejects.toThrow('database away')
  })
})

describe('measuring once', () => {
  const measure = (source: SignalSource, page: Parameters<typeof world>[0], signal = 'error_rate') => {
    const { deps, asked } = world(page)
    return measureSignal(deps, source, { signal, windowMs: 10_000 }).then((measurement) => ({
      ...measurement,
      asked,
    }))
  }

  test('waits for the window between two scrapes, and tells the failed requests since the start', async () => {
    expect(await measure(SCRAPE, healing(5))).toMatchObject({ value: 0.05, failedRequests: 5 })
  })

  test('counts only the series that are meant', async () => {
    const page = (second: number): string =>
      `http_requests_total{code="500",job="a"} ${second}\nhttp_requests_total{code="200",job="b"} ${second}\n`
    expect(await measure({ ...SCRAPE, labels: { job: 'b' } }, page)).toMatchObject({
      value: 0,
      failedRequests: 0,
    })
  })

  test('says what is wrong with the answer of a service', async () => {
    expect(await measure(SCRAPE, () => new Response('no', { status: 503 }))).toMatchObject({
      value: null,
      error: 'http://orders/metrics answered 503',
    })
    expect(await measure(SCRAPE, () => 'http_requests_total{')).toMatchObject({
      value: null,
      error: expect.stringContaining('cannot be read') as string,
    })
    expect(await measure(SCRAPE, healing(0), 'cpu_usage')).toMatchObject({
      value: null,
      error: expect.stringContaining('cpu_usage') as string,
    })
  })

  const vector = (...values: string[]): string =>
    JSON.stringify({
      status: 'success',
      data: { resultType: 'vector', result: values.map((value) => ({ metric: {}, value: [1, value] })) },
    })

  test('asks Prometheus with the window in the query', async () => {
    const { value, asked } = await measure(PROMETHEUS, () => vector('0.25'))
    expect(value).toBe(0.25)
    expect(asked).toEqual(['http://prometheus:9090/api/v1/query?query=rate%5B10s%5D'])
  })

  test('takes one number from Prometheus and nothing else', async () => {
    expect(
      await measure(PROMETHEUS, () =>
        JSON.stringify({ status: 'success', data: { resultType: 'scalar', result: [1, '2'] } }),
      ),
    ).toMatchObject({ value: 2 })
    for (const [answer, error] of [
      [vector(), 'no value'],
      [vector('1', '2'), '2 values'],
      [vector('NaN'), 'NaN'],
      [vector('+Inf'), '+Inf'],
      [JSON.stringify({ status: 'success', data: { resultType: 'matrix', result: [] } }), 'matrix'],
      [JSON.stringify({ status: 'error', error: 'parse error' }), 'parse error'],
      ['<html>', 'something other'],
    ] as const) {
      expect(await measure(PROMETHEUS, () => answer)).toMatchObject({
        value: null,
        error: expect.stringContaining(error) as string,
      })
    }
    expect(await measure(PROMETHEUS, () => vector('1'), 'latency')).toMatchObject({
      value: null,
      error: 'there is no query for latency',
    })
  })
})
