export { ingestAlerts } from './ingest.ts'
export type { AlertBatch, IngestResult, ReceivedAlert } from './model.ts'
export { readAlertmanagerWebhook } from './sources/alertmanager.ts'
