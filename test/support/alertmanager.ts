export interface FakeAlert {
  fingerprint: string
  status: 'firing' | 'resolved'
  startsAt: string
  labels?: Record<string, string>
  annotations?: Record<string, string>
}

/** A notification of one group, in Alertmanager's own form. */
export function notification(
  name: string,
  group: string,
  alerts: readonly FakeAlert[],
  more: Record<string, unknown> = {},
): Record<string, unknown> {
  const labels = { alertname: name, service: 'desk', group }
  return {
    version: '4',
    groupKey: `{}/{service="desk"}:{alertname="${name}", group="${group}"}`,
    truncatedAlerts: 0,
    status: alerts.some((alert) => alert.status === 'firing') ? 'firing' : 'resolved',
    receiver: 'erlmcp',
    groupLabels: { alertname: name, group },
    commonLabels: labels,
    commonAnnotations: {},
    externalURL: 'http://alertmanager.example',
    alerts: alerts.map((alert) => ({
      status: alert.status,
      labels: { ...labels, ...alert.labels },
      annotations: { summary: group, ...alert.annotations },
      startsAt: alert.startsAt,
      endsAt: alert.status === 'resolved' ? new Date().toISOString() : '0001-01-01T00:00:00Z',
      generatorURL: '',
      fingerprint: alert.fingerprint,
    })),
    ...more,
  }
}
