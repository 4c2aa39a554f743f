/**
 * A storm: alerts in groups of 20, of ten services, P3, and a critical one every so often, as fast as they are taken. Says how
 * many incidents that makes, whom it pages, how much memory it takes, and how long a critical group takes to its 200 and
 * to its first page.
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

interface Incident {
  id: string
  severity: string
  service: string | null
  openedAt: string
}
interface Told {
  kind: string
  sentAt: string | null
}

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
  // the last pages leave the queue
  await delay(3_000)
  const bySeverity: Record<string, number> = {}
  const pages = new Map<string, number>()
  const firstPageMs: number[] = []
  for (let cursor = ''; ;) {
    const page = await list(`/incidents?limit=200${cursor}`)
    for (const one of page['incidents'] as Incident[]) {
      bySeverity[one.severity] = (bySeverity[one.severity] ?? 0) + 1
      const told = (await list(`/incidents/${one.id}`))['messages'] as Told[]
      const paged = told.filter((message) => message.kind === 'page')
      const place = `${one.severity} ${one.service ?? ''}`
      pages.set(place, (pages.get(place) ?? 0) + paged.length)
      const first = paged.map(({ sentAt }) => Date.parse(sentAt ?? '')).filter((at) => !Number.isNaN(at))
      if (one.severity === 'P1' && first.length > 0)
        firstPageMs.push(Math.min(...first) - Date.parse(one.openedAt))
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
      pagesOfOneServiceAtP3AtMost: Math.max(
        ...[...pages].map(([place, count]) => (place.startsWith('P3') ? count : 0)),
      ),
      criticalPaged: `${firstPageMs.length} of ${bySeverity['P1'] ?? 0}`,
      criticalFirstPageP99Ms: round(quantile(firstPageMs, 0.99)),
      criticalStoredP99Ms: round(quantile(criticalMs, 0.99)),
      peakMiB: Math.round(peakMiB),
    }),
  )
} finally {
  await server.stop()
  remove()
}
