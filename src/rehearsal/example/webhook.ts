import { createHash } from 'node:crypto'

/** The webhook that Alertmanager would send for the example's alert, in its own form (version 4). */
export function ordersWebhook(startsAt: Date, value: number): Record<string, unknown> {
  const labels = {
    alertname: 'OrdersHighErrorRate',
    instance: 'orders-1',
    service: 'orders',
    severity: 'critical',
    priority: 'P2',
  }
  const annotations = {
    summary: 'High error rate on orders',
    description: `${(value * 100).toFixed(1)} % of the requests of orders fail (threshold 5 %)`,
    runbook_url: 'orders-on-a-host.md#orders-high-error-rate',
  }
  const fingerprint = createHash('sha256').update(JSON.stringify(labels)).digest('hex').slice(0, 16)
  return {
    version: '4',
    groupKey: '{}:{alertname="OrdersHighErrorRate", service="orders"}',
    truncatedAlerts: 0,
    status: 'firing',
    receiver: 'erlmcp',
    groupLabels: { alertname: labels.alertname, service: labels.service },
    commonLabels: labels,
    commonAnnotations: annotations,
    externalURL: 'http://alertmanager.example',
    alerts: [
      {
        status: 'firing',
        labels,
        annotations,
        startsAt: startsAt.toISOString(),
        endsAt: '0001-01-01T00:00:00Z',
        generatorURL: '',
        fingerprint,
      },
    ],
  }
}
