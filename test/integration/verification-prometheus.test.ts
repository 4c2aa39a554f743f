import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { createServer as createSocketServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { delay } from '../../src/base/clock.ts'
import {
  measureSignal,
  verify,
  type MeasureDeps,
  type SignalSource,
  type VerifyRequest,
} from '../../src/verification/index.ts'

const PROMETHEUS = '/usr/bin/prometheus'
const RATE = 'sum(rate(http_requests_total{code=~"5.."}[$window])) / sum(rate(http_requests_total[$window]))'

const deps: MeasureDeps = { fetch: globalThis.fetch, now: () => new Date(), delay }
const never = new AbortController().signal

/** A service that counts its own requests; a part of them fails until it is healed. */
let failing = true
const counts = { ok: 0, failed: 0 }
let service: Server
let address = ''
let load: NodeJS.Timeout

const portOf = (server: { address(): unknown }): number => (server.address() as { port: number }).port

async function freePort(): Promise<number> {
  const server = createSocketServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const port = portOf(server)
  server.close()
  return port
}

beforeAll(async () => {
  service = createServer((request, response) => {
    if (request.url === '/metrics') {
      response.setHeader('content-type', 'text/plain; version=0.0.4')
      response.end(
        `# TYPE http_requests_total counter\nhttp_requests_total{code="200"} ${counts.ok}\nhttp_requests_total{code="500"} ${counts.failed}\n`,
      )
      return
    }
    if (request.url === '/endless') {
      const write = (): void => {
        while (response.writable && response.write('x'.repeat(65_536))) continue
        response.once('drain', write)
      }
      write()
      return
    }
    if (request.url === '/moved') {
      response.writeHead(302, { location: '/metrics' }).end()
      return
    }
    // everything else is never answered
  }).listen(0, '127.0.0.1')
  await once(service, 'listening')
  address = `http://127.0.0.1:${portOf(service)}`
  load = setInterval(() => {
    counts.ok += 9
    if (failing) counts.failed += 1
    else counts.ok += 1
  }, 20)
})
afterAll(async () => {
  clearInterval(load)
  service.closeAllConnections()
  await new Promise((resolve) => service.close(resolve))
})

const request = (source: SignalSource, options: Partial<VerifyRequest> = {}): VerifyRequest => ({
  condition: { comparison: '<', threshold: 0.01, forSeconds: 2 },
  source,
  signal: 'error_rate',
  sampleEveryMs: 250,
  giveUpAfterMs: 30_000,
  ...options,
})

/** Heals the service as soon as a sample shows that it is ill. */
const healing = (): Pick<VerifyRequest, 'onSample'> => {
  failing = true
  return {
    onSample: async ({ value }) => {
      if (value !== null && value > 0.05) failing = false
    },
  }
}

describe('a metrics page over HTTP', () => {
  const scrape = (route: string): SignalSource => ({ kind: 'scrape', url: `${address}${route}` })

  test('shows the recovery of a service', async () => {
    const verdict = await verify(deps, request(scrape('/metrics'), healing()), never)
    expect(verdict.verdict).toBe('passed')
    expect(verdict.samples.some(({ value }) => value !== null && value > 0.05)).toBe(true)
  })

  test.each([
    ['never answers', '/silent', 'not within 5 s'],
    ['answers without end', '/endless', 'more than 16 MiB'],
    ['sends elsewhere', '/moved', 'does not answer'],
  ])('that %s is no value', async (_, route, error) => {
    const measured = await measureSignal(deps, scrape(route), { signal: 'error_rate', windowMs: 100 })
    expect(measured).toMatchObject({ value: null, error: expect.stringContaining(error) as string })
  })

  test('of a service that is down is no value', async () => {
    const source: SignalSource = { kind: 'scrape', url: `http://127.0.0.1:${await freePort()}/metrics` }
    expect(await measureSignal(deps, source, { signal: 'error_rate', windowMs: 100 })).toMatchObject({
      value: null,
      error: expect.stringContaining('ECONNREFUSED') as string,
    })
  })
})

describe.skipIf(!existsSync(PROMETHEUS))('a real Prometheus', () => {
  let folder = ''
  let prometheus: ChildProcess
  let ended: Promise<unknown>
  let source: SignalSource & { kind: 'prometheus' }

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'erlmcp-prometheus-'))
    const config = path.join(folder, 'prometheus.yml')
    await writeFile(
      config,
      `global: { scrape_interval: 250ms }\nscrape_configs:\n  - job_name: orders\n    static_configs: [{ targets: ['127.0.0.1:${portOf(service)}'] }]\n`,
    )
    const url = `http://127.0.0.1:${await freePort()}`
    prometheus = spawn(
      PROMETHEUS,
      [
        `--config.file=${config}`,
        `--storage.tsdb.path=${path.join(folder, 'data')}`,
        `--web.listen-address=${url.slice(7)}`,
      ],
      { stdio: 'ignore' },
    )
    ended = once(prometheus, 'exit')
    source = {
      kind: 'prometheus',
      url,
      queries: { error_rate: RATE, broken: 'sum(', many: 'http_requests_total', none: 'no_such_metric' },
    }
    failing = true
    const ready = async (): Promise<boolean> =>
      (await measureSignal(deps, source, { signal: 'error_rate', windowMs: 2_000 })).value !== null
    while (!(await ready())) await delay(100)
  })
  afterAll(async () => {
    prometheus.kill('SIGKILL')
    await ended
    await rm(folder, { recursive: true, force: true })
  })

  test('shows the recovery of a service', async () => {
    const verdict = await verify(deps, request(source, { windowMs: 2_000, ...healing() }), never)
    expect(verdict.verdict).toBe('passed')
    expect(verdict.samples.some(({ value }) => value !== null && value > 0.05)).toBe(true)
  })

  test.each([
    ['broken', 'refused the query'],
    ['many', '2 values'],
    ['none', 'no value'],
  ])('gives no value for the query %s', async (signal, error) => {
    expect(await measureSignal(deps, source, { signal, windowMs: 2_000 })).toMatchObject({
      value: null,
      error: expect.stringContaining(error) as string,
    })
  })

  test('that goes away in the middle makes the verdict unknown, never passed', async () => {
    failing = false
    const verdict = await verify(
      deps,
      request(source, {
        condition: { comparison: '<', threshold: 0.01, forSeconds: 20 },
        giveUpAfterMs: 3_000,
        windowMs: 2_000,
        onSample: async () => void prometheus.kill('SIGKILL'),
      }),
      never,
    )
    expect(verdict.verdict).toBe('unknown')
  })
})
