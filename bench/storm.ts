/**
 * A storm: alerts in groups of 20, of ten services, P3, and a critical one every so often. Says how many incidents and
 * pages that makes, how much memory, and how long the critical ones take to their first message.
 *
 *   node bench/storm.ts [alerts]
 */
import { setTimeout as delay } from 'node:timers/promises'
import path from 'node:path'
import { quantile, residentMiB, round, startServer, temporaryFolder } from './support/measure.ts'

const ALERTS = Number(process.argv[2] ?? 10_000)
const SIZE = 20
const SERVICES = 10
const CONNECTIONS = 16
const CRITICAL_EVERY = 100

const { folder, remove } = temporaryFolder('storm')
const server = await startServer(path.join(folder, 'data'))
const startsAt = new Date().toISOString()

async function post(number: number, priority: string, size: number): Promise<number> {
  const labels = { alertname: `Storm${number % 50}`, service: `s${number % SERVICES}`, priority }
  const answer = await fetch(`${server.url}/webhooks/alertmanager`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${server.webhookToken}` },
    body: JSON.stringify({
      version: '4',
      status: 'firing',
      groupKey: `g${priority}${number}`,
      groupLabels: { alertname: labels.alertname, number: `${priority}${number}` },
      alerts: Array.from({ length: size }, (_, index) => ({
        status: 'firing',
        labels: { ...labels, instance: String(index) },
        annotations: { summary: `storm ${priority} ${number}` },
        startsAt,
        fingerprint: `${priority}-${number}-${index}`,
      })),
    }),
  })
  await answer.text()
  return answer.status
}

async function list(at: string): Promise<Record<string, unknown>> {
  const answer = await fetch(`${server.url}/api/v1${at}`, {
    headers: { authorization: `Bearer ${server.token}` },
  })
  return (await answer.json()) as Record<string, unknown>
}

try {
  const began = performance.now()
  let next = 0
  let refused = 0
  const criticalMs: number[] = []
  let peakMiB = 0
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      while (next * SIZE < ALERTS) {
        const number = (next += 1)
        const isCritical = number % CRITICAL_EVERY === 0
        const posted = performance.now()
        // refused with 503: sent again, as Alertmanager does
        while ((await post(number, isCritical ? 'P1' : 'P3', SIZE)) !== 200) {
          refused += 1
          await delay(500)
        }
        if (isCritical) criticalMs.push(performance.now() - posted)
        peakMiB = Math.max(peakMiB, residentMiB(server.child.pid ?? 0))
      }
    }),
  )
  const seconds = (performance.now() - began) / 1_000
  const bySeverity: Record<string, number> = {}
  for (let cursor = ''; ;) {
    const page = await list(`/incidents?limit=200${cursor}`)
    for (const { severity } of page['incidents'] as { severity: string }[]) {
      bySeverity[severity] = (bySeverity[severity] ?? 0) + 1
    }
    if (typeof page['next'] !== 'string') break
    cursor = `&before=${encodeURIComponent(page['next'])}`
  }
  console.log(
    JSON.stringify({
      alerts: next * SIZE,
      alertsPerSecond: Math.round((next * SIZE) / seconds),
      refused,
      incidents: bySeverity,
      servicesTimesLimit: SERVICES * 20,
      criticalStoredP99Ms: round(quantile(criticalMs, 0.99)),
      peakMiB: Math.round(peakMiB),
    }),
  )
} finally {
  await server.stop()
  remove()
}
