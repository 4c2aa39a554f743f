import { execFileSync, spawnSync } from 'node:child_process'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import Fastify from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createMetrics } from '../../src/http/index.ts'
import { openDesk } from '../support/desk.ts'
import type { Desk } from '../support/desk.ts'

const promtool = spawnSync('promtool', ['--version']).status === 0

let desk: Desk
beforeAll(async () => {
  desk = await openDesk()
}, 120_000)
afterAll(() => desk.stop())

const scrape = async (): Promise<string> => (await fetch(`${desk.app.address()}/metrics`)).text()
const valueOf = (text: string, series: string): number =>
  Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${series} `))
      ?.split(' ')
      .at(-1),
  )

describe('/metrics', () => {
  test.skipIf(!promtool)('is what promtool accepts', async () => {
    const said = spawnSync('promtool', ['check', 'metrics'], { input: await scrape(), encoding: 'utf8' })
    expect(said.stderr + said.stdout).toBe('')
    expect(said.status).toBe(0)
  })

  test('counts requests by the template of their route, never by their path', async () => {
    const token = await desk.app.issueToken({ id: 'person:m', kind: 'person', role: 'viewer' })
    const series = 'http_requests_total{method="GET",route="/api/v1/incidents/:id",code="404"}'
    for (const id of ['INC-901', 'INC-902']) await desk.api(token, 'GET', `/incidents/${id}`)
    const text = await scrape()
    expect(valueOf(text, series)).toBe(2)
    expect(text).not.toContain('INC-901')
  })

  test('has errors at 0 before the first one, the pool, and what is open', async () => {
    const text = await scrape()
    expect(valueOf(text, 'http_requests_total{method="GET",route="none",code="500"}')).toBe(0)
    expect(valueOf(text, 'db_client_connection_limit{db_client_connection_pool_name="app"}')).toBe(12)
    expect(valueOf(text, 'erlmcp_pending_decision_age_seconds')).toBe(0)
    expect(valueOf(text, 'erlmcp_connections_limit')).toBe(1_000)
    expect(valueOf(text, 'erlmcp_metrics_read_failures_total')).toBe(0)
  })
})

test('one connection too many is told to come again, and is counted', async () => {
  const server = Fastify()
  const metrics = createMetrics({ version: '1', maxConnections: 2, read: [] })
  metrics.observe(server)
  server.get('/x', async () => 'fine')
  const address = await server.listen({ host: '127.0.0.1', port: 0 })
  const port = Number(new URL(address).port)
  const idle: Socket[] = []
  try {
    for (let each = 0; each < 2; each += 1) {
      const socket = connect(port, '127.0.0.1')
      await new Promise((resolve) => socket.once('connect', resolve))
      idle.push(socket)
    }
    const refused = await fetch(`${address}/x`)
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5'])
    expect(await refused.json()).toMatchObject({ code: 'unavailable', action: expect.any(String) })
    expect(valueOf(await metrics.text(), 'erlmcp_connections_refused_total')).toBe(1)
    idle.forEach((socket) => socket.destroy())
    await expect.poll(async () => (await fetch(`${address}/x`)).status, { timeout: 5_000 }).toBe(200)
  } finally {
    idle.forEach((socket) => socket.destroy())
    await server.close()
  }
})

test('what cannot be read leaves the rest as it is, and is counted', async () => {
  const metrics = createMetrics({
    version: '1',
    maxConnections: 2,
    read: [
      () => Promise.reject(new Error('the database is away')),
      async () => [{ name: 'erlmcp_x', help: 'X.', values: [{ labels: { a: 'say "hi"\n' }, value: 3 }] }],
    ],
  })
  const text = await metrics.text()
  expect(text).toContain('erlmcp_x{a="say \\"hi\\"\\n"} 3')
  expect(valueOf(text, 'erlmcp_metrics_read_failures_total')).toBe(1)
  expect(valueOf(await metrics.text(), 'erlmcp_metrics_read_failures_total')).toBe(2)
  if (promtool) execFileSync('promtool', ['check', 'metrics'], { input: text })
})
