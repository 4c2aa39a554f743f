import type { HotFunction } from '../base/profile.ts'
import type { MemoryReport, Vitals } from '../base/vitals.ts'
import { forTerminal } from '../base/text.ts'
import { table } from './render.ts'

type Pool = { total: number; idle: number; waiting: number; max: number; timeouts: number }

export interface Observed {
  at: string
  answeredBy: string | null
  replicas: { id: string; host: string; version: string; silent: boolean; vitals: Vitals }[]
  pool: Pool
  incidents: Record<string, number>
  runs: Record<string, number>
  queues: { messages: Record<string, number>; escalationsDue: number; decisionsWaiting: number }
  sessions: number
}

const MIB = 1_048_576
const mib = (bytes: number): string => `${(bytes / MIB).toFixed(0)} MiB`
const percent = (share: number): string => `${(share * 100).toFixed(1)} %`
const pairs = (counts: Record<string, number>): string =>
  Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ') || 'none'

/** One screen. */
export function renderObserved(seen: Observed): string {
  const replicas = seen.replicas.map(({ id, host, version, silent, vitals }) => ({
    replica: `${id === seen.answeredBy ? '* ' : '  '}${id.slice(0, 8)}`,
    host,
    version,
    state: silent ? 'SILENT' : 'up',
    up: uptime(vitals.uptimeSeconds),
    cpu: percent(vitals.cpu),
    memory: mib(vitals.rssBytes),
    heap: `${mib(vitals.heapUsedBytes)} of ${mib(vitals.heapLimitBytes)}`,
    loop: `${percent(vitals.eventLoop.utilisation)} busy, late p99 ${vitals.eventLoop.delayP99Ms.toFixed(0)} ms`,
  }))
  return [
    `erlmcp at ${seen.at}`,
    '',
    table(
      replicas,
      ['replica', 'host', 'version', 'state', 'up', 'cpu', 'memory', 'heap', 'loop'],
      'No replica has said anything yet.',
    ),
    '',
    `pool       ${poolLine(seen.pool)}`,
    `incidents  ${pairs(seen.incidents)}`,
    `runs       ${pairs(seen.runs)}`,
    `waiting    decisions ${seen.queues.decisionsWaiting}, messages ${pairs(seen.queues.messages)}, escalations due ${seen.queues.escalationsDue}`,
    `sessions   ${seen.sessions}`,
  ].join('\n')
}

const poolLine = ({ total, idle, waiting, max, timeouts }: Pool): string =>
  `${total - idle} in use, ${idle} idle, ${waiting} waiting, ${max} at most, ${timeouts} timed out`

function uptime(seconds: number): string {
  if (seconds < 120) return `${seconds} s`
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`
}

export function renderMemory(value: unknown): string {
  const report = value as MemoryReport & { replica: string }
  const { growth } = report
  return [
    `replica    ${report.replica}`,
    `resident   ${mib(report.rssBytes)}`,
    `heap       ${mib(report.heapUsedBytes)} used of ${mib(report.heapTotalBytes)}, limit ${mib(report.heapLimitBytes)}`,
    `outside    ${mib(report.externalBytes)}, of it buffers ${mib(report.arrayBuffersBytes)}`,
    growth === null
      ? 'growth     not known yet'
      : `growth     ${mib(growth.rssBytes)} resident, ${mib(growth.heapUsedBytes)} heap, over ${uptime(growth.overSeconds)}`,
    '',
    table(
      report.spaces
        .toSorted((left, right) => right.sizeBytes - left.sizeBytes)
        .map(({ name, usedBytes, sizeBytes }) => ({
          space: name,
          used: mib(usedBytes),
          size: mib(sizeBytes),
        })),
      ['space', 'used', 'size'],
      'No spaces.',
    ),
  ].join('\n')
}

export function renderHot(functions: readonly HotFunction[]): string {
  return table(
    functions.map(({ name, self, total }) => ({
      self: percent(self),
      total: percent(total),
      function: name,
    })),
    ['self', 'total', 'function'],
    'Idle: no function used the processor.',
  )
}

interface Connection {
  pid: number
  pool: string
  state: string | null
  seconds: number
  waitsFor: string | null
  blockedBy: number[]
  query: string
}

export function renderConnections(value: unknown): string {
  const { pools, connections } = value as { pools: Pool; connections: Connection[] }
  const lines = connections.map((each) => ({
    ...each,
    state: each.state ?? '',
    for: `${each.seconds} s`,
    waits: each.blockedBy.length > 0 ? `for ${each.blockedBy.join(', ')}` : (each.waitsFor ?? ''),
    query: forTerminal(each.query).slice(0, 80),
  }))
  return `${poolLine(pools)}\n\n${table(lines, ['pid', 'pool', 'state', 'for', 'waits', 'query'], 'No connections.')}`
}
