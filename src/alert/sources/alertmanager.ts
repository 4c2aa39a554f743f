import { z } from 'zod'
import { AppError } from '../../base/error.ts'
import { canonicalJson } from '../../base/id.ts'
import type { AlertBatch, ReceivedAlert } from '../model.ts'
import { labels, MAX_ALERTS, parseBody, time, timeOf } from './alert-list.ts'

/**
 * A notification of one group. Loose: Alertmanager 0.32 added `notification_reason`, 0.34 `routeLabels`; Grafana sends
 * the same with `values`, panel links and `version` "1".
 */
const webhookBody = z.looseObject({
  status: z.enum(['firing', 'resolved']),
  groupKey: z.string().max(65_536),
  truncatedAlerts: z.number().int().nonnegative().nullish(),
  groupLabels: labels.nullish(),
  alerts: z
    .array(
      z.looseObject({
        status: z.enum(['firing', 'resolved']),
        labels,
        annotations: labels.nullish(),
        startsAt: time,
        endsAt: time.nullish(),
        generatorURL: z.string().max(16_384).nullish(),
        fingerprint: z.string().min(1).max(128),
      }),
    )
    .max(MAX_ALERTS),
})

/**
 * Reads an Alertmanager webhook (version 4).
 * @throws AppError `unsupported` for another version, `input_invalid` for a body that does not fit.
 */
export function readAlertmanagerWebhook(body: unknown): AlertBatch {
  const version = (body as { version?: unknown } | null)?.version
  if (typeof version === 'string' && version !== '4') {
    throw new AppError(
      'unsupported',
      `the webhook is version ${JSON.stringify(version.slice(0, 40))}, not "4"`,
      { action: 'Send the webhook from Alertmanager 0.16 or newer, or update erlmcp.' },
    )
  }
  if (version === undefined) parseBody(z.looseObject({ version: z.string() }), body, WHAT, ACTION)
  return readGroup(body, WHAT, ACTION)
}

const WHAT = "Alertmanager's webhook, version 4"
const ACTION =
  'Point an Alertmanager webhook_config at this address; other senders need a source of their own.'

/** Reads a webhook of Grafana's alerting. @throws AppError `input_invalid` */
export function readGrafanaWebhook(body: unknown): AlertBatch {
  return readGroup(body, "a webhook of Grafana's alerting", 'Use a contact point of the type Webhook.')
}

function readGroup(body: unknown, what: string, action: string): AlertBatch {
  const data = parseBody(webhookBody, body, what, action)
  const groupLabels = data.groupLabels ?? {}
  const groupKey = groupIdentity(groupLabels, data.groupKey)
  const leftOut = data.truncatedAlerts ?? 0
  return {
    truncated: leftOut > 0 ? { groupKey, groupLabels, leftOut } : null,
    alerts: data.alerts.map((alert): ReceivedAlert => ({
      fingerprint: alert.fingerprint,
      status: alert.status,
      name: alert.labels['alertname'] ?? 'unnamed',
      labels: alert.labels,
      annotations: alert.annotations ?? {},
      startsAt: timeOf(alert.startsAt),
      endsAt: alert.status === 'resolved' ? timeOf(alert.endsAt) : null,
      expiresAt: null,
      generatorUrl: alert.generatorURL || null,
      groupKey,
      heldBy: null,
    })),
  }
}

/**
 * What makes two notifications of the same group. The group's labels, because Alertmanager's `groupKey` contains the
 * route's matchers and changes whenever somebody edits the route; the key itself only where a route groups by nothing.
 */
export function groupIdentity(groupLabels: Record<string, string>, groupKey: string): string {
  return Object.keys(groupLabels).length > 0 ? canonicalJson(groupLabels) : groupKey
}
