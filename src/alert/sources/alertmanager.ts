import { z } from 'zod'
import { AppError } from '../../base/error.ts'
import { canonicalJson } from '../../base/id.ts'
import type { AlertBatch, ReceivedAlert } from '../model.ts'

const MAX_ALERTS = 20_000
const labels = z.record(z.string().max(1_024), z.string().max(65_536))
const time = z.iso.datetime({ offset: true })

/** Alertmanager's webhook body, version 4. Loose: 0.32 added `notification_reason`, 0.34 `routeLabels`. */
const webhookBody = z.looseObject({
  version: z.string(),
  groupKey: z.string().max(65_536),
  truncatedAlerts: z.number().int().nonnegative().default(0),
  status: z.enum(['firing', 'resolved']),
  receiver: z.string().max(1_024).default(''),
  groupLabels: labels.default({}),
  commonLabels: labels.default({}),
  commonAnnotations: labels.default({}),
  externalURL: z.string().max(8_192).default(''),
  alerts: z
    .array(
      z.looseObject({
        status: z.enum(['firing', 'resolved']),
        labels,
        annotations: labels.default({}),
        startsAt: time,
        endsAt: time.nullish(),
        generatorURL: z.string().max(16_384).default(''),
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
      {
        action: 'Send the webhook from Alertmanager 0.16 or newer, or update erlmcp.',
      },
    )
  }
  const parsed = webhookBody.safeParse(body)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw new AppError(
      'input_invalid',
      `the webhook does not fit Alertmanager's version 4: ${issue?.path.join('.') || 'body'}: ${issue?.message ?? 'not an object'}`,
      { action: 'Point an Alertmanager webhook_config at this address; other senders need a mapping.' },
    )
  }
  const { alerts, groupLabels, groupKey, truncatedAlerts } = parsed.data
  return {
    groupKey: groupIdentity(groupLabels, groupKey),
    truncatedAlerts,
    alerts: alerts.map((alert): ReceivedAlert => ({
      fingerprint: alert.fingerprint,
      status: alert.status,
      name: alert.labels['alertname'] ?? 'unnamed',
      labels: alert.labels,
      annotations: alert.annotations,
      startsAt: new Date(alert.startsAt),
      endsAt: alert.status === 'resolved' ? endOf(alert.endsAt ?? null) : null,
      generatorUrl: alert.generatorURL === '' ? null : alert.generatorURL,
    })),
  }
}

/**
 * What makes two notifications of the same group. The group's labels, because Alertmanager's `groupKey` contains the
 * route's matchers and changes whenever somebody edits the route; the key itself only where a route groups by nothing.
 */
function groupIdentity(groupLabels: Record<string, string>, groupKey: string): string {
  return Object.keys(groupLabels).length > 0 ? canonicalJson(groupLabels) : groupKey
}

/** Alertmanager writes year 1 for "no end". */
function endOf(value: string | null): Date | null {
  if (value === null) return null
  const date = new Date(value)
  return Number.isNaN(date.getTime()) || date.getUTCFullYear() <= 1 ? null : date
}
