// The program of the image `prometheus` where the real one is not installed: scrapes, and answers instant queries.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { env } from 'node:process'
import { z } from 'zod'
import { evaluate } from './promql.ts'
import { actualPort } from './port.ts'
import { parseExposition, SeriesStore } from './series.ts'
import type { Labels } from './series.ts'

const SCRAPE_MS = 2_000
const TARGETS = `${env['ROOT_DIR'] ?? ''}/prometheus/targets/pods.json`

const targets = z.array(z.object({ targets: z.array(z.string()), labels: z.record(z.string(), z.string()) }))
const store = new SeriesStore()
const health = new Map<string, { labels: Labels; up: boolean; error: string }>()

const timer = setInterval(() => void scrapeAll(), SCRAPE_MS)
const server = createServer((request, response) => void answer(request, response))
server.listen(actualPort(9090, env), env['POD_IP'] ?? '127.0.0.1', () =>
  process.stdout.write('Server is ready to receive web requests.\n'),
)
process.once('SIGTERM', () => {
  clearInterval(timer)
  server.close()
  server.closeAllConnections()
})

async function scrapeAll(): Promise<void> {
  const list = targets.safeParse(JSON.parse(readFileSync(TARGETS, 'utf8')))
  if (!list.success) return
  health.clear()
  await Promise.all(list.data.flatMap((entry) => entry.targets.map((target) => scrape(target, entry.labels))))
}

async function scrape(target: string, extra: Labels): Promise<void> {
  const labels = { job: 'erlmcp', ...extra, instance: target }
  const at = Date.now()
  try {
    const response = await fetch(`http://${target}/metrics`, { signal: AbortSignal.timeout(SCRAPE_MS) })
    for (const sample of parseExposition(await response.text()))
      store.add({ ...labels, ...sample.labels }, sample.value, at)
    store.add({ __name__: 'up', ...labels }, 1, at)
    health.set(target, { labels, up: true, error: '' })
  } catch (error) {
    store.add({ __name__: 'up', ...labels }, 0, at)
    health.set(target, { labels, up: false, error: String(error) })
  }
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://prometheus')
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  const query = new URLSearchParams(Buffer.concat(chunks).toString('utf8')).get('query') ?? url.searchParams.get('query') ?? ''
  const send = (code: number, body: unknown): void => {
    response.writeHead(code, { 'Content-Type': 'application/json' }).end(JSON.stringify(body))
  }
  if (url.pathname.startsWith('/-/')) response.writeHead(200).end('Prometheus Server is Ready.\n')
  else if (url.pathname === '/api/v1/targets') {
    const activeTargets = [...health].map(([target, { labels, up, error }]) => ({ labels, scrapeUrl: `http://${target}/metrics`, health: up ? 'up' : 'down', lastError: error }))
    send(200, { status: 'success', data: { activeTargets, droppedTargets: [] } })
  } else if (url.pathname === '/api/v1/query') {
    try {
      const now = Date.now()
      const value = evaluate(query, store, now)
      const at = now / 1_000
      const data =
        typeof value === 'number'
          ? { resultType: 'scalar', result: [at, String(value)] }
          : { resultType: 'vector', result: value.map((sample) => ({ metric: sample.labels, value: [at, String(sample.value)] })) }
      send(200, { status: 'success', data })
    } catch (error) {
      send(400, { status: 'error', errorType: 'bad_data', error: error instanceof Error ? error.message : String(error) })
    }
  } else send(404, { status: 'error', errorType: 'not_found', error: 'not found' })
} // prettier-ignore
