import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { kubectl, startCluster } from '../../src/rehearsal/index.ts'
import type { SandboxCluster } from '../../src/rehearsal/index.ts'
import { SIGNAL_TABLE } from '../../src/runbook/index.ts'
import type { Signal } from '../../src/runbook/index.ts'
import { hasKubectl } from '../support/sandbox.ts'

const dataDir = mkdtempSync(path.join(tmpdir(), 'erlmcp-signals-'))
let cluster: SandboxCluster

beforeAll(async () => {
  if (hasKubectl) cluster = await startCluster({ dataDir, speed: 10 })
}, 180_000)

afterAll(async () => {
  if (hasKubectl) await cluster?.stop()
  rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 })
}, 60_000)

const WINDOW = '12s'
const SELECTOR = 'namespace="erlmcp"'

/** The worst value of a signal, by the query that pages, rules and verification share; `null` without one. */
async function measure(signal: Signal): Promise<number | null> {
  return query(`max(${SIGNAL_TABLE[signal].value(SELECTOR, WINDOW)})`)
}

async function query(text: string): Promise<number | null> {
  const url = `${cluster.serviceUrl('prometheus')}/api/v1/query?query=${encodeURIComponent(text)}`
  const response = await fetch(url, { signal: AbortSignal.timeout(10_000) }).catch(() => null)
  const body = (await response?.json()) as { data?: { result: { value: [number, string] }[] } } | undefined
  const value = Number(body?.data?.result[0]?.value[1] ?? Number.NaN)
  return Number.isFinite(value) ? value : null
}

async function until(signal: Signal, holds: (value: number) => boolean): Promise<number> {
  let last: number | null = null
  for (const end = Date.now() + 100_000; Date.now() < end;) {
    last = await measure(signal)
    if (last !== null && holds(last)) return last
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
  throw new Error(`${signal} was ${last ?? 'not measurable'} at the end`)
}

const run = async (...args: string[]): Promise<string> => {
  const environment = { PATH: process.env['PATH'] ?? '', ...cluster.environment('admin') }
  return (await kubectl(args, environment)).out
}

describe.skipIf(!hasKubectl)('what the pages wait for is measured in the sandbox', () => {
  test.each([
    ['error_rate', (value: number) => value < 0.05],
    ['latency', (value: number) => value > 0 && value < 10],
    ['memory_usage', (value: number) => value > 0.05 && value < 1],
    ['cpu_usage', (value: number) => value > 0 && value < 2],
    ['db_pool_exhausted', (value: number) => value >= 0 && value <= 1],
    ['crash_looping', (value: number) => value === 0],
    ['oom_kills', (value: number) => value === 0],
    ['database_down', (value: number) => value === 0],
    ['replicas_missing', (value: number) => value === 0],
    ['probe_failing', (value: number) => value === 0],
    ['disk_usage', (value: number) => value > 0.001 && value < 1],
  ] as const)('%s has a value while all is well', async (signal, plausible) => {
    expect(await until(signal, plausible)).not.toBeNull()
  })

  test('the usage that is measured is what kubectl top shows', async () => {
    const memory = await query('sum(container_memory_working_set_bytes{container="erlmcp"})')
    const shown = (await run('top', 'pods', '-n', 'erlmcp', '-l', 'app=erlmcp', '--no-headers'))
      .trim()
      .split('\n')
      .reduce((sum, line) => sum + Number(/(\d+)Mi/.exec(line)?.[1] ?? 0) * 2 ** 20, 0)
    expect((memory ?? 0) / shown).toBeCloseTo(1, 0)
  })

  test('an exhausted pool fails requests until a restart', async () => {
    await cluster.inject({ kind: 'pool-exhausted' })
    await until('db_pool_exhausted', (value) => value === 1)
    await until('error_rate', (value) => value > 0.5)
    await run('rollout', 'restart', 'deployment/erlmcp-tcps', '-n', 'erlmcp')
    await run('rollout', 'status', 'deployment/erlmcp-tcps', '-n', 'erlmcp', '--timeout=2m')
    await until('db_pool_exhausted', (value) => value < 1)
    await until('error_rate', (value) => value < 0.01)
  })

  test('a session that holds a lock fails requests until it is terminated', async () => {
    await cluster.inject({ kind: 'long-query' })
    await until('db_pool_exhausted', (value) => value === 1)
    await until('error_rate', (value) => value > 0.5)
    const end = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'reporting'`
    const psql = ['exec', '-n', 'erlmcp', 'postgres-pod', '--', 'psql', '-U', 'erlmcp', '-d', 'erlmcp', '-c']
    expect(await run(...psql, end)).toContain('(1 row)')
    await until('error_rate', (value) => value < 0.01)
  })
})
