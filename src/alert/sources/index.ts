import type { GenericMapping } from '../../base/config-alerting.ts'
import { assertNever } from '../../base/error.ts'
import type { AlertBatch } from '../model.ts'
import { readAlertmanagerWebhook, readGrafanaWebhook } from './alertmanager.ts'
import { readMapped } from './generic.ts'
import { readPostedAlerts } from './prometheus.ts'

export { readAlertmanagerWebhook } from './alertmanager.ts'

/** How a source speaks. */
export type AlertFormat =
  | { kind: 'alertmanager' }
  | { kind: 'grafana' }
  | { kind: 'prometheus'; groupBy: readonly string[] }
  | { kind: 'generic'; groupBy: readonly string[]; mapping: GenericMapping }

/** @throws AppError `input_invalid`, `unsupported` */
export function readBatch(format: AlertFormat, body: unknown, now: Date): AlertBatch {
  switch (format.kind) {
    case 'alertmanager':
      return readAlertmanagerWebhook(body)
    case 'grafana':
      return readGrafanaWebhook(body)
    case 'prometheus':
      return readPostedAlerts(body, format.groupBy, now)
    case 'generic':
      return readMapped(body, format.mapping, format.groupBy)
    default:
      return assertNever(format)
  }
}
