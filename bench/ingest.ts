/**
 * Webhook ingest, durable: alerts in batches and one by one, answered after the commit. Peer: Debian's Alertmanager (in
 * memory) taking the same alerts at /api/v2/alerts, in the same run, taking turns. 10,000 distinct alerts go round; the
 * first time each is new, then it is a repeat, as when Prometheus or Alertmanager repeat what fires.
 *
 *   node bench/ingest.ts [seconds a measurement] [rounds]
 */
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { quantile, residentMiB, round, startServer, temporaryFolder } from './support/measure.ts'

const SECONDS = Number(process.argv[2] ?? 5)
const ROUNDS = Number(process.argv[3] ?? 2)
const ONLY = process.argv[4]
const DISTINCT = 10_000
const GROUPS = 100
const STARTED = new Date(Date.now() - 60_000).toISOString()

interface Case {
  batch: number
  connections: number
  /** Every alert is one that nobody has seen before. */
  isNew?: boolean
}
const CASES: Case[] = [
  { batch: 100, connections: 16 },
  { batch: 1, connections: 16 },
  { batch: 1, connections: 128 },
  { batch: 100, connections: 16, isNew: true },
]

/** Some 590 bytes an alert, as recorded from a real Alertmanager. */
function alertOf(number: number, series: string) {
  return {
    labels: {
      alertname: `Bench${number % GROUPS}`,
      cluster: 'lab',
      container: 'erlmcp',
      namespace: 'erlmcp',
      pod: `erlmcp-tcps-${series}-${number}`,
      service: `service-${number % 20}`,
      severity: 'P3',
    },
    annotations: {
      description: `Container erlmcp in pod erlmcp-tcps-${number} uses 91.2% of its memory limit for 3 minutes.`,
      runbook_url: 'http://127.0.0.1:8080/runbooks/high-memory',
      summary: `Memory high on pod ${number}`,
    },
    startsAt: STARTED,
    generatorURL:
      'http://127.0.0.1:9090/graph?g0.expr=container_memory_working_set_bytes%2Fcontainer_limit&g0.tab=1',
  }
}

/** Alerts of one group: the numbers of a batch are GROUPS apart. */
const numbersOf = (request: number, size: number): number[] => {
  const group = request % GROUPS
  const turn = Math.floor(request / GROUPS)
  return Array.from({ length: size }, (_, index) => group + GROUPS * (turn * size + index))
}

function webhook(request: number, size: number, series: string, isNew: boolean): string {
  const numbers = numbersOf(request, size).map((number) => (isNew ? number : number % DISTINCT))
  return JSON.stringify({
    receiver: 'erlmcp',
    status: 'firing',
    alerts: numbers.map((number) => ({
      status: 'firing',
      ...alertOf(number, series),
      endsAt: '0001-01-01T00:00:00Z',
      fingerprint: `${series}${number.toString(16)}`.padStart(16, '0'),
    })),
    groupLabels: { alertname: `Bench${request % GROUPS}` },
    commonLabels: { alertname: `Bench${request % GROUPS}`, cluster: 'lab' },
    commonAnnotations: {},
    externalURL: 'http://127.0.0.1:9093',
    version: '4',
    groupKey: `{}:{alertname="Bench${request % GROUPS}"}`,
    truncatedAlerts: 0,
  })
}

function native(request: number, size: number, series: string, isNew: boolean): string {
  const numbers = numbersOf(request, size).map((number) => (isNew ? number : number % DISTINCT))
  return JSON.stringify(numbers.map((number) => alertOf(number, series)))
}

interface Target {
  pid: number
  url: URL
  token: string | null
  body(request: number, size: number, series: string, isNew: boolean): string
}

/** Requests as they go over the wire, made before the clock runs: the client shall cost little. */
function requestsFor(target: Target, one: Case, series: string): Buffer[] {
  const count = one.isNew === true ? Math.ceil((SECONDS * 40_000) / one.batch) : DISTINCT / one.batch
  return Array.from({ length: count }, (_, number) => {
    const body = Buffer.from(target.body(number, one.batch, series, one.isNew === true))
    const head = [
      `POST ${target.url.pathname} HTTP/1.1`,
      `Host: ${target.url.host}`,
      'Content-Type: application/json',
      ...(target.token === null ? [] : [`Authorization: Bearer ${target.token}`]),
      `Content-Length: ${body.length}`,
    ]
    return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body])
  })
}

/** CPU time that a process and its descendants have used, in µs. */
function cpuMicros(root: number): number {
  const processes = readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    try {
      const fields = readFileSync(`/proc/${name}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ')
      return [
        { pid: Number(name), parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) },
      ]
    } catch {
      return []
    }
  })
  const sum = (pid: number): number =>
    processes.filter((each) => each.parent === pid).reduce((total, each) => total + sum(each.pid), 0) +
    (processes.find((each) => each.pid === pid)?.ticks ?? 0)
  return sum(root) * 10_000
}

async function load(target: Target, one: Case, series: string) {
  const requests = requestsFor(target, one, series)
  let next = 0
  const take = (): Buffer | undefined => {
    if (one.isNew === true && next >= requests.length) return undefined
    next += 1
    return requests[(next - 1) % requests.length]
  }
  // a turn over all of them first: caches, connections, first incidents
  if (one.isNew !== true) {
    await drive(target, one.connections, () => (next < requests.length ? take() : undefined))
  }
  const cpuBefore = cpuMicros(target.pid)
  const started = performance.now()
  const until = started + SECONDS * 1_000
  const { times, failed } = await drive(target, one.connections, () =>
    performance.now() < until ? take() : undefined,
  )
  const seconds = (performance.now() - started) / 1_000
  return {
    alertsPerSecond: Math.round((times.length * one.batch) / seconds),
    cpuMicrosPerAlert: round((cpuMicros(target.pid) - cpuBefore) / (times.length * one.batch)),
    p50Ms: round(quantile(times, 0.5)),
    p99Ms: round(quantile(times, 0.99)),
    failed,
  }
}

async function drive(target: Target, connections: number, take: () => Buffer | undefined) {
  const times: number[] = []
  let failed = 0
  const one = async (): Promise<void> => {
    const socket = connect(Number(target.url.port), target.url.hostname)
    socket.setNoDelay(true)
    const answers = answersOf(socket)
    for (let request = take(); request !== undefined; request = take()) {
      const began = performance.now()
      socket.write(request)
      if ((await answers.next()) === 200) times.push(performance.now() - began)
      else failed += 1
    }
    socket.destroy()
  }
  await Promise.all(Array.from({ length: connections }, one))
  return { times, failed }
}

/** Status codes of the answers on one connection, one request at a time. */
function answersOf(socket: Socket): { next(): Promise<number> } {
  let text = ''
  let wake: ((status: number) => void) | null = null
  socket.on('data', (part: Buffer) => {
    text += part.toString('latin1')
    const end = text.indexOf('\r\n\r\n')
    if (end === -1) return
    const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0)
    if (text.length < end + 4 + length) return
    const status = Number(text.slice(9, 12))
    text = text.slice(end + 4 + length)
    wake?.(status)
  })
  socket.on('error', () => wake?.(0))
  return { next: () => new Promise((resolve) => (wake = resolve)) }
}

/** Cores that others use at the moment: a number measured beside them says little. */
async function busyCores(): Promise<number> {
  const read = (): number[] =>
    (/^cpu +(.*)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1] ?? '').split(' ').map(Number)
  const before = read()
  await delay(1_000)
  const spent = read().map((value, index) => value - (before[index] ?? 0))
  const total = spent.slice(0, 8).reduce((sum, value) => sum + value, 0)
  const idle = (spent[3] ?? 0) + (spent[4] ?? 0)
  return round(((total - idle) / total) * navigator.hardwareConcurrency, 2)
}

const program = '/usr/bin/prometheus-alertmanager'
const peerPort = 20_000 + (process.pid % 20_000)
const { folder, remove } = temporaryFolder('ingest')
writeFileSync(path.join(folder, 'am.yml'), 'route: { receiver: none }\nreceivers: [{ name: none }]\n')
const server = await startServer(path.join(folder, 'data'))
const alertmanager = existsSync(program)
  ? spawn(
      program,
      [
        `--config.file=${path.join(folder, 'am.yml')}`,
        `--storage.path=${path.join(folder, 'am')}`,
        `--web.listen-address=127.0.0.1:${peerPort}`,
        '--cluster.listen-address=',
      ],
      { stdio: 'ignore' },
    )
  : null
const ours: Target = {
  pid: server.child.pid ?? 0,
  url: new URL(`${server.url}/webhooks/alertmanager`),
  token: server.webhookToken,
  body: webhook,
}
const peers: Target = {
  pid: alertmanager?.pid ?? 0,
  url: new URL(`http://127.0.0.1:${peerPort}/api/v2/alerts`),
  token: null,
  body: native,
}
try {
  await delay(1_500)
  for (const one of CASES.filter((_, index) => ONLY === undefined || index === Number(ONLY))) {
    for (let number = 1; number <= ROUNDS; number += 1) {
      const series = `${CASES.indexOf(one)}${number}`
      const busyBefore = await busyCores()
      const erlmcp = await load(ours, one, series)
      const peer = alertmanager === null ? null : await load(peers, one, series)
      console.log(
        JSON.stringify({
          ...one,
          busyBefore,
          erlmcp: { ...erlmcp, mib: Math.round(residentMiB(server.child.pid ?? 0)) },
          alertmanager:
            peer === null ? null : { ...peer, mib: Math.round(residentMiB(alertmanager?.pid ?? 0)) },
          ratio: peer === null ? null : round(erlmcp.alertsPerSecond / peer.alertsPerSecond, 2),
        }),
      )
    }
  }
} finally {
  alertmanager?.kill('SIGKILL')
  await server.stop()
  remove()
}
