// The program of the image `otel-collector`: takes spans over OTLP/HTTP and says how many it got.
import { createServer } from 'node:http'
import { env } from 'node:process'
import { actualPort } from './port.ts'

const REPORT_MS = 5_000
let received = 0

const server = createServer((request, response) => {
  request.resume()
  request.on('end', () => {
    received += request.method === 'POST' ? 1 : 0
    response.writeHead(200, { 'Content-Type': 'application/json' }).end('{}')
  })
})
server.listen(actualPort(4318, env), env['POD_IP'] ?? '127.0.0.1', () => {
  process.stdout.write(
    `${new Date().toISOString()} info service@v0.99.0 Everything is ready. Begin running and processing data.\n`,
  )
})
const timer = setInterval(() => {
  process.stdout.write(
    `${new Date().toISOString()} info TracesExporter {"kind": "exporter", "name": "debug", "batches": ${received}}\n`,
  )
  received = 0
}, REPORT_MS)
process.once('SIGTERM', () => {
  clearInterval(timer)
  server.close()
  server.closeAllConnections()
}) // prettier-ignore
