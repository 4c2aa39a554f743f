// The orders service of the example: orders by number, health, metrics. A release is a folder with its `pricing.mjs`.
import { appendFileSync } from 'node:fs'
import { createServer } from 'node:http'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

const [home = '.', port = '0'] = process.argv.slice(2)
const release = path.join(home, 'current')
const { priceOf, VERSION } = await import(pathToFileURL(path.join(release, 'pricing.mjs')).href)

const requests = new Map()
const count = (code) => requests.set(code, (requests.get(code) ?? 0) + 1)
// so that the first error is an increase and not a new series
count(500)
requests.set(500, 0)
requests.set(200, 0)

const log = (line) => appendFileSync(path.join(home, 'orders.log'), `${new Date().toISOString()} ${line}\n`)

const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://orders')
  if (url.pathname === '/health') return reply(response, 200, { status: 'ok', version: VERSION })
  if (url.pathname === '/metrics') {
    const lines = [...requests].map(
      ([code, n]) => `http_requests_total{code="${code}",service="orders"} ${n}`,
    )
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' })
    response.end(
      `# HELP http_requests_total Requests by status.\n# TYPE http_requests_total counter\n${lines.join('\n')}\n`,
    )
    return
  }
  const number = Number(/^\/orders\/(\d+)$/.exec(url.pathname)?.[1] ?? Number.NaN)
  if (Number.isNaN(number)) return reply(response, 404, { error: 'no such page' })
  try {
    const price = priceOf(number)
    count(200)
    reply(response, 200, { order: number, price })
  } catch (error) {
    count(500)
    log(`level=error version=${VERSION} order=${number} msg="${error.message}"`)
    reply(response, 500, { error: 'internal' })
  }
})

function reply(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}

server.listen(Number(port), '127.0.0.1', () => {
  log(`level=info version=${VERSION} msg="started"`)
  process.send?.({ port: server.address().port, pid: process.pid })
})
process.on('SIGTERM', () => {
  // what is being answered is answered; connections that clients keep open do not hold the restart up
  server.close(() => process.exit(0))
  setTimeout(() => process.exit(0), 300)
})
process.on('disconnect', () => process.exit(0))
