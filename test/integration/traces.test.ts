import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { openDesk } from '../support/desk.ts'
import type { Desk } from '../support/desk.ts'
import { tellStory, until } from '../support/story.ts'

/** As the protocol's JSON encoding has it: what a collector refuses is refused. */
const digits = (length: number) => z.string().regex(new RegExp(`^[0-9a-f]{${length}}$`))
const nanos = z.string().regex(/^\d{19}$/)
const attribute = z.strictObject({
  key: z.string(),
  value: z.union([
    z.strictObject({ stringValue: z.string() }),
    z.strictObject({ boolValue: z.boolean() }),
    z.strictObject({ intValue: z.string().regex(/^-?\d+$/) }),
    z.strictObject({ doubleValue: z.number() }),
  ]),
})
const span = z.strictObject({
  traceId: digits(32),
  spanId: digits(16),
  parentSpanId: digits(16).optional(),
  name: z.string().min(1),
  kind: z.number().int().min(1).max(5),
  startTimeUnixNano: nanos,
  endTimeUnixNano: nanos,
  attributes: z.array(attribute),
  status: z.strictObject({ code: z.number().int().min(0).max(2), message: z.string().optional() }),
})
const traces = z.strictObject({
  resourceSpans: z.array(
    z.strictObject({
      resource: z.strictObject({ attributes: z.array(attribute) }),
      scopeSpans: z.array(
        z.strictObject({
          scope: z.strictObject({ name: z.string(), version: z.string() }),
          spans: z.array(span),
        }),
      ),
    }),
  ),
})
const metrics = z.looseObject({
  resourceMetrics: z.array(z.looseObject({ scopeMetrics: z.array(z.unknown()) })),
})

const collector = {
  refusals: 0,
  taken: [] as z.output<typeof span>[][],
  metrics: [] as unknown[],
  secret: '',
}
const server = createServer((request, response) => {
  const parts: Buffer[] = []
  request.on('data', (part: Buffer) => parts.push(part))
  request.on('end', () => {
    const body: unknown = JSON.parse(Buffer.concat(parts).toString())
    collector.secret = request.headers.authorization ?? ''
    if (request.url === '/v1/metrics') {
      collector.metrics.push(metrics.parse(body))
      response.end('{}')
      return
    }
    if (collector.refusals < 1) {
      collector.refusals += 1
      response.writeHead(503).end()
      return
    }
    const parsed = traces.parse(body)
    collector.taken.push(
      parsed.resourceSpans.flatMap((each) => each.scopeSpans.flatMap(({ spans }) => spans)),
    )
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
})

let desk: Desk
let ada: string

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const headersFile = path.join(tmpdir(), `erlmcp-headers-${process.pid}`)
  await writeFile(headersFile, 'authorization: Bearer for-the-collector\n', { mode: 0o600 })
  desk = await openDesk({
    more: {
      telemetry: {
        otlpEndpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        headersFile,
        metricsEverySeconds: 1,
      },
    },
  })
  ada = await desk.app.issueToken({ id: 'person:ada', kind: 'person', role: 'lead' })
})
afterAll(async () => {
  await desk.stop()
  server.close()
})

test('an incident that was resolved reaches the collector as one trace, once, also after a refusal', async () => {
  const story = tellStory(
    () => desk,
    () => ada,
  )
  const incident = await story.fire('DeskFailing')
  const waiting = await story.runIn(incident, 'awaiting-decision')
  const { hashes } = (waiting['options'] as { hashes: string[] }[])[1] ?? { hashes: [] }
  expect((await story.approve(ada, waiting, '2', { hashes })).status).toBe(200)
  await story.incidentIn(incident, 'resolved')
  const spans = await until('the trace', async () => {
    desk.moveClock(15_000)
    return collector.taken[0] ?? null
  })

  expect(collector.secret).toBe('Bearer for-the-collector')
  expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1)
  const roots = spans.filter(({ parentSpanId }) => parentSpanId === undefined)
  expect(roots.map(({ name }) => name)).toEqual(['incident P2'])
  const ids = new Set(spans.map(({ spanId }) => spanId))
  expect(ids.size).toBe(spans.length)
  expect(spans.every(({ parentSpanId }) => parentSpanId === undefined || ids.has(parentSpanId))).toBe(true)
  const names = spans.map(({ name }) => name.replace(/ .*/, ''))
  expect(new Set(names)).toEqual(
    new Set([
      'incident',
      'alert',
      'acknowledge',
      'run',
      'command',
      'decision',
      'verification',
      'message',
      'review',
    ]),
  )
  for (const { startTimeUnixNano, endTimeUnixNano } of spans)
    expect(BigInt(endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(startTimeUnixNano))

  desk.moveClock(120_000)
  await until('the next metrics', async () => (collector.metrics.length > 1 ? true : null))
  expect(collector.taken.length).toBe(1)
})
