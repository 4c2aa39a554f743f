import { z } from 'zod'
import { canonicalJson } from '../../base/id.ts'
import { fingerprintOf } from '../fingerprint.ts'
import type { AlertBatch, ReceivedAlert } from '../model.ts'
import { labels, MAX_ALERTS, parseBody, time, timeOf } from './alert-list.ts'

const postedAlerts = z
  .array(
    z.looseObject({
      labels,
      annotations: labels.nullish(),
      startsAt: time.nullish(),
      endsAt: time.nullish(),
      generatorURL: z.string().max(16_384).nullish(),
    }),
  )
  .max(MAX_ALERTS)

/**
 * Reads what Prometheus posts to Alertmanager's `/api/v2/alerts`. There is no group in it, so alerts are grouped by
 * `groupBy`; an `endsAt` to come says how long the word holds, one that has passed that it is over.
 * @throws AppError `input_invalid`
 */
export function readPostedAlerts(body: unknown, groupBy: readonly string[], now: Date): AlertBatch {
  const posted = parseBody(
    postedAlerts,
    body,
    "Alertmanager's /api/v2/alerts",
    'Name erlmcp under `alerting.alertmanagers` in Prometheus, or send a list of {labels, annotations, startsAt, endsAt}.',
  )
  return { truncated: null, alerts: posted.map((alert) => postedAlert(alert, groupBy, now)) }
}

function postedAlert(
  posted: z.output<typeof postedAlerts>[number],
  groupBy: readonly string[],
  now: Date,
): ReceivedAlert {
  // an empty label is no label
  const present = Object.fromEntries(Object.entries(posted.labels).filter(([, value]) => value !== ''))
  const until = timeOf(posted.endsAt)
  const isOver = until !== null && until.getTime() <= now.getTime()
  return {
    fingerprint: fingerprintOf(present),
    status: isOver ? 'resolved' : 'firing',
    name: present['alertname'] ?? 'unnamed',
    labels: present,
    annotations: posted.annotations ?? {},
    startsAt: timeOf(posted.startsAt),
    endsAt: isOver ? until : null,
    expiresAt: isOver ? null : until,
    generatorUrl: posted.generatorURL || null,
    groupKey: groupOf(present, groupBy),
    heldBy: null,
  }
}

export function groupOf(present: Readonly<Record<string, string>>, groupBy: readonly string[]): string {
  const chosen = groupBy.flatMap((name) => {
    const value = present[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  return canonicalJson(Object.fromEntries(chosen))
}
