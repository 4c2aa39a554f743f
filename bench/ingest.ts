/**
 * Webhook ingest, durable: alerts in batches and one by one, answered after the commit. Peer: Alertmanager (in memory)
 * taking the same alerts at /api/v2/alerts, in the same run.
 */
import { spawn } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { quantile, round, startServer, temporaryFolder } from './support/measure.ts'

const SECONDS = Number(process.argv[2] ?? 8)
const CONNECTIONS = 16
const AM_PORT = 19_093

const { folder, remove } = temporaryFolder('ingest')
let serial = 0
const labelsOf = (n: number) => ({
  alertname: `Bench${n % 50}`,
  instance: `host-${n}`,
  service: `s${n % 20}`,
})

const webhook = (size: number): string => {
  const first = serial
  serial += size
  return JSON.stringify({
    version: '4',
    groupKey: `g${first}`,
    status: 'firing',
    groupLabels: { alertname: `Bench${first % 50}` },
    alerts: Array.from({ length: size }, (_, index) => ({
      status: 'firing',
      labels: labelsOf(first + index),
      annotations: { summary: 'bench' },
      startsAt: new Date().toISOString(),
      endsAt: '0001-01-01T00:00:00Z',
      fingerprint: (first + index).toString(16).padStart(16, '0'),
    })),
  })
}
const native = (size: number): string => {
  const first = serial
  serial += size
  return JSON.stringify(
    Array.from({ length: size }, (_, index) => ({
      labels: labelsOf(first + index),
      annotations: { summary: 'bench' },
    })),
  )
}

async function load(url: string, token: string | null, size: number, body: (size: number) => string) {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  const until = performance.now() + SECONDS * 1_000
  const times: number[] = []
  let failed = 0
  const post = (text: string): Promise<void> =>
    new Promise((resolve) => {
      const started = performance.now()
      const call = request(
        url,
        {
          agent,
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(text),
            ...(token === null ? {} : { authorization: `Bearer ${token}` }),
          },
        },
        (response) => {
          response.resume()
          response.once('end', () => {
            if (response.statusCode === 200) times.push(performance.now() - started)
            else failed += 1
            resolve()
          })
        },
      )
      call.once('error', () => {
        failed += 1
        resolve()
      })
      call.end(text)
    })
  const started = performance.now()
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      while (performance.now() < until) await post(body(size))
    }),
  )
  agent.destroy()
  const seconds = (performance.now() - started) / 1_000
  return {
    alertsPerSecond: Math.round((times.length * size) / seconds),
    p99Ms: round(quantile(times, 0.99)),
    failed,
  }
}

const program = '/usr/bin/prometheus-alertmanager'
writeFileSync(path.join(folder, 'am.yml'), 'route: { receiver: none }\nreceivers: [{ name: none }]\n')
const server = await startServer(path.join(folder, 'data'))
const alertmanager = existsSync(program)
  ? spawn(
      program,
      [
        `--config.file=${path.join(folder, 'am.yml')}`,
        `--storage.path=${path.join(folder, 'am')}`,
        `--web.listen-address=127.0.0.1:${AM_PORT}`,
        '--cluster.listen-address=',
      ],
      { stdio: 'ignore' },
    )
  : null
try {
  await delay(1_500)
  for (const size of [100, 1]) {
    const ours = await load(`${server.url}/webhooks/alertmanager`, server.webhookToken, size, webhook)
    const peer =
      alertmanager === null
        ? null
        : await load(`http://127.0.0.1:${AM_PORT}/api/v2/alerts`, null, size, native)
    console.log(
      JSON.stringify({
        batch: size,
        erlmcp: ours,
        alertmanager: peer,
        ratio: peer === null ? null : round(ours.alertsPerSecond / peer.alertsPerSecond, 2),
      }),
    )
  }
} finally {
  alertmanager?.kill('SIGKILL')
  await server.stop()
  remove()
}
